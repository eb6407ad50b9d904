"""The panes of a run: attention, log and configuration. A pane redraws only after its data has changed."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.render.histogram import histogram, ridges
from tmeattn.render.numbers import decimal, option_value
from tmeattn.render.summary import entropy_heads
from tmeattn.render.tables import key_values
from tmeattn.runs.event_types import Histogram
from tmeattn.spacing import evenly_spaced
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

AROUND_BARS, AROUND_HISTORY = 3, 4
"""Rows of a histogram that are not bars, and of the history by epoch that do not show an epoch each."""
LEAST_BARS, MOST_BARS = 3, 12
"""Rows of the bars of the histogram."""
LEAST_HISTORY = 4


def _is_shown(widget: Widget) -> bool:
    """Whether neither the widget nor one around it is hidden."""
    return all(node.display for node in widget.ancestors if isinstance(node, Widget)) and widget.display


class Pane(Vertical):
    """A titled part of the screen. The screen calls `show` after a change of the run if the pane is visible."""

    name_ = ""
    title = ""

    def __init__(self) -> None:
        super().__init__(id=self.name_)
        self._drawn: object = None

    def on_mount(self) -> None:
        self.border_title = self.title

    def take_focus(self) -> None:
        """Give the focus to the first widget of the pane that scrolls or has a cursor, unless one of them has it."""
        within = [widget for widget in self.query("*") if widget.focusable and _is_shown(widget)]
        if within and self.screen.focused not in within:
            within[0].focus()

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
        yield Picture()

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
        return (len(run_state.epochs), run_state.untrained is not None, self.size.height)

    def draw(self, run_state: RunState) -> None:
        self.query_one(Picture).show(self.picture(run_state))

    def picture(self, run_state: RunState) -> RenderableType:
        """The histogram of the last epoch, one row for each epoch, and the heads."""
        measured = _measured(run_state)
        if not measured:
            if run_state.epochs:
                return Text("This model has no attention weights, so it has no attention entropy.", style="dim")
            return Text("The first histogram appears before the first step.", style="dim")
        last = measured[-1]
        when = f"after epoch {last.epoch}" if last.epoch else "before training"
        title = f"Entropy {when}, mean {decimal(last.mean, 2)} nats"
        heads = entropy_heads(run_state.epochs)
        bars, rows = heights(self.size.height - 1, len(measured), _lines_of_heads(run_state))
        low, high = last.bins["low"], last.bins["high"]
        parts: list[RenderableType] = [histogram(last.bins["counts"], low, high, title=title, height=bars)]
        if len(measured) > 1:
            shown = [measured[index] for index in evenly_spaced(len(measured), rows)]
            named = [(f"epoch {one.epoch}", one.bins["counts"]) for one in shown]
            history = ridges(named, low, high, mean=[one.mean for one in shown], title="Entropy by epoch")
            parts += [Text(), history]
        if heads is not None:
            parts += [Text(), heads]
        return Group(*parts)


@dataclass(frozen=True)
class _Measured:
    """The attention entropy on the validation texts. epoch: how many were finished, 0 before training."""

    epoch: int
    mean: float | None
    bins: Histogram


def _measured(run_state: RunState) -> list[_Measured]:
    """The histograms that the run has so far: of the model before its first step, and after each epoch."""
    first = run_state.untrained
    found = [_Measured(0, first["entropy"], first["histogram"])] if first and first["histogram"] else []
    return found + [
        _Measured(epoch["epoch"], epoch["validation"]["entropy"], bins)
        for epoch in run_state.epochs
        if (bins := epoch["validation"]["histogram"]) is not None
    ]


def _lines_of_heads(run_state: RunState) -> int:
    """The lines of the entropy by head: a blank one, a title, the names of the columns with a rule, and the layers."""
    layers = run_state.epochs[-1]["validation"].get("heads") if run_state.epochs else None
    return 4 + len(layers) if layers else 0


def heights(lines: int, measured: int, heads: int) -> tuple[int, int]:
    """How the lines of the attention pane are used: rows of the bars of the histogram, and rows of the history.

    measured: the histograms that there are. heads: the lines of the entropy by head below them.
    """
    room = lines - heads - AROUND_BARS
    if measured < 2:
        return max(LEAST_BARS, min(room, MOST_BARS)), 0
    room -= AROUND_HISTORY
    least = min(measured, LEAST_HISTORY)
    bars = max(LEAST_BARS, min(room - min(measured, max(least, room // 2)), MOST_BARS))
    return bars, max(least, min(measured, room - bars))


class AboutPane(Pane):
    """The configuration of the run, its versions and the command that started it."""

    name_, title = "about", "5 About"

    def compose(self) -> ComposeResult:
        yield Picture()

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
