"""The list of all runs, the first screen of the application."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

from textual import events, on
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Button, Input

from tmeattn.tui import keys
from tmeattn.tui.messages import (
    NotStarted,
    OpenComparison,
    OpenNewRun,
    OpenQueue,
    OpenReproduction,
    OpenRun,
    RunChanged,
    ShowProblem,
    StartRun,
)
from tmeattn.tui.screens.columns import ChooseColumns
from tmeattn.tui.screens.run_actions import RunActions
from tmeattn.tui.screens.run_changes import ask_deletion, ask_name, ask_tags
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.tui.services.queued_runs import QueuedRuns
from tmeattn.tui.services.run_list import ORDERS
from tmeattn.tui.services.sweep_groups import PREFIX, StudyFacts, SweepGroup, grouped, read_studies
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.details import Details
from tmeattn.tui.widgets.list_summary import ListSummary
from tmeattn.tui.widgets.run_cells import COLUMNS
from tmeattn.tui.widgets.run_table import RunTable
from tmeattn.tui.widgets.welcome import MODEL, Welcome, arguments_of
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

EVERY = 1.0
"""Seconds between two looks at the files of the runs."""
CATCHING_UP = 0.01
"""Seconds until the next look while many or long logs are still being read."""
SHOWN_EVERY = 16
"""Looks between two updates of the table while many or long logs are still being read."""
RESTING = 0.05
"""Seconds that the cursor stays on a run until its details are drawn, so that a key that is held down is not slow."""
TABLE_WIDTH = 0.58
"""Share of a wide screen's columns for the table; the details have the others."""


class RunsScreen(RunActions):
    """All runs; those that are being trained are read again every second."""

    BINDINGS: ClassVar = keys.bindings("runs")

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.runs = session.runs
        self.order, self.reverse = ORDERS[0], False
        self.unfolded: set[str] = set()
        self.studies: dict[str, StudyFacts] = {}
        self._asked: tuple[object, ...] = ()
        self.queued = QueuedRuns()
        self._unshown = 0
        self._next_look: Timer | None = None
        self._details_soon: Timer | None = None

    def body(self) -> Iterable[Widget]:
        field = Input(placeholder=run_wording.FILTER, id="filter", compact=True)
        yield Horizontal(field, ListSummary(), id="above")
        yield Horizontal(RunTable(), Details(), id="list")
        yield Welcome()

    def on_mount(self) -> None:
        self.table, self.details = self.query_one(RunTable), self.query_one(Details)
        self.query_one(Welcome).display = False
        self.table.chosen = [name for name in self.session.saved.columns if name in COLUMNS]
        self.set_interval(EVERY, self._tick)
        self.table.focus()
        self.refresh_runs()

    def on_screen_resume(self) -> None:
        self.refresh_runs()
        self.table.follow_opened(self.session.opened_run)

    def on_run_changed(self, message: RunChanged) -> None:
        self.refresh_runs()

    def _tick(self) -> None:
        if self.is_current:
            if self.queued.look():
                self._show_summary()
            self.refresh_runs()

    def refresh_runs(self) -> None:
        """Read what is new in the files and show it. Long logs are read in parts, so that the screen never waits."""
        self.runs.wanted, listed = self.table.seen, self.runs.all_listed
        if self.runs.refresh() or not self.table.line_count or self._unshown:
            self._unshown += 1
        new_rows = not self.table.line_count or self.runs.all_listed > listed
        if self._unshown and (self.runs.caught_up or self._unshown >= SHOWN_EVERY or new_rows):
            self._unshown = 0
            self._show()
        elif self._unshown:
            self.table.refresh_changed()
            self._show_summary()
            self._show_details()
        if self._next_look is not None:
            self._next_look.stop()
        self._next_look = None if self.runs.caught_up else self.set_timer(CATCHING_UP, self.refresh_runs)

    def _show(self) -> None:
        text = self.query_one("#filter", Input).value
        visible = grouped(self._visible(), self.unfolded, self.studies, every=bool(text.strip()))
        damaged = [] if text else sorted(self.runs.damaged.values(), key=lambda one: one.path)
        empty = not self.runs.runs and not self.runs.damaged
        welcome = self.query_one(Welcome)
        self.query_one("#list").display = self.query_one("#above").display = not empty
        if welcome.display != empty:
            welcome.display = empty
            welcome.focus_first() if empty else self.table.focus()
        if empty:
            welcome.look()
            self.refresh_footer("empty")
            return
        width = int(self.size.width * TABLE_WIDTH) if self.has_class("-wide") else self.size.width
        self.table.show(visible, damaged, width)
        self.table.sorted_by(self.order, reverse=self.reverse)
        self._ask_for_studies([one for one in visible if isinstance(one, SweepGroup)])
        self._show_summary()
        self._show_details()

    def _visible(self) -> list[ListedRun]:
        return self.runs.sorted(self.order, self.query_one("#filter", Input).value, reverse=self.reverse)

    def _ask_for_studies(self, groups: list[SweepGroup]) -> None:
        """Read the studies of the sweeps on another thread, where runs of them are new or have ended."""
        names = [group.study for group in groups]
        ended = [sum(one.state not in ("running", "created") for one in group.runs) for group in groups]
        asked = (tuple(names), tuple(ended))
        if names and asked != self._asked:
            self._asked = asked
            self.run_worker(self._read_studies(names), group="studies", exclusive=True)

    async def _read_studies(self, names: list[str]) -> None:
        found = await asyncio.to_thread(read_studies, names)
        if found != self.studies and not self._is_closed():
            self.studies = found
            self._show()

    def _show_summary(self) -> None:
        self.query_one(ListSummary).show(
            self.runs,
            visible=len(self._visible()),
            queued=str(self.queued),
            marked=len(self.table.marked),
            order=f"{self.order}{' reversed' if self.reverse else ''}",
            text=self.query_one("#filter", Input).value,
        )

    def _show_details(self) -> None:
        selected_id, selected = self.table.selected, None
        study = self._selected_study()
        if study is not None:
            self.details.show_sweep(self.table.group(study))
        elif selected_id in self.runs.damaged:
            self.details.show_damaged(self.runs.damaged[selected_id])
        else:
            selected = self.selected
            self.details.show_run(selected, self.runs.runs[selected.run.id].facts["tags"] if selected else ())
        able = (selected.state, selected.run.has_checkpoint()) if selected else None
        self.refresh_footer((able, bool(self.table.marked), len(self.runs.runs) > 1))

    def is_applicable(self, action: str) -> bool:
        if action in run_wording.NEED_RUNS and not self.runs.runs and not self.runs.damaged:
            return False
        if action == "unmark":
            return bool(self.table.marked) or self.query_one("#filter").has_class("open")
        if action == "compare":
            return bool(self.table.marked)
        if action == "mark":
            return len(self.runs.runs) > 1
        return run_wording.useful(action, self.selected)

    @property
    def selected(self) -> RunState | None:
        """The run at the cursor; None for a damaged run, or without runs."""
        return self.runs.opened(self.table.selected)

    @property
    def acted_on(self) -> RunState | None:
        return self.selected

    @on(RunTable.Moved)
    def highlighted(self) -> None:
        if self._details_soon is not None:
            self._details_soon.stop()
        self._details_soon = self.set_timer(RESTING, self._show_details)
        one = self.runs.runs.get(self.table.selected or "")
        if one is not None and one.run.has_checkpoint():
            self.session.selected_run = one.run

    @on(RunTable.OrderChosen)
    def order_chosen(self, event: RunTable.OrderChosen) -> None:
        """Sort by the column that was clicked; a second click reverses the order."""
        self._sort(event.order, reverse=event.order == self.order and not self.reverse)

    @on(Button.Pressed)
    def start_first(self, event: Button.Pressed) -> None:
        if (arguments := arguments_of(event.button.id)) is not None:
            self.query_one(Welcome).started()
            self.post_message(StartRun(arguments, MODEL))

    def on_not_started(self, message: NotStarted) -> None:
        self.query_one(Welcome).show_failure(message.problem)

    @on(Input.Changed, "#filter")
    def filter_changed(self) -> None:
        self._show()

    @on(Input.Submitted, "#filter")
    def filter_submitted(self) -> None:
        self.table.focus()

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self._show)

    @on(RunTable.Opened)
    def action_open(self) -> None:
        """Open the selected run, or fold or unfold the selected sweep."""
        if (study := self._selected_study()) is not None:
            self.unfolded ^= {study}
            self._show()
            return
        selected = self.selected
        if selected is None:
            self.post_message(ShowProblem(run_wording.DAMAGED))
            return
        marked = [self.runs.runs[run_id].run for run_id in self.table.marked if run_id in self.runs.runs]
        self.post_message(OpenRun(selected.run, [run for run in marked if run.id != selected.run.id]))

    def _selected_study(self) -> str | None:
        """The sweep whose line is under the cursor."""
        selected = self.table.selected or ""
        return selected.removeprefix(PREFIX) if selected.startswith(PREFIX) else None

    def action_compare(self) -> None:
        """Compare the marked runs; a single marked run with the selected one."""
        chosen = [run_id for run_id in self.table.marked if run_id in self.runs.runs]
        if len(chosen) < 2 and self.table.selected in self.runs.runs:
            chosen = list(dict.fromkeys([*chosen, self.table.selected]))
        if len(chosen) < 2:
            self.post_message(ShowProblem(run_wording.ONE_RUN))
        else:
            self.post_message(OpenComparison([self.runs.runs[run_id].run for run_id in chosen]))

    def action_queue(self) -> None:
        self.post_message(OpenQueue())

    def action_new(self) -> None:
        self.post_message(OpenNewRun())

    def action_like(self) -> None:
        self.post_message(OpenNewRun(self.selected.run if self.selected else None))

    def action_mark(self) -> None:
        run_id = self.table.selected
        if run_id in self.runs.runs:
            self.table.mark(run_id)
            self._show_summary()
            self.refresh_bindings()
        self.table.action_move(1)

    def action_unmark(self) -> None:
        """Clear the filter and all marks."""
        self.table.unmark_all()
        field = self.query_one("#filter", Input)
        field.value = ""  # the list is shown by `filter_changed`
        field.remove_class("open")
        self.table.focus()
        self._show_summary()

    def action_filter(self) -> None:
        field = self.query_one("#filter", Input)
        field.add_class("open")
        field.focus()

    def action_order(self) -> None:
        """Sort by the next order: those of every list, and those of the other columns that are shown."""
        orders = list(dict.fromkeys([*ORDERS, *(field.order for field in self.table.fields if field.order)]))
        at = orders.index(self.order) if self.order in orders else -1
        self._sort(orders[(at + 1) % len(orders)])

    def action_reverse(self) -> None:
        self._sort(self.order, reverse=not self.reverse)

    def _sort(self, order: str, *, reverse: bool = False) -> None:
        self.order, self.reverse = order, reverse
        self._show()

    def action_sweep(self) -> None:
        """Show the runs of all sweeps; fold them where all are shown."""
        every = {one.facts["study"] for one in self.runs.runs.values()} - {None}
        self.unfolded = set() if self.unfolded >= every else {str(study) for study in every}
        self._show()

    def action_columns(self) -> None:
        """Choose the columns; they are remembered."""

        def changed(columns: list[str]) -> None:
            self.table.chosen = self.session.saved.columns = columns
            self.session.saved.save()
            self._show()

        shown = [field.name for field in self.table.fields]
        self.app.push_screen(ChooseColumns(shown, changed))

    def action_tag(self) -> None:
        """Add tags to the marked runs or else the selected run, or remove them."""
        if chosen := self._chosen():
            ask_tags(self, chosen, self.refresh_runs)

    def _chosen(self) -> list[ListedRun]:
        """The marked runs, or else the selected run."""
        ids = [run_id for run_id in self.table.marked if run_id in self.runs.runs] or [self.table.selected or ""]
        return [self.runs.runs[run_id] for run_id in ids if run_id in self.runs.runs]

    def action_reproduce(self) -> None:
        """Show the report's tables and figures."""
        self.post_message(OpenReproduction())

    def action_rename(self) -> None:
        if self.selected is not None:
            ask_name(self, self.selected, self.refresh_runs)

    def action_delete(self) -> None:
        marked = [run_id for run_id in self.table.marked if run_id in self.runs.runs]
        chosen = marked or [run_id for run_id in (self.table.selected,) if run_id and self._selected_study() is None]
        if chosen:
            ask_deletion(self, [self.runs.root / run_id for run_id in chosen], self._deleted)

    def _deleted(self) -> None:
        self.table.marked.clear()
        self.runs.forget()
        self.refresh_runs()
        self._show()
