"""One run, live. The screen reads the files of the run, so any process on any machine can train it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.errors import BadInput
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.runs import control
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import keys
from tmeattn.tui.messages import (
    GoBack,
    OpenExplain,
    OpenNewRun,
    RunChanged,
    SaveCheckpoint,
    ShowProblem,
)
from tmeattn.tui.screens.chart_actions import ChartActions
from tmeattn.tui.screens.export_dialog import export_as
from tmeattn.tui.screens.paned import PanedScreen
from tmeattn.tui.screens.run_actions import RunActions
from tmeattn.tui.screens.watch_dialog import WatchDialog
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.curves import CurvesPane
from tmeattn.tui.widgets.log_pane import LogPane
from tmeattn.tui.widgets.panes import AboutPane, AttentionPane, Pane
from tmeattn.tui.widgets.run_header import RunHeader
from tmeattn.tui.widgets.scroll_pane import ScrollPane
from tmeattn.tui.widgets.tab_line import TabLine
from tmeattn.tui.widgets.watch_list import WatchedTextView, WatchPane
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

EVERY = 1.0
"""Seconds between two checks of the files, and so between two redraws."""
PATIENCE = 3.0
"""Seconds after which a training that starts tells how long it takes."""
CATCHING_UP = 0.002
"""Seconds until the next look while a long log is still being read."""


class RunScreen(PanedScreen, RunActions, ChartActions):
    """All panes on a large screen, one of them on a small one.

    others: runs whose curves are drawn over those of `run`.
    """

    place = "run"
    BINDINGS: ClassVar = keys.bindings("run")
    PANES: ClassVar = {
        "curves": "1 Curves",
        "attention": "2 Attention",
        "watch": "3 Watch list",
        "log": "4 Log",
        "about": "5 About",
    }

    def __init__(self, session: Session, run: RunDirectory, others: Sequence[RunDirectory] = ()) -> None:
        super().__init__(session, "curves")
        self.run = run
        self.run_state = RunState(run)
        self.others = [RunState(other) for other in others]
        self.exists = False
        self._opened = time.monotonic()

    def body(self) -> Iterable[Widget]:
        curves, attention, watch, log, about = CurvesPane(), AttentionPane(), WatchPane(), LogPane(), AboutPane()
        curves.others = self.others
        middle = Horizontal(attention, watch, id="middle")
        self.set_class(self._has_room, "-all", update=False)
        self._choose((curves, attention, watch, log, about), middle)
        yield RunHeader()
        yield self.tabs
        yield Vertical(curves, middle, log, about, id="panes")
        yield ScrollPane(Static("", id="waiting", markup=False), id="starting")

    def on_mount(self) -> None:
        self.session.opened_run = self.run
        self.set_interval(EVERY, self._tick)
        self.query_one(f"#{self.pane}", Pane).take_focus()

    def on_screen_resume(self) -> None:
        self.refresh_run()

    def on_run_changed(self, message: RunChanged) -> None:
        self.refresh_run()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self.call_after_refresh(self._draw)

    def _tick(self) -> None:
        if self.is_current:
            self.refresh_run()

    def refresh_run(self) -> None:
        """Read what is new in the files and draw what has changed. A long log is read in parts and then drawn."""
        try:
            _ = self.run.info
        except BadInput as error:
            self._show_start(error)
            return
        if not self.exists:
            self.exists = True
            self.refresh_bindings()
        self.query_one("#starting").display = False
        self.query_one("#panes").display = True
        states = [self.run_state, *self.others]
        for state in states:
            state.refresh()
        if all(state.caught_up for state in states):
            self._draw()
        else:
            self.set_timer(CATCHING_UP, self.refresh_run)

    def _show_start(self, error: BadInput) -> None:
        """Before the run directory exists: the output of the training process, or why it ended."""
        process = self.session.training.process(self.run)
        words = control.log_tail(self.run)
        waited = time.monotonic() - self._opened
        lines = [f"Starting {self.run.id}: reading its data …{f' ({waited:.0f} s)' if waited > PATIENCE else ''}"]
        if process is None or process.exit_code is not None:
            kept = "the form, which has your entries" if self.session.failed_entries() else "the runs"
            lines = [f"{self.run.id} did not start." if words else str(error), f"Press esc to go back to {kept}."]
        self.query_one("#panes").display = False
        self.query_one("#starting").display = True
        self.query_one("#waiting", Static).update("\n\n".join([lines[0], "\n".join(map(safe, words)), *lines[1:]]))

    def _arrange(self) -> None:
        """Show all panes where they have room and the user has chosen no pane, else one pane."""
        self.set_class(self._has_room, "-all")
        self._choose(self.query(Pane), self.query_one("#middle"))
        self.query_one("#tabs", TabLine).choose(self.pane)

    def _choose(self, panes: Iterable[Pane], middle: Widget) -> None:
        for pane in panes:
            pane.display = pane.name_ != "about" if self._has_room else pane.name_ == self.pane
        middle.display = self._has_room or self.pane in ("attention", "watch")

    def _draw(self) -> None:
        """Draw the header and the visible panes; each of them skips the work where nothing has changed."""
        if not self.run_state.caught_up:
            return
        self.refresh_footer((self.run_state.state, self.run.has_checkpoint()))
        self.query_one(RunHeader).show(self.run_state, self.session.training.process(self.run))
        for pane in self.query(Pane):
            if pane.display:
                pane.show(self.run_state)

    @on(WatchPane.Ready)
    def watch_list_ready(self) -> None:
        self._draw()

    @on(WatchedTextView.Opened)
    def open_text(self, event: WatchedTextView.Opened) -> None:
        self.post_message(OpenExplain(event.source.text, run=self.run, true_label=event.source.label))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the run directory exists, going back is the only action."""
        return self.exists or not hasattr(self, f"action_{action}") or action == "back"

    @property
    def acted_on(self) -> RunState:
        return self.run_state

    def is_applicable(self, action: str) -> bool:
        return run_wording.useful(action, self.run_state)

    def _open_pane(self) -> None:
        self._arrange()
        self.query_one(f"#{self.pane}", Pane).take_focus()
        self.call_after_refresh(self._draw)

    def action_search(self) -> None:
        """Search the log; where it is not shown, show it first."""
        if not self.query_one(LogPane).display:
            self.action_pane("log")
        self.query_one(LogPane).search()

    def action_fold(self) -> None:
        self.query_one(LogPane).fold()

    @property
    def curves(self) -> CurvesPane:
        return self.query_one(CurvesPane)

    def action_zoom(self) -> None:
        """Give the chart or the pane with the focus the whole screen, or take it back."""
        focused = self.focused
        pane = next((each for each in focused.ancestors_with_self if isinstance(each, Pane)), None) if focused else None
        if pane is not None and not isinstance(pane, CurvesPane):
            self.action_pane(pane.name_)
            return
        self.pane, self.alone = "curves", self.curves.enlarge()
        self._open_pane()
        self._draw()

    def action_charts(self) -> None:
        """Show the next charts."""
        self.curves.next_page()
        self._draw()

    def action_export(self) -> None:
        """Export the charts that are shown."""
        from tmeattn.watching import chart_files

        states = [self.run_state, *self.others]
        names = [run_wording.title(state) for state in states]
        kinds = chart_files.chosen([str(chart.id) for chart in self.curves.charts], states)
        charts = chart_files.Charts(kinds, states, names, self.curves.view)
        name = f"{kinds[0].id if len(kinds) == 1 else 'charts'}-{self.run.id}.svg"
        export_as(
            self, counted(len(kinds), "chart"), name, chart_files.FORMATS, lambda path: chart_files.write(charts, path)
        )

    def action_watch(self) -> None:
        """Choose the texts of the watch list."""
        if run_wording.watchable(self.run_state):
            self.app.push_screen(WatchDialog(self.run_state), lambda changed: self._draw())
        else:
            self.post_message(ShowProblem(run_wording.NOT_WATCHED))

    def action_epoch(self, by: int) -> None:
        self.query_one(WatchPane).step(self.run_state, by)
        self._draw()

    def action_checkpoint(self) -> None:
        self.post_message(SaveCheckpoint(self.run_state))

    def action_mistakes(self) -> None:
        self.open_evaluation("mistakes")

    def action_attention(self) -> None:
        """Show the attention map of a validation text."""
        if (run := self.with_weights()) is not None:
            from tmeattn.tui.screens.attention_map import AttentionMapScreen

            self.app.push_screen(AttentionMapScreen(self.session, run))

    def action_back(self) -> None:
        """Remove the cursor of the curves; without a cursor, go back to the runs."""
        charts = self.curves.charts
        if not self.exists and self.session.failed_entries():
            self.post_message(OpenNewRun())
        elif any(chart.cursor is not None for chart in charts):
            charts[0].action_cursor_off()
        else:
            self.post_message(GoBack())
