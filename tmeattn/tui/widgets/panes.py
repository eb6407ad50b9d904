"""The panes of a run: attention, log and configuration. A pane redraws only after its data has changed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import RichLog, Static

from tmeattn.render.console import safe
from tmeattn.render.histogram import histogram, ridges
from tmeattn.render.numbers import decimal, option_value
from tmeattn.render.summary import entropy_heads
from tmeattn.render.tables import key_values
from tmeattn.runs import control
from tmeattn.runs.event_types import EpochEvent, Histogram
from tmeattn.spacing import evenly_spaced
from tmeattn.tui.services.log_lines import LogLine
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.wording import runs as run_wording

AROUND_HISTORY = 13
"""Rows of the attention pane that do not show an epoch each."""
LEAST_HISTORY = 4
LEVELS = {"info": "", "good": "green", "warning": "yellow", "error": "bold red"}


class Pane(Vertical):
    """A titled part of the screen. The screen calls `show` after a change of the run if the pane is visible."""

    name_ = ""
    title = ""

    def __init__(self) -> None:
        super().__init__(id=self.name_)
        self._drawn: object = None

    def on_mount(self) -> None:
        self.border_title = self.title

    def show(self, run_state: RunState) -> None:
        """Redraw if the data of the pane has changed."""
        key = (self.state_of(run_state), self.size.width)
        if key != self._drawn and self.size.width:
            self._drawn = key
            self.draw(run_state)

    def state_of(self, run_state: RunState) -> object:
        """The data that the pane displays; the pane redraws when it changes."""
        return run_state.version

    def draw(self, run_state: RunState) -> None:
        raise NotImplementedError


class AttentionPane(Pane):
    """Histograms of attention entropy, of the last epoch and by epoch, and the entropy of each transformer head."""

    name_, title = "attention", "2 Attention"

    def __init__(self) -> None:
        super().__init__()
        self._told = ""

    def compose(self) -> ComposeResult:
        yield Static("", id="now", markup=False)
        yield Picture(focusable=True)

    def show(self, run_state: RunState) -> None:
        """Redraw the line of the current batch after every event, the histograms after an epoch."""
        live = run_state.last_step["entropy"] if run_state.last_step else None
        told = (
            f"current batch: mean entropy {decimal(live, 2)} nats"
            if live is not None and run_state.state == "running"
            else ""
        )
        if told != self._told:
            self._told = told
            now = self.query_one("#now", Static)
            now.display = bool(told)
            now.update(told, layout=False)
        super().show(run_state)

    def state_of(self, run_state: RunState) -> object:
        return (len(run_state.epochs), self.size.height)

    def draw(self, run_state: RunState) -> None:
        self.query_one(Picture).show(self.picture(run_state))

    def picture(self, run_state: RunState) -> RenderableType:
        """The histogram of the last epoch, one row for each epoch, and the heads."""
        measured = [
            (epoch, bins) for epoch in run_state.epochs if (bins := epoch["validation"]["histogram"]) is not None
        ]
        if not measured:
            if run_state.epochs:
                return Text("This model has no attention weights, so it has no attention entropy.", style="dim")
            return Text("The first histogram appears after the first epoch.", style="dim")
        last, bins = measured[-1]
        title = f"Entropy after epoch {last['epoch']}, mean {decimal(last['validation']['entropy'], 2)} nats"
        parts: list[RenderableType] = [histogram(bins["counts"], bins["low"], bins["high"], title=title, height=5)]
        if len(measured) > 1:
            shown = _spread(measured, max(self.size.height - AROUND_HISTORY, LEAST_HISTORY))
            rows = [(f"epoch {epoch['epoch']}", bins["counts"]) for epoch, bins in shown]
            means = [epoch["validation"]["entropy"] for epoch, _ in shown]
            history = ridges(rows, bins["low"], bins["high"], mean=means, title="Entropy by epoch")
            parts += [Text(), history]
        if (heads := entropy_heads([epoch for epoch, _ in measured])) is not None:
            parts += [Text(), heads]
        return Group(*parts)


def _spread(epochs: Sequence[tuple[EpochEvent, Histogram]], most: int) -> list[tuple[EpochEvent, Histogram]]:
    """At most `most` epochs, evenly spread, the first and the last among them."""
    return [epochs[index] for index in evenly_spaced(len(epochs), most)]


class LogPane(Pane):
    """The events of the run, the newest last, and the log of the training process if it failed."""

    name_, title = "log", "4 Log"

    def __init__(self) -> None:
        super().__init__()
        self._said, self._width, self._words = 0, 0, False

    def compose(self) -> ComposeResult:
        yield RichLog(wrap=True, markup=False, highlight=False, max_lines=1000, min_width=1)

    def state_of(self, run_state: RunState) -> object:
        return (run_state.lines_total, run_state.state)

    def draw(self, run_state: RunState) -> None:
        """Append new lines; after a change of width write all lines again, because they wrap differently."""
        log = self.query_one(RichLog)
        new = run_state.lines_total - self._said
        if log.size.width != self._width or new < 0 or self._words:
            log.clear()
            new = len(run_state.lines)
        if lines := [_logged(line) for line in list(run_state.lines)[max(len(run_state.lines) - new, 0) :]]:
            log.write(Text("\n").join(lines))  # at once: 1,000 calls would take three times as long
        self._said, self._width = run_state.lines_total, log.size.width
        self._words = run_state.state in ("failed", "crashed", "created")
        for words in control.log_tail(run_state.run) if self._words else ():
            log.write(Text(f"          {safe(words)}", style="dim"))


def _logged(line: LogLine) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(line.time)) if line.time else "        "
    return Text.assemble((f"{clock}  ", "dim"), (safe(line.text), LEVELS[line.level]))


class AboutPane(Pane):
    """The configuration of the run, its versions and the command that started it."""

    name_, title = "about", "5 About"

    def compose(self) -> ComposeResult:
        yield Picture(focusable=True)

    def state_of(self, run_state: RunState) -> object:
        return (run_state.run.id, run_state.name)

    def draw(self, run_state: RunState) -> None:
        run = run_state.run
        options = {**run.config["model_options"], **run.config["train"]}
        facts = [
            ("run", run.id),
            ("directory", str(run.path)),
            ("command", run_wording.command(run)),
            *((name, str(value)) for name, value in run.info.get("versions", {}).items()),
        ]
        table = key_values(
            [(key.replace("_", "-"), option_value(value)) for key, value in options.items() if value is not None]
        )
        self.query_one(Picture).show(Group(key_values(facts), Text("\nConfiguration", style="bold"), table))
