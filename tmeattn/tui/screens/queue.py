"""The queue: runs that are trained one after another, by a process that outlives the screens."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.widget import Widget
from textual.widgets import DataTable, Static

from tmeattn.errors import TmeattnError
from tmeattn.paths import runs_dir
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.numbers import age
from tmeattn.runs import control
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.queue import QueueItem, as_typed, has_runner, queue_stamp, read_queue, remove_from_queue
from tmeattn.training.queue_runner import start_runner
from tmeattn.tui import keys
from tmeattn.tui.messages import CopyText, OpenNewRun, OpenRun, ShowProblem
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.session import Session

EVERY = 1.0
"""Seconds between two looks at the queue."""
STARTING = 20.0
"""Seconds in which a process that was started for the queue begins, also on a busy machine."""
STATES = {
    "waiting": ("○ waiting", ""),
    "running": ("● running", "bold green"),
    "finished": ("✓ finished", "green"),
    "failed": ("✗ failed", "bold red"),
    "stopped": ("■ stopped", "yellow"),
}
"""Sign with word, and style."""
EMPTY = "The queue is empty: press n to fill in a run, and add it with ctrl+t."


class QueueScreen(BaseScreen):
    """The runs of the queue in their order; those that are over come first."""

    place = "queue"
    BINDINGS: ClassVar = keys.bindings("queue")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.items: list[QueueItem] = []
        self._drawn: object = None

    def body(self) -> Iterable[Widget]:
        yield Static("", id="summary", markup=False)
        yield DataTable(cursor_type="row", zebra_stripes=True)
        yield Static("", id="why", markup=False)

    def on_mount(self) -> None:
        self.table = self.query_one(DataTable)
        self.table.add_columns("no.", "state", "run", "age", "options")
        self.set_interval(EVERY, self._tick)
        self.table.focus()
        self._look()

    def _tick(self) -> None:
        if self.is_current:
            self._look()

    def _look(self) -> None:
        """Read the queue and show it, where the file or the runner has changed."""
        alive = has_runner()
        seen = queue_stamp(), alive, self._is_starting
        if seen == self._drawn:
            return
        self._drawn = seen
        try:
            self.items = read_queue()
        except TmeattnError as error:
            self.query_one("#summary", Static).update(safe(str(error)))
            return
        at, now = self.table.cursor_row, time.time()
        self.table.clear()
        for item in self.items:
            word, style = STATES[item["state"]]
            options = " ".join(item["arguments"][1:])
            cells = (str(item["number"]), Text(word, style), Text(safe(item["run"] or "")), age(now - item["added"]))
            self.table.add_row(*cells, Text(safe(options)), key=str(item["number"]))
        if self.items:
            self.table.move_cursor(row=min(at, len(self.items) - 1))
        self.query_one("#summary", Static).update(self._summary(alive))
        self._show_why()

    @property
    def _is_starting(self) -> bool:
        return time.monotonic() - self.session.runner_started < STARTING

    def _summary(self, alive: bool) -> str:
        waiting = sum(item["state"] == "waiting" for item in self.items)
        running = next((item["run"] for item in self.items if item["state"] == "running"), None)
        if not self.items:
            return EMPTY
        parts = [f"{counted(waiting, 'run')} waiting"]
        parts += [f"{running} is trained"] if running and alive else []
        if not alive and (waiting or running) and self._is_starting:
            parts.append("the process that trains the queue is being started")
        elif not alive and (waiting or running):
            key = keys.display_for("queue.resume", self.session.saved.keys)
            parts.append(f"no process trains the queue: {key} starts one")
        return safe(" · ".join(parts))

    @property
    def selected(self) -> QueueItem | None:
        """The run at the cursor."""
        row = self.table.cursor_row
        return self.items[row] if 0 <= row < len(self.items) else None

    @on(DataTable.RowHighlighted)
    def _show_why(self) -> None:
        item = self.selected
        text = Text()
        if item is not None:
            text = Text(safe(as_typed(item)))
            if item["message"]:
                text.append(f"\n{safe(item['message'])}", "yellow")
        self.query_one("#why", Static).update(text)

    @on(DataTable.RowSelected)
    def row_selected(self) -> None:
        self.action_open()

    def _run(self) -> RunDirectory | None:
        """The run of the selected item, where it has begun."""
        item = self.selected
        run = RunDirectory(runs_dir() / item["run"]) if item is not None and item["run"] else None
        if run is None or not (run.path / "run.json").exists():
            self.post_message(ShowProblem("This run has not begun yet." if item else EMPTY))
            return None
        return run

    def action_open(self) -> None:
        if (run := self._run()) is not None:
            self.post_message(OpenRun(run))

    def action_resume(self) -> None:
        if has_runner():
            self.post_message(ShowProblem("A process trains the queue already."))
            return
        try:
            start_runner()
        except TmeattnError as error:
            self.post_message(ShowProblem(error))
        else:
            self.session.runner_started = time.monotonic()
            self._look()

    def action_stop(self) -> None:
        """Stop the run that is trained, wherever the cursor is."""
        running = next((item["run"] for item in self.items if item["state"] == "running"), None)
        run = RunDirectory(runs_dir() / (running or ""))
        if not running or not (run.path / "run.json").exists():
            self.post_message(ShowProblem("No run of the queue is being trained."))
            return
        try:
            control.request(run, "stop")
        except TmeattnError as error:
            self.post_message(ShowProblem(error))
        else:
            self.notify(safe(f"{running} saves a checkpoint and stops; the next run begins."), markup=False)

    def action_delete(self) -> None:
        item = self.selected
        if item is None:
            return
        try:
            remove_from_queue([item["number"]])
        except TmeattnError as error:
            self.post_message(ShowProblem(error))
        self._look()

    def action_new(self) -> None:
        self.post_message(OpenNewRun())

    def action_copy(self) -> None:
        if self.selected is not None:
            self.post_message(CopyText(as_typed(self.selected)))
