"""The home screen: all runs, and what can be done with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input, Static

from tmeattn.errors import TmeattnError
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import check_name
from tmeattn.tui import keys
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.dialogs import Ask, Confirm
from tmeattn.tui.services import processes
from tmeattn.tui.services.run_list import ORDERS, RunList
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.widgets.details import Details
from tmeattn.tui.widgets.run_table import FIELDS, RunTable
from tmeattn.tui.widgets.welcome import MODEL, OPTIONS, Welcome
from tmeattn.tui.wording import runs as run_wording

EVERY = 1.0
CATCHING_UP = 0.05


class RunsScreen(BaseScreen):
    """All runs; those that train are followed."""

    mode = "runs"
    BINDINGS: ClassVar = keys.bindings("runs")

    def __init__(self) -> None:
        super().__init__()
        self.order = ORDERS[0]

    @property
    def listing(self) -> RunList:
        """The app's, which outlives this screen."""
        return self.tmeattn.listing

    def body(self) -> Iterable[Widget]:
        yield Input(placeholder="filter: words of id, name, model, dataset, state", id="filter", compact=True)
        yield Static("", id="told", markup=False)
        yield Horizontal(RunTable(), Details(), id="list")
        yield Welcome()

    def on_mount(self) -> None:
        self.table, self.details = self.query_one(RunTable), self.query_one(Details)
        self.query_one(Welcome).display = False
        self.set_interval(EVERY, self._tick)
        self.table.focus()
        self._look()

    def on_screen_resume(self) -> None:
        self._look()

    def _tick(self) -> None:
        if self.is_active:
            self._look()

    def _look(self) -> None:
        """Read what is new and show it; long logs a little at a time."""
        if self.listing.refresh() or not self.table.row_count:
            self._show()
        if not self.listing.caught_up:
            self.set_timer(CATCHING_UP, self._look)

    def _show(self) -> None:
        runs = self._visible()
        text = self.query_one("#filter", Input).value
        damaged = [] if text else list(self.listing.damaged.values())
        empty = not self.listing.runs and not self.listing.damaged
        welcome = self.query_one(Welcome)
        self.query_one("#list").display = self.query_one("#told").display = not empty
        if welcome.display != empty:
            welcome.display = empty
            (welcome.query_one("#default") if empty else self.table).focus()
        if empty:
            welcome.look()
            return
        half = self.size.width * 58 // 100 if self.has_class("-wide") else self.size.width
        self.table.show(runs, damaged, half)
        self.query_one("#told", Static).update(self._told(len(runs), text))
        self._detail()

    def _visible(self) -> list[RunState]:
        return self.listing.sorted(self.order, self.query_one("#filter", Input).value)

    def _told(self, visible: int, text: str) -> str:
        runs = self.listing.runs
        running = sum(one.state == "running" for one in runs.values())
        parts = [f"{visible} of {len(runs)} runs" if text else f"{len(runs)} run{'s' if len(runs) != 1 else ''}"]
        parts += [f"{running} running"] if running else []
        parts += [f"{len(self.table.marked)} marked"] if self.table.marked else []
        return " · ".join([*parts, f"by {self.order}", *([f"filter: {text}"] if text else [])])

    def _detail(self) -> None:
        selected = self.table.selected
        if selected in self.listing.damaged:
            self.details.show_damaged(self.listing.damaged[selected])
        else:
            self.details.show(self.selected)
        self.tell_foot(self.selected.state if self.selected else None)

    def useful(self, action: str) -> bool:
        return run_wording.useful(action, self.selected)

    @property
    def selected(self) -> RunState | None:
        """The run under the cursor; None for a damaged one, or where there is none."""
        return self.listing.runs.get(self.table.selected or "")

    @on(DataTable.RowHighlighted)
    def highlighted(self) -> None:
        self._detail()
        if self.selected is not None and self.selected.run.has_checkpoint():
            self.tmeattn.selected_run = self.selected.run

    @on(DataTable.RowSelected)
    def row_selected(self) -> None:
        self.action_open()

    @on(DataTable.HeaderSelected)
    def header_selected(self, event: DataTable.HeaderSelected) -> None:
        field = next(field for field in FIELDS if field.name == event.column_key.value)
        if field.order:
            self._sort(field.order)

    @on(Button.Pressed, "#default")
    def start_default(self) -> None:
        self.tmeattn.start_run(processes.train_arguments(MODEL, OPTIONS, switches={}), MODEL)

    @on(Input.Changed, "#filter")
    def filtered(self) -> None:
        self._show()

    @on(Input.Submitted, "#filter")
    def filter_done(self) -> None:
        self.table.focus()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._show)

    def action_open(self) -> None:
        one = self.selected
        if one is None:
            self._refuse("Its run.json is damaged, so there is nothing to open: d deletes the folder.")
            return
        others = [
            self.listing.runs[run_id].run
            for run_id in self.table.marked
            if run_id in self.listing.runs and run_id != one.run.id
        ]
        self.tmeattn.open_run(one.run, others)

    def action_new(self) -> None:
        self.tmeattn.open_new_run()

    def action_like(self) -> None:
        self.tmeattn.open_new_run(self.selected.run if self.selected else None)

    def action_mark(self) -> None:
        run_id = self.table.selected
        if run_id in self.table.marked:
            self.table.marked.remove(run_id)
        elif run_id in self.listing.runs:
            self.table.marked.append(run_id)
        self._show()
        self.table.action_cursor_down()

    def action_unmark(self) -> None:
        """Marks and filter away."""
        self.table.marked.clear()
        field = self.query_one("#filter", Input)
        field.value = ""
        field.remove_class("open")
        self.table.focus()
        self._show()

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.add_class("open")
        field.focus()

    def action_order(self) -> None:
        self._sort(ORDERS[(ORDERS.index(self.order) + 1) % len(ORDERS)])

    def _sort(self, order: str) -> None:
        self.order = order
        self._show()

    def action_resume(self) -> None:
        if self.selected is not None:
            self.tmeattn.resume_run(self.selected)

    def action_stop(self) -> None:
        if self.selected is not None:
            self.tmeattn.stop_run(self.selected)

    def action_explain(self) -> None:
        if self.selected is not None and self.selected.run.has_checkpoint():
            self.tmeattn.open_explain(None, run=self.selected.run)
        else:
            self._refuse("This run has no weights yet: they are there when its first epoch has ended.")

    def action_copy(self) -> None:
        if self.selected is not None:
            self.tmeattn.copy(run_wording.command(self.selected.run))

    def action_rename(self) -> None:
        one = self.selected
        if one is None:
            return

        def check(name: str) -> None:
            if name:
                check_name(name, of=one.run)

        def rename(name: str | None) -> None:
            if name is not None:
                try:
                    one.run.rename(name or None)
                except TmeattnError as error:
                    self._refuse(str(error))
            self._look()

        self.app.push_screen(Ask(f"A name for {one.run.id} (empty takes it away)", one.name or "", check), rename)

    def action_delete(self) -> None:
        marked = [run_id for run_id in self.table.marked if run_id in self.listing.runs]
        chosen = marked or [run_id for run_id in (self.table.selected,) if run_id]
        running = [
            run_id for run_id in chosen if run_id in self.listing.runs and self.listing.runs[run_id].state == "running"
        ]
        if running:
            self._refuse(f"{', '.join(running)} is being trained: stop it first (s).")
        elif chosen:
            question = f"Delete {', '.join(chosen)} with all checkpoints, for good?"
            self.app.push_screen(Confirm(question, "Delete"), lambda yes: self._delete(chosen) if yes else None)

    def _delete(self, chosen: list[str]) -> None:
        for run_id in chosen:
            path = self.listing.root / run_id
            if not path.exists():  # somebody was faster
                continue
            try:
                RunDirectory(path).delete()
            except TmeattnError as error:
                self._refuse(str(error))
        self.table.marked.clear()
        self.listing.forget()
        self._look()
        self._show()

    def _refuse(self, message: str) -> None:
        self.notify(message, severity="warning", markup=False)
