"""What a person sees while a model trains: a live bar on a terminal, plain lines in a log."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tmeattn.render.console import safe, stderr_console
from tmeattn.render.histogram import sparkline
from tmeattn.render.layout import SIDE_BY_SIDE_COLUMNS, SideBySide
from tmeattn.render.numbers import MISSING, count, decimal, finite, percent, seconds
from tmeattn.render.summary import entropy_histogram

if TYPE_CHECKING:
    from types import TracebackType

    from tmeattn.runs.event_types import (
        EpochEvent,
        Event,
        FailedEvent,
        FinishedEvent,
        ResumedEvent,
        StartedEvent,
        StepEvent,
        StoppedEvent,
        WarningEvent,
    )

_Fields = Mapping[str, Any]

_REDRAW_SECONDS = 0.25
_PLAIN_LINE_SECONDS = 30.0
_SPARK_WIDTH = 10
_HISTOGRAM_HEIGHT = 4  # with title and axis, 7 lines
_LEAST_SCREEN = 20  # rows: the histogram may not push what the run has said so far off the screen


class TrainingProgress:
    """Listener for training events that narrates a run on stderr; use it as a context manager.

    On a terminal: a live bar, above it one lasting line an epoch, beneath it a histogram of the attention entropy in
    the epoch just ended. Elsewhere: one line an epoch, and one every half minute within long epochs. It redraws at most
    four times a second, within the caller's thread, so that it takes no time from training. A "failed" or "stopped"
    event only ends the display: what to say of it is the caller's.
    """

    def __init__(self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or stderr_console()
        self._clock = clock
        self._live: Live | None = None
        self._steps_per_epoch = 0
        self._epochs = 0
        self._step: _Fields = {}
        self._first_step = 0
        self._spread: _Spread | None = None
        self._began = self._drawn = clock()
        self._headed = False

    def __enter__(self) -> TrainingProgress:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            # stdout is data: it must not be turned into the live display on stderr.
            self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __call__(self, event: Event) -> None:
        """Show one event; kinds that are not known are left to others."""
        handler = getattr(self, f"_on_{event.get('kind')}", None)
        if handler is not None:
            handler(event)

    def _on_started(self, event: StartedEvent) -> None:
        self._epochs = int(event.get("epochs") or 0)
        self._steps_per_epoch = int(event.get("steps_per_epoch") or 0)
        self._began = self._drawn = self._clock()
        self._spread = None
        parts = [
            f"{count(event['parameters'])} parameters" if event.get("parameters") is not None else "",
            f"{count(event['train_texts'])} training texts" if event.get("train_texts") is not None else "",
            f"{count(event['validation_texts'])} validation texts" if event.get("validation_texts") is not None else "",
            str(event.get("device") or ""),
            f"{event['threads']} thread{'s' if event['threads'] != 1 else ''}" if event.get("threads") else "",
        ]
        what = f"Training {event.get('model', 'a model')} (run {event.get('run', '?')}): "
        self._say(what + ", ".join(part for part in parts if part))
        self._step = {"epoch": 1, "step": 0}
        self._draw()

    def _on_resumed(self, event: ResumedEvent) -> None:
        self._first_step = int(event.get("step") or 0)
        self._epochs = int(event.get("epochs") or self._epochs)
        self._steps_per_epoch = int(event.get("steps_per_epoch") or self._steps_per_epoch)
        self._began = self._drawn = self._clock()
        self._step = {"epoch": int(event.get("epoch") or 0) + 1, "step": self._first_step}
        self._say(f"Resumed after step {count(self._first_step)}, in epoch {self._step['epoch']} of {self._epochs}.")
        self._draw()

    def _on_step(self, event: StepEvent) -> None:
        self._step = event
        now = self._clock()
        if now - self._drawn < (_REDRAW_SECONDS if self._live else _PLAIN_LINE_SECONDS):
            return
        self._drawn = now
        if self._live:
            self._draw()
        else:
            self._say(f"  {self._where()}: {self._numbers(event)}, {self._left()} left")

    def _on_epoch(self, event: EpochEvent) -> None:
        self._drawn = self._clock()
        if not self._live:
            self._say(self._sentence(event))
            return
        self._spread = _Spread(event)
        number = int(event.get("epoch") or 0)
        self._step = {**self._step, "step": event.get("step"), "epoch": min(number + 1, max(self._epochs, number))}
        with self._console:  # line and histogram reach the screen in one go
            if not self._headed:
                self._headed = True
                heading = f"{'epoch':>9}  {'train loss':>10} {'acc.':>7}  {'val. loss':>9} {'acc.':>7}"
                heading += "" if _part(event, "validation").get("entropy") is None else "  entropy of attention"
                self._print(Text(heading, style="dim"))
            self._print(self._epoch_line(event))
            self._draw()

    def _on_warning(self, event: WarningEvent) -> None:
        self._print(Text(f"Warning: {safe(str(event.get('message', '')))}", style="yellow"), wrap=True)

    def _on_stopped(self, event: StoppedEvent) -> None:
        self._close()

    def _on_finished(self, event: FinishedEvent) -> None:
        self._close()
        early = ": validation accuracy rose no more" if event.get("reason") == "patience" else ""
        best = f"best epoch {event.get('best_epoch', '?')}, validation accuracy {percent(event.get('best_accuracy'))}"
        self._say(f"Finished in {seconds(event.get('seconds'))}{early}; {best}.")

    def _on_failed(self, event: FailedEvent) -> None:
        self._close()

    def _draw(self) -> None:
        if self._live:
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        """The bar of the whole run, a line with the numbers of the current step, and the epoch's histogram."""
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True, justify="right")
        total = self._epochs * self._steps_per_epoch
        done = int(self._step.get("step") or 0)
        where = Text(self._where(), style="bold")
        bar.add_row(where, ProgressBar(total=max(total, 1), completed=done), f"{self._left()} left")
        numbers = Text(self._numbers(self._step), style="dim", no_wrap=True, overflow="ellipsis")
        return Group(bar, numbers, *([self._spread] if self._spread else []))

    def _where(self) -> str:
        return f"epoch {self._step.get('epoch', '?')}/{self._epochs}"

    def _numbers(self, event: _Fields) -> str:
        if "loss" not in event:
            return f"step {count(event.get('step'))}"
        parts = [f"step {count(event.get('step'))}", f"loss {decimal(_loss(event))}"]
        parts.append(f"train acc. {percent(event.get('accuracy'))}")
        if event.get("entropy") is not None:
            parts.append(f"entropy {decimal(event['entropy'], 2)}")
        if finite(event.get("tokens_per_second")) is not None:
            parts.append(f"{count(event['tokens_per_second'])} tokens/s")
        return ", ".join(parts)

    def _left(self) -> str:
        """Time to go at the pace of the steps done by this process."""
        step = int(self._step.get("step") or 0)
        done, todo = step - self._first_step, self._epochs * self._steps_per_epoch - step
        return seconds((self._clock() - self._began) / done * max(0, todo)) if done > 0 else MISSING

    def _epoch_line(self, event: EpochEvent) -> Text:
        train, validation = _part(event, "train"), _part(event, "validation")
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{event.get('epoch', '?')}/{self._epochs}".rjust(9), style="bold")
        line.append(f"  {decimal(_loss(train)):>10} {percent(train.get('accuracy')):>7}")
        line.append(f"  {decimal(_loss(validation)):>9} ")
        line.append(f"{percent(validation.get('accuracy')):>7}", style="bold" if event.get("best") else "")
        if validation.get("entropy") is not None:
            line.append(f"  {decimal(validation['entropy'], 2)} ")
            line.append(_spark(validation).ljust(_SPARK_WIDTH), style="blue")
        line.append(f"  {seconds(event.get('seconds')):>11}", style="dim")
        line.append(" ★" if event.get("best") else "", style="yellow")
        return line

    def _sentence(self, event: EpochEvent) -> str:
        train, validation = _part(event, "train"), _part(event, "validation")
        parts = [
            f"train loss {decimal(_loss(train))}, accuracy {percent(train.get('accuracy'))}",
            f"validation loss {decimal(_loss(validation))}, accuracy {percent(validation.get('accuracy'))}",
        ]
        if validation.get("entropy") is not None:
            parts.append(f"entropy {decimal(validation['entropy'], 2)} nats")
        parts.append(seconds(event.get("seconds")))
        return (
            f"epoch {event.get('epoch', '?')}/{self._epochs}: {'; '.join(parts)}{'; best' if event.get('best') else ''}"
        )

    def _say(self, line: str) -> None:
        self._print(Text(safe(line)), wrap=True)

    def _print(self, line: Text, *, wrap: bool = False) -> None:
        # A log keeps whole lines, however long; only a screen is wrapped or cut.
        self._console.print(line, soft_wrap=not self._console.is_terminal, no_wrap=not wrap)

    def _close(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None


@dataclass
class _Spread:
    """The attention entropy of an epoch: on the validation texts, on a wide console beside that in training.

    Nothing without attention, or on a screen of fewer than 20 rows. Asked anew at every redraw, since a person may
    resize the terminal; drawn anew only for another width, since redraws take time from training.
    """

    event: EpochEvent
    _lines: dict[int, list[list[Segment]]] = field(default_factory=dict)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.size.height < _LEAST_SCREEN:
            return
        width = options.max_width
        if width not in self._lines:
            picture = self._picture(wide=width >= SIDE_BY_SIDE_COLUMNS)
            self._lines = {width: console.render_lines(picture, options, pad=False) if picture else []}
        for line in self._lines[width]:
            yield from line
            yield Segment.line()

    def _picture(self, *, wide: bool) -> RenderableType | None:
        """Nothing where there is no validation histogram; titles that fit half of a wide console."""
        what, epoch = "Entropy" if wide else "Attention entropy", f"epoch {self.event.get('epoch', '?')}"
        train, validation = (
            entropy_histogram(_part(self.event, name), f"{what} {when}", height=_HISTOGRAM_HEIGHT)
            for name, when in (("train", f"in {epoch}, training"), ("validation", f"after {epoch}, validation"))
        )
        return SideBySide(train, validation) if wide and train and validation else validation


def _loss(part: _Fields) -> float | None:
    """Cross-entropy, which can be compared over epochs: the penalty rises with alpha and would hide its fall."""
    value: float | None = part.get("cross_entropy", part.get("loss"))
    return value


def _part(event: EpochEvent, name: str) -> _Fields:
    part = event.get(name)
    return part if isinstance(part, Mapping) else {}


def _spark(part: _Fields) -> str:
    histogram = part.get("histogram") or {}
    counts = [float(value) for value in histogram.get("counts") or () if math.isfinite(value)]
    return sparkline(counts, _SPARK_WIDTH) if counts else ""
