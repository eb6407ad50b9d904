"""One run, live: followed by its files, whoever trains it and wherever."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import events, on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.errors import BadInput
from tmeattn.render.console import safe
from tmeattn.runs import control
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import keys
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.widgets.panes import AboutPane, AttentionPane, CurvesPane, LogPane, Pane
from tmeattn.tui.widgets.run_header import RunHeader
from tmeattn.tui.widgets.watch_list import WatchedTextView, WatchPane
from tmeattn.tui.wording import runs as run_wording

EVERY = 1.0
"""Seconds between two looks at the files, and so between two redraws."""
CATCHING_UP = 0.01
PANES = ("curves", "attention", "watch", "log", "about")


class PaneTab(Static):
    """The name of a pane, where only one has room; a click shows it."""

    def __init__(self, pane: str, label: str) -> None:
        super().__init__(label, id=f"tab-{pane}", markup=False)
        self.pane = pane

    async def on_click(self) -> None:
        await self.run_action(f"screen.pane('{self.pane}')")


class RunScreen(BaseScreen):
    """All panes on a wide screen, one of them on a narrow one."""

    mode = "runs"
    BINDINGS: ClassVar = keys.bindings("run")
    AUTO_FOCUS = ""
    CSS = """
    RunScreen #tabs { height: 1; background: $surface; }
    RunScreen #tabs Static { width: auto; padding: 0 1; }
    RunScreen #tabs Static:hover { background: $primary 30%; }
    RunScreen #tabs .current { text-style: bold reverse; }
    RunScreen.-all #tabs { display: none; }
    RunScreen #panes { height: 1fr; }
    RunScreen #middle { height: 1fr; }
    RunScreen.-all CurvesPane { height: 15; }
    RunScreen.-wide CurvesPane Container { layout: horizontal; }
    RunScreen.-all LogPane { height: 8; }
    RunScreen #waiting { height: 1fr; padding: 1 2; display: none; }
    """

    def __init__(self, run: RunDirectory, others: Sequence[RunDirectory] = ()) -> None:
        super().__init__()
        self.run = run
        self.following = RunState(run)
        self.others = [RunState(other) for other in others]
        self.pane = "curves"
        self.alone = False
        self.log_scale = False
        self.there = False

    def body(self) -> Iterable[Widget]:
        yield RunHeader()
        labels = {"curves": "1 Curves", "attention": "2 Attention", "watch": "3 Watch list", "log": "4 Log"}
        yield Horizontal(*(PaneTab(pane, labels.get(pane, "5 About")) for pane in PANES), id="tabs")
        middle = Horizontal(AttentionPane(), WatchPane(), id="middle")
        yield Vertical(CurvesPane(), middle, LogPane(), AboutPane(), id="panes")
        yield Static("", id="waiting", markup=False)

    def on_mount(self) -> None:
        self.query_one(CurvesPane).others = self.others
        self.set_interval(EVERY, self._tick)
        self._arrange()
        self._look()

    def on_screen_resume(self) -> None:
        self._look()

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self.call_after_refresh(self._draw)

    def _tick(self) -> None:
        if self.is_active:
            self._look()

    def _look(self) -> None:
        """Read on, and draw what has changed; a long log is read bit by bit and drawn when it has been read."""
        try:
            _ = self.run.info
        except BadInput as error:
            self._wait(error)
            return
        if not self.there:
            self.there = True
            self.refresh_bindings()
        self.query_one("#waiting").display = False
        self.query_one("#panes").display = True
        runs = [self.following, *self.others]
        for one in runs:
            one.refresh()
        if all(one.caught_up for one in runs):
            self._draw()
        else:
            self.set_timer(CATCHING_UP, self._look)

    def _wait(self, error: BadInput) -> None:
        """Before the run's folder is there: what its process says; if it has ended, why."""
        worker = self.tmeattn.trainers.worker(self.run)
        words = control.log_tail(self.run)
        lines = [f"Starting {self.run.id}: reading its data …"]
        if worker is None or worker.exit_code is not None:
            lines = [f"{self.run.id} did not start." if words else str(error), "esc goes back to the runs."]
        self.query_one("#panes").display = False
        waiting = self.query_one("#waiting", Static)
        waiting.display = True
        waiting.update("\n\n".join([lines[0], "\n".join(map(safe, words)), *lines[1:]]))

    def _arrange(self) -> None:
        """Everything where there is room and no pane was asked for alone, else one pane."""
        everything = self.size.width >= 110 and self.size.height >= 36 and not self.alone
        self.set_class(everything, "-all")
        for pane in self.query(Pane):
            pane.display = pane.name_ != "about" if everything else pane.name_ == self.pane
        self.query_one("#middle").display = everything or self.pane in ("attention", "watch")
        for tab in self.query(PaneTab):
            tab.set_class(tab.pane == self.pane, "current")

    def _draw(self) -> None:
        """Head and panes; each looks itself whether it has to change."""
        if not self.following.caught_up:
            return
        self.tell_foot(self.following.state)
        self.query_one(RunHeader).show(self.following, self.tmeattn.trainers.worker(self.run))
        for pane in self.query(Pane):
            if pane.display:
                pane.show(self.following)

    @on(WatchPane.Ready)
    def texts_are_there(self) -> None:
        self._draw()

    @on(WatchedTextView.Opened)
    def open_text(self, event: WatchedTextView.Opened) -> None:
        self.tmeattn.open_explain(event.source.text, run=self.run, true_label=event.source.label)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the run's folder is not there yet, there is nothing to do with it but to go back."""
        return self.there or not hasattr(self, f"action_{action}") or action == "back"

    def useful(self, action: str) -> bool:
        return run_wording.useful(action, self.following)

    def action_pane(self, pane: str) -> None:
        """Show a pane; alone where all were shown, and all again where it was alone."""
        self.alone = not (self.alone and self.pane == pane)
        self.pane = pane
        self._arrange()
        self.call_after_refresh(self._draw)

    def action_next_pane(self, by: int) -> None:
        if self.has_class("-all"):
            self.focus_next() if by > 0 else self.focus_previous()
            return
        self.pane = PANES[(PANES.index(self.pane) + by) % len(PANES)]
        self._arrange()
        self.call_after_refresh(self._draw)

    def action_log_scale(self) -> None:
        self.log_scale = not self.log_scale
        self.query_one(CurvesPane).set_log(self.log_scale)

    def action_cursor(self, by: int) -> None:
        self.query_one(CurvesPane).charts[0].action_cursor(by)

    def action_epoch(self, by: int) -> None:
        self.query_one(WatchPane).step(self.following, by)
        self._draw()

    def action_stop(self) -> None:
        self.tmeattn.stop_run(self.following)
        self._draw()

    def action_checkpoint(self) -> None:
        self.tmeattn.save_run(self.following)

    def action_resume(self) -> None:
        if self.tmeattn.resume_run(self.following):
            self._draw()

    def action_explain(self) -> None:
        if self.run.has_checkpoint():
            self.tmeattn.open_explain(None, run=self.run)
        else:
            self.tmeattn.complain("This run has no weights yet: they are there when its first epoch has ended.")

    def action_data(self) -> None:
        self.tmeattn.open_data(run=self.run)

    def action_copy(self) -> None:
        self.tmeattn.copy(run_wording.command(self.run))

    def action_back(self) -> None:
        charts = self.query_one(CurvesPane).charts
        if any(chart.cursor is not None for chart in charts):
            charts[0].action_cursor_off()
        else:
            self.app.pop_screen()
