"""The log of a run: its events, the output of a process that failed in one line, and a search."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.runs import control
from tmeattn.tui.widgets.log_view import LogView
from tmeattn.tui.widgets.panes import Pane
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.log_lines import LogLine
from tmeattn.watching.run_state import RunState

LEVELS = {"info": "", "good": "green", "warning": "yellow", "error": "bold red"}
MOST_OUTPUT = 200
"""Lines of output of the training process that are shown, the last ones."""
BEFORE = " " * 10
"""As wide as the time before the text of an event."""


class LogPane(Pane):
    """The events, the newest last. The output of a process that failed is one line until the user opens it."""

    name_, title = "log", "4 Log"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close_search", show=False),
        Binding("down", "match(1)", show=False),
        Binding("up", "match(-1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.folded = True
        self._events: list[Text] = []
        self._said = 0
        self._end: list[Text] = []
        self._output: list[str] = []
        self._failed = False

    def compose(self) -> ComposeResult:
        yield LogView(indent=len(BEFORE))
        yield Horizontal(
            Input(id="log-search", compact=True, placeholder="search the log; enter and the arrows go to the next"),
            Static("", id="log-matches", markup=False),
            id="log-line",
        )

    @property
    def log_view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def searching(self) -> bool:
        return self.has_class("-search")

    def state_of(self, run_state: RunState) -> object:
        return (run_state.lines_total, run_state.state, self.folded)

    def draw(self, run_state: RunState) -> None:
        """Show the new events, and the last output of a process that failed or has not begun."""
        new = run_state.lines_total - self._said
        if new < 0 or new >= len(run_state.lines):
            self._events, new = [], len(run_state.lines)
        lines = list(run_state.lines)
        self._events += [_logged(line) for line in lines[len(lines) - new :]]
        self._events = self._events[-len(lines) :] if lines else []
        self._said = run_state.lines_total
        self._end = (
            [Text(f"{BEFORE}{run_wording.why(run_state)}", LEVELS["error"])] if run_state.state == "crashed" else []
        )
        self._failed = run_state.state in ("failed", "crashed")
        self._output = control.log_tail(run_state.run, MOST_OUTPUT) if self._failed else []
        if run_state.state == "created":
            self._output = control.log_tail(run_state.run)
        self._show()

    def _show(self) -> None:
        shown = [Text(f"{BEFORE}{safe(line)}", style="dim") for line in self._output]
        if self._failed and shown:
            sign, does = ("▸", "shows it") if self.folded else ("▾", "hides it")
            lines = counted(len(shown), "line")
            fold = Text(f"{BEFORE}{sign} output of the training process, {lines}; enter {does}", style="bold")
            shown = [fold] if self.folded else [fold, *shown]
        self.log_view.show([*self._events, *self._end, *shown])
        self._show_matches()

    # ---- output

    def fold(self) -> None:
        """Show the output of a process that failed, or hide it."""
        if self._failed:
            self.folded = not self.folded
            self._show()

    @on(LogView.Pressed)
    def pressed(self, event: LogView.Pressed) -> None:
        if event.entry == len(self._events) + len(self._end):
            self.fold()

    # ---- search

    def search(self) -> None:
        """Open the search field. The output of a process that failed is searched too."""
        if self._failed and self.folded:
            self.fold()
        self.add_class("-search")
        self.query_one(Input).focus()

    @on(Input.Changed)
    def search_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.log_view.search(event.value)
        self._show_matches()

    @on(Input.Submitted)
    def next_match(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_match(-1)

    def _show_matches(self) -> None:
        view = self.log_view
        words = f"{view.here + 1} of {len(view.found)}" if view.found else "none found"
        self.query_one("#log-matches", Static).update(words if view.needle else "")

    def action_match(self, by: int) -> None:
        self.log_view.step(by)
        self._show_matches()

    def action_close_search(self) -> None:
        """Close the search, so that the log shows its lines without marks."""
        self.query_one(Input).value = ""
        self.remove_class("-search")
        self.log_view.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Arrows go from match to match only in the search field; escape closes only an open search."""
        if action == "match":
            return self.query_one(Input).has_focus
        return action != "close_search" or self.searching


def _logged(line: LogLine) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(line.time)) if line.time else "        "
    return Text.assemble((f"{clock}  ", "dim"), (safe(line.text), LEVELS[line.level]))
