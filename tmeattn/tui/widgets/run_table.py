"""The table of runs: only the lines that are seen are ever made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import ClassVar
from weakref import WeakKeyDictionary

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from tmeattn.render.numbers import age
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.tui.services.run_list import DamagedRun
from tmeattn.tui.services.sweep_groups import SweepGroup
from tmeattn.tui.widgets.cursor_lines import CursorLines
from tmeattn.tui.widgets.run_cells import FIELDS, Field, Parts, damaged_cells, fitted, parts_of, run_cells, sweep_cells

Row = ListedRun | SweepGroup | DamagedRun
NO_MATCH = " No run matches; esc clears the filter."


class RunTable(CursorLines, can_focus=True):
    """One line for each run or sweep; the first line names the columns. Only the lines that are seen are made, and only
    those whose content has changed are drawn again.

    marked: ids of the marked runs.
    best:   ids of the runs of the best trials of sweeps.
    chosen: the columns that the user has chosen; empty: as many as fit.
    drawn:  how many lines were made from the figures of their runs so far.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "runtable--header",
        "runtable--even-row",
        "runtable--odd-row",
        "runtable--cursor",
        "runtable--hover",
    }

    class Moved(Message):
        """Another run is under the cursor."""

    class Opened(Message):
        """The run under the cursor was chosen."""

    class OrderChosen(Message):
        """The name of a column was clicked. order: one of `run_list.SORT_KEYS`."""

        def __init__(self, order: str) -> None:
            super().__init__()
            self.order = order

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[str] = []
        self.best: set[str] = set()
        self.drawn = 0
        self.chosen: Sequence[str] = ()
        self.order, self.reverse = "newest", False
        self.fields: list[Field] = []
        self._rows: list[Row] = []
        self._keys: dict[int, object] = {}
        self._made: WeakKeyDictionary[ListedRun, tuple[object, dict[str, Parts]]] = WeakKeyDictionary()
        self._hovered = -1
        self._opened: str | None = None

    def show(self, runs: Sequence[ListedRun | SweepGroup], damaged: Iterable[DamagedRun], width: int) -> None:
        """Show these runs, as far as they are new or have changed; the cursor stays on its run."""
        fields, selected = self._fitting(width), self.selected
        same_fields, self.fields = fields == self.fields, fields
        self._rows = [*runs, *damaged]
        groups = [one for one in runs if isinstance(one, SweepGroup)]
        self.best = {group.best.run.id for group in groups if group.best is not None}
        self._resize()
        if selected != self._id_at(self.cursor):
            at = next((at for at, one in enumerate(self._rows) if _id(one) == selected), None)
            with self.prevent(self.Moved):
                self.cursor = max(0, min(self.cursor, len(self._rows) - 1)) if at is None else at
            if at is None:
                self.follow_cursor()
        if selected != self.selected:
            self.post_message(self.Moved())
        if not same_fields:
            self._keys.clear()
            self.refresh()
        self.refresh_changed()

    def _fitting(self, width: int) -> list[Field]:
        """The columns: those that the user has chosen, or as many as fit."""
        if self.chosen:
            return [field for field in FIELDS if field.name == "run" or field.name in self.chosen]
        return [field for field in FIELDS if field.least is not None and field.least <= width]

    def sorted_by(self, order: str, *, reverse: bool) -> None:
        """Mark the column by which the runs are sorted."""
        if (order, reverse) != (self.order, self.reverse):
            self.order, self.reverse = order, reverse
            self.refresh(Region(0, 0, self.size.width, 1))

    @property
    def line_count(self) -> int:
        return len(self._rows)

    @property
    def ids(self) -> list[str]:
        """The ids of the runs in their order; for a damaged run, the name of its folder."""
        return [_id(one) for one in self._rows]

    @property
    def seen(self) -> list[str]:
        """The ids of the runs on the screen."""
        top = self.scroll_offset.y
        return [_id(one) for one in self._rows[top : top + max(self.size.height, 1)]]

    @property
    def selected(self) -> str | None:
        """The id of the run under the cursor."""
        return self._id_at(self.cursor)

    def follow_opened(self, opened: RunDirectory | None) -> None:
        """Put the cursor on the run that was opened last, such as one just started, where it is another than at the
        last call and in the list."""
        if opened is not None and opened.id != self._opened and opened.id in self.ids:
            self.cursor = self.ids.index(opened.id)
        self._opened = opened.id if opened else None

    def group(self, study: str) -> SweepGroup | None:
        """The line of a sweep."""
        return next((one for one in self._rows if isinstance(one, SweepGroup) and one.study == study), None)

    def cells(self, at: int) -> list[str]:
        """The texts of the cells of a run in the columns that are shown."""
        parts = self._parts(self._rows[at])
        return ["".join(text for text, _ in parts[field.name]).strip() for field in self.fields]

    def mark(self, run_id: str) -> None:
        """Mark a run, or unmark it."""
        self.marked.remove(run_id) if run_id in self.marked else self.marked.append(run_id)
        self.refresh_changed()

    def unmark_all(self) -> None:
        self.marked.clear()
        self.refresh_changed()

    def _id_at(self, at: int) -> str | None:
        return _id(self._rows[at]) if 0 <= at < len(self._rows) else None

    # ---- lines

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            style = self.get_component_rich_style("runtable--header")
            return self._strip(
                {field.name: parts_of(self._heading(field), field) for field in self.fields}, style, None
            )
        at = self.line_at(y)
        self._keys[at] = self._key(at)
        if at == 0 and not self._rows:
            return Strip([Segment(NO_MATCH, self.rich_style)]).adjust_cell_length(width, self.rich_style)
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        style = self.get_component_rich_style("runtable--odd-row" if at % 2 else "runtable--even-row")
        if at == self._hovered:
            style += self.get_component_rich_style("runtable--hover")
        if at != self.cursor:
            return self._strip(self._parts(self._rows[at]), style, None)
        cursor = self.get_component_rich_style("runtable--cursor")
        return self._strip(self._parts(self._rows[at]), style + cursor, Style(color=cursor.color))

    def _heading(self, field: Field) -> Text:
        arrow = "" if field.order != self.order else "▲" if self.reverse else "▼"
        return Text(f"{field.name[: field.width - len(arrow)]}{arrow}")

    def _strip(self, cells: dict[str, Parts], style: Style, over: Style | None) -> Strip:
        """The cells of a line with a space on both sides. over: a style that those of the cells do not change."""
        space = Segment(" ", style + over if over else style)
        segments: list[Segment] = []
        for field in self.fields:
            parts = [Segment(text, style + own + over if over else style + own) for text, own in cells[field.name]]
            segments += [space, *parts, space]
        left, width = self.scroll_offset.x, self.size.width
        return Strip(segments, self.virtual_size.width).crop_extend(left, left + width, style).simplify()

    def _key(self, at: int) -> object:
        """Equal keys: the line at this place looks equal."""
        one = self._rows[at] if at < len(self._rows) else None
        state = self._state(one) if isinstance(one, ListedRun) else one.key if isinstance(one, SweepGroup) else one
        return state, at == self.cursor, at == self._hovered

    def refresh_changed(self) -> None:
        """Draw the lines on the screen again whose content has changed."""
        for y in range(1, self.size.height):
            at = self.line_at(y)
            if self._keys.get(at) != self._key(at):
                self.refresh(Region(0, y, self.size.width, 1))

    def _resize(self) -> None:
        self.virtual_size = Size(sum(field.width + 2 for field in self.fields), len(self._rows) + 1)

    # ---- the cursor

    def action_open(self) -> None:
        if self._rows:
            self.post_message(self.Opened())

    def watch_cursor(self, old: int, new: int) -> None:
        if old != new:
            self.follow_cursor()
            self.refresh_changed()
            self.post_message(self.Moved())

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.refresh()

    def on_resize(self) -> None:
        self.follow_cursor()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self.line_at(event.y) if event.y else -1)

    def on_leave(self) -> None:
        self._hover(-1)

    def _hover(self, at: int) -> None:
        self._hovered = at
        self.refresh_changed()

    def on_click(self, event: events.Click) -> None:
        """Choose the run of a line, open the one that was chosen before, or sort by the column of a name."""
        event.stop()
        if event.y == 0:
            ends = accumulate(field.width + 2 for field in self.fields)
            x = event.x + self.scroll_offset.x
            field = next((field for field, end in zip(self.fields, ends, strict=True) if x < end), None)
            if field is not None and field.order:
                self.post_message(self.OrderChosen(field.order))
            return
        at = self.line_at(event.y)
        if at >= len(self._rows):
            return
        if at == self.cursor:
            self.action_open()
        self.cursor = at

    # ---- cells

    def _state(self, one: ListedRun) -> object:
        """What the cells of a run are made from."""
        return one.version, one.run.id in self.marked, age(one.age), one.run.id in self.best

    def _parts(self, one: Row) -> dict[str, Parts]:
        """The cells of a run, made again only where its figures, its mark or its age in words has changed."""
        if isinstance(one, DamagedRun):
            return fitted(damaged_cells(one))
        if isinstance(one, SweepGroup):
            return fitted(sweep_cells(one))
        state = self._state(one)
        made = self._made.get(one)
        if made is None or made[0] != state:
            self.drawn += 1
            cells = run_cells(one, marked=one.run.id in self.marked, best=one.run.id in self.best)
            self._made[one] = made = (state, fitted(cells))
        return made[1]


def _id(one: Row) -> str:
    if isinstance(one, SweepGroup):
        return one.id
    return one.path.name if isinstance(one, DamagedRun) else one.run.id
