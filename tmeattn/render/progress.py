"""The display of a running training: a live bar on a terminal, plain lines in a log."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe, safe_line, stderr_console
from tmeattn.render.histogram import sparkline
from tmeattn.render.layout import SIDE_BY_SIDE_COLUMNS, SideBySide
from tmeattn.render.numbers import MISSING, count, decimal, finite, percent, seconds
from tmeattn.render.palette import BLUE, foreground
from tmeattn.render.summary import entropy_histogram

if TYPE_CHECKING:
    from types import TracebackType

    from tmeattn.runs.event_types import (
        EpochEvent,
        EpochPart,
        Event,
        FailedEvent,
        FinishedEvent,
        ResumedEvent,
        StartedEvent,
        StepEvent,
        StoppedEvent,
        WarningEvent,
    )

_REDRAW_SECONDS = 0.25
_PLAIN_LINE_SECONDS = 30.0
_SPARK_WIDTH = 10
_HISTOGRAM_HEIGHT = 4  # rows; 7 lines with the title and the axis
_LEAST_SCREEN = 20  # rows; on a smaller screen the histogram would push the lines of the epochs off the screen


class TrainingProgress:
    """A listener that shows the events of a training on standard error; use it as a context manager.

    On a terminal: one permanent line for each epoch, a live bar below them, and a histogram of the attention entropy in
    the last epoch. Elsewhere: one line for each epoch, and one every half minute within long epochs. The display is
    redrawn at most four times a second, in the caller's thread, so that it costs little training time. A "failed" or
    "stopped" event only ends the display; the caller reports it. Where standard error can no longer be written (its
    reader has ended, its terminal has gone, its disk is full), training goes on without the display.
    """

    def __init__(self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or stderr_console()
        self._clock = clock
        self._live: Live | None = None
        self._epochs = self._steps_per_epoch = 0  # planned
        self._epoch = self._step = 0  # reached
        self._first_step = 0
        self._measured: StepEvent | None = None
        self._entropy: _EntropyHistograms | None = None
        self._began = self._drawn = clock()
        self._has_heading = False
        self._is_lost = False

    def __enter__(self) -> TrainingProgress:
        with self._outlived():
            self._open()
        return self

    def _open(self) -> None:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            # Standard output holds data and must not be redirected into the live display on standard error.
            self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, transient=True)
            self._live.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._outlived():
            self._close()

    def narrate(self, line: str) -> None:
        """Print a line about the preparation."""
        with self._outlived():
            self._console.print(safe_line(line))

    @contextlib.contextmanager
    def _outlived(self) -> Iterator[None]:
        """Give up the display, not the training, where it cannot be written. A signal during a write makes Python raise
        a RuntimeError in the write of its handler."""
        try:
            yield
        except RuntimeError:
            pass
        except (OSError, ValueError, SystemExit):
            self._is_lost, live, self._live = True, self._live, None
            if live is not None:
                with contextlib.suppress(OSError, ValueError, SystemExit):
                    live.stop()

    def __call__(self, event: Event) -> None:
        if not self._is_lost:
            with self._outlived():
                self._show(event)

    def _show(self, event: Event) -> None:
        """Show one event; other kinds of events are ignored."""
        handler = getattr(self, f"_on_{event.get('kind')}", None)
        if handler is not None:
            handler(event)

    def _on_started(self, event: StartedEvent) -> None:
        self._epochs = event.get("epochs") or 0
        self._steps_per_epoch = event.get("steps_per_epoch") or 0
        self._began = self._drawn = self._clock()
        self._entropy, self._measured = None, None
        parts = [
            counted(event["parameters"], "parameter") if event.get("parameters") is not None else "",
            counted(event["train_texts"], "training text") if event.get("train_texts") is not None else "",
            counted(event["validation_texts"], "validation text") if event.get("validation_texts") is not None else "",
            event.get("device") or "",
            f"{event['processes']} processes" if event.get("processes", 1) > 1 else "",
            counted(event["threads"], "thread") if event.get("threads") else "",
        ]
        what = f"Training {event.get('model', 'a model')} (run {event.get('run', '?')}): "
        self._print_line(what + ", ".join(part for part in parts if part))
        self._epoch, self._step = 1, 0
        self._draw()

    def _on_resumed(self, event: ResumedEvent) -> None:
        self._epochs = event.get("epochs") or self._epochs
        self._steps_per_epoch = event.get("steps_per_epoch") or self._steps_per_epoch
        self._began = self._drawn = self._clock()
        self._first_step = self._step = event["step"]
        self._epoch, self._measured = event["epoch"] + 1, None
        self._print_line(f"Resumed after step {count(self._step)}, in epoch {self._epoch} of {self._epochs}.")
        self._draw()

    def _on_step(self, event: StepEvent) -> None:
        self._measured = event
        self._epoch, self._step = event.get("epoch", self._epoch), event.get("step", self._step)
        now = self._clock()
        if now - self._drawn < (_REDRAW_SECONDS if self._live else _PLAIN_LINE_SECONDS):
            return
        self._drawn = now
        if self._live:
            self._draw()
        else:
            self._print_line(f"  {self._position()}: {self._measures()}, ETA {self._remaining()}")

    def _on_epoch(self, event: EpochEvent) -> None:
        self._drawn = self._clock()
        if not self._live:
            self._print_line(self._epoch_sentence(event))
            return
        self._entropy = _EntropyHistograms(event)
        finished = event.get("epoch", 0)
        self._step, self._epoch = event.get("step", self._step), min(finished + 1, max(self._epochs, finished))
        with self._console:  # the line and the histogram are written together
            if not self._has_heading:
                self._has_heading = True
                heading = f"{'epoch':>9}  {'train loss':>10} {'acc.':>7}  {'val. loss':>9} {'acc.':>7}"
                heading += "" if _part(event, "validation").get("entropy") is None else "  attention entropy"
                self._print(Text(heading, style="dim"))
            self._print(self._epoch_line(event))
            self._draw()

    def _on_warning(self, event: WarningEvent) -> None:
        self._print(Text(f"Warning: {safe(event.get('message', ''))}", style="yellow"), wrap=True)

    def _on_stopped(self, event: StoppedEvent) -> None:
        self._close()

    def _on_finished(self, event: FinishedEvent) -> None:
        self._close()
        early = " (early stopping: the validation accuracy no longer rose)" if event.get("reason") == "patience" else ""
        best = f"best epoch {event.get('best_epoch', '?')}, validation accuracy {percent(event.get('best_accuracy'))}"
        self._print_line(f"Finished in {seconds(event.get('seconds'))}{early}; {best}.")

    def _on_failed(self, event: FailedEvent) -> None:
        self._close()

    def _draw(self) -> None:
        if self._live:
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Group:
        """The bar of the whole run, a line with the measures of the last steps, and the histogram of the last epoch."""
        bar = Table.grid(padding=(0, 1), expand=True)
        bar.add_column(no_wrap=True)
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True, justify="right")
        bar.add_row(Text(self._position(), style="bold"), self._bar(), f"ETA {self._remaining()}")
        measures = Text(self._measures(), style="dim", no_wrap=True, overflow="ellipsis")
        return Group(bar, measures, *([self._entropy] if self._entropy else []))

    def _bar(self) -> ProgressBar:
        return ProgressBar(total=max(self._epochs * self._steps_per_epoch, 1), completed=self._step)

    def _position(self) -> str:
        return f"epoch {self._epoch}/{self._epochs}"

    def _measures(self) -> str:
        """ "step 180, loss 0.400, train acc. 80.0 %, entropy 3.20, 45,000 tokens/s, lr 0.0018" """
        parts = [f"step {count(self._step)}"]
        if (event := self._measured) is not None and "loss" in event:
            parts += [f"loss {decimal(_loss(event))}", f"train acc. {percent(event.get('accuracy'))}"]
            if event.get("entropy") is not None:
                parts.append(f"entropy {decimal(event['entropy'], 2)}")
            if finite(event.get("tokens_per_second")) is not None:
                parts.append(f"{count(event['tokens_per_second'])} tokens/s")
            if (rate := finite(event.get("learning_rate"))) is not None:
                parts.append(f"lr {rate:.2g}")
        return ", ".join(parts)

    def _remaining(self) -> str:
        """The remaining time at the pace of the steps done by this process."""
        done, remaining = self._step - self._first_step, self._epochs * self._steps_per_epoch - self._step
        return seconds((self._clock() - self._began) / done * max(0, remaining)) if done > 0 else MISSING

    def _epoch_line(self, event: EpochEvent) -> Text:
        train, validation = _part(event, "train"), _part(event, "validation")
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{event.get('epoch', '?')}/{self._epochs}".rjust(9), style="bold")
        line.append(f"  {decimal(_loss(train)):>10} {percent(train.get('accuracy')):>7}")
        line.append(f"  {decimal(_loss(validation)):>9} ")
        line.append(f"{percent(validation.get('accuracy')):>7}", style="bold" if event.get("best") else "")
        if (entropy := validation.get("entropy")) is not None:
            line.append(f"  {decimal(entropy, 2)} ")
            line.append(_spark(validation).ljust(_SPARK_WIDTH), style=foreground(BLUE))
        line.append(f"  {seconds(event.get('seconds')):>11}", style="dim")
        line.append(" ★" if event.get("best") else "", style="yellow")
        return line

    def _epoch_sentence(self, event: EpochEvent) -> str:
        train, validation = _part(event, "train"), _part(event, "validation")
        parts = [
            f"train loss {decimal(_loss(train))}, accuracy {percent(train.get('accuracy'))}",
            f"validation loss {decimal(_loss(validation))}, accuracy {percent(validation.get('accuracy'))}",
        ]
        if (entropy := validation.get("entropy")) is not None:
            parts.append(f"attention entropy {decimal(entropy, 2)} nats")
        parts.append(seconds(event.get("seconds")))
        best = "; best" if event.get("best") else ""
        return f"epoch {event.get('epoch', '?')}/{self._epochs}: {'; '.join(parts)}{best}"

    def _print_line(self, line: str) -> None:
        self._print(Text(safe_line(line)), wrap=True)

    def _print(self, line: Text, *, wrap: bool = False) -> None:
        # A log keeps whole lines, however long; only a screen wraps or truncates them.
        self._console.print(line, soft_wrap=not self._console.is_terminal, no_wrap=not wrap)

    def _close(self) -> None:
        if self._live:
            self._live.stop()
            self._live = None


@dataclass
class _EntropyHistograms:
    """The attention entropy of an epoch on the validation texts; on a wide console also of the training texts.

    It draws nothing without attention, or on a screen of fewer than 20 rows. The size is read at every redraw, because
    the terminal can be resized. The lines are made anew only for another width, because redraws cost training time.
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
        """The histograms with titles that fit half of a wide console; None without a validation histogram."""
        what, epoch = "Entropy" if wide else "Attention entropy", f"epoch {self.event.get('epoch', '?')}"
        train, validation = (
            entropy_histogram(_part(self.event, split), f"{what} {when}", height=_HISTOGRAM_HEIGHT)
            for split, when in (("train", f"in {epoch}, training"), ("validation", f"after {epoch}, validation"))
        )
        return SideBySide(train, validation) if wide and train and validation else validation


def _part(event: EpochEvent, split: str) -> EpochPart:
    return event.get("train", {}) if split == "train" else event.get("validation", {})


def _loss(measures: StepEvent | EpochPart) -> float | None:
    """The cross-entropy, which is comparable over epochs: the penalty rises with alpha and would hide its fall."""
    return measures.get("cross_entropy", measures.get("loss"))


def _spark(part: EpochPart) -> str:
    bins = part.get("histogram")
    counts = [float(value) for value in (bins.get("counts") if bins else None) or () if math.isfinite(value)]
    return sparkline(counts, _SPARK_WIDTH) if counts else ""
