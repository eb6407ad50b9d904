"""The table of runs. Cells change in place, so that only new values are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from rich.text import Text
from textual.widgets import DataTable

from tmeattn.render.console import safe
from tmeattn.render.numbers import age, count, percent
from tmeattn.render.palette import BLUE, foreground
from tmeattn.tui.services.run_list import DamagedRun
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.wording import runs as run_wording


@dataclass(frozen=True)
class Field:
    """A column: the width of its cells, the least width of a table that shows it, and its sort order."""

    name: str
    width: int
    least: int = 0
    right: bool = False
    order: str = ""


FIELDS = (
    Field("run", 20, order="name"),
    Field("state", 10, order="state"),
    Field("model", 12, least=112, order="model"),
    Field("dataset", 17, least=128),
    Field("alpha", 5, right=True),
    Field("epoch", 6, right=True),
    Field("best", 7, right=True, order="best accuracy"),
    Field("ETA", 7, right=True),
    Field("trend", 8, least=76),
    Field("age", 6, least=100, right=True, order="newest"),
)


MOST_REMOVED = 20
"""Rows that are removed one by one; if more go, the table is built anew."""
Cells = dict[str, Text]


class RunTable(DataTable[Text]):
    """One row for each run, keyed by its id. `show` updates the rows.

    drawn: how many rows were made from the figures of their runs so far.
    """

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, cell_padding=1)
        self.marked: list[str] = []
        self.drawn = 0
        self._fields: list[Field] = []
        self._shown: dict[str, Cells] = {}
        self._made: WeakKeyDictionary[RunState, tuple[object, Cells]] = WeakKeyDictionary()

    def show(self, runs: Sequence[RunState], damaged: Iterable[DamagedRun], width: int) -> None:
        """Update the rows whose runs have changed; the cursor stays on its run."""
        fields = [field for field in FIELDS if field.least <= width]
        cells = {one.run.id: self._cells(one) for one in runs}
        cells |= {one.path.name: _damaged_cells(one) for one in damaged}
        selected, gone = self.selected, [run for run in self._shown if run not in cells]
        if fields != self._fields or selected not in cells or len(gone) > MOST_REMOVED:
            self._rebuild(fields, cells, selected)
        else:
            self._update(cells, gone, selected)
        self._fields, self._shown = fields, cells

    def _update(self, cells: dict[str, Cells], gone: list[str], selected: str) -> None:
        """Change, remove, add and move only what differs from what is shown."""
        for run in gone:
            self.remove_row(run)
        for run, row in cells.items():
            shown = self._shown.get(run)
            if shown is None:
                self.add_row(*(row[field.name] for field in self._fields), key=run)
            elif shown is not row:
                for field in self._fields:
                    if row[field.name] != shown[field.name]:
                        self.update_cell(run, field.name, row[field.name])
        wanted = {run: at for at, run in enumerate(cells)}
        if any(wanted[str(row.key.value)] != at for at, row in enumerate(self.ordered_rows)):
            first = self._fields[0].name
            places = {id(self.get_cell(run, first)): at for run, at in wanted.items()}
            self.sort(first, key=lambda cell: places[id(cell)])
        if self.selected != selected:
            self.move_cursor(row=wanted[selected], scroll=False)

    def _rebuild(self, fields: list[Field], cells: dict[str, Cells], selected: str | None) -> None:
        self.clear(columns=True)
        for field in fields:
            label = Text(field.name, justify="right" if field.right else "left")
            self.add_column(label, key=field.name, width=field.width)
        for run, row in cells.items():
            self.add_row(*(row[field.name] for field in fields), key=run)
        if selected in cells:
            self.move_cursor(row=self.get_row_index(selected), scroll=False)

    @property
    def selected(self) -> str | None:
        """The id of the run under the cursor."""
        if not self.row_count or not self.is_valid_coordinate(self.cursor_coordinate):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def _update_dimensions(self, new_rows: object) -> None:
        """All columns have a fixed width and all rows one line, so no cell of many new rows needs to be measured."""
        super()._update_dimensions(())

    def _cells(self, one: RunState) -> Cells:
        """The row of a run, made again only where its figures, its mark or its age in words has changed."""
        state = (one.version, one.run.id in self.marked, age(one.age))
        made = self._made.get(one)
        if made is None or made[0] != state:
            self.drawn += 1
            self._made[one] = made = (state, self._make(one))
        return made[1]

    def _make(self, one: RunState) -> Cells:
        train = one.run.config["train"]
        epoch = one.epochs[-1]["epoch"] if one.epochs else 0
        values = {
            "run": Text.assemble(("◆ " if one.run.id in self.marked else "", "cyan"), (run_wording.title(one), "bold")),
            "state": run_wording.state(one.state),
            "model": Text(safe(one.run.config["model"])),
            "dataset": Text(safe(train["dataset"]) + (f" {count(train['limit'])}" if train["limit"] else "")),
            "alpha": Text(f"{train['alpha']:g}"),
            "epoch": Text(f"{epoch}/{train['epochs']}"),
            "best": Text(percent(one.best_accuracy), style="bold"),
            "ETA": Text(run_wording.time_left(one)),
            "trend": Text(run_wording.trend(run_wording.accuracies(one)), style=foreground(BLUE)),
            "age": Text(age(one.age), style="dim"),
        }
        return {field.name: _fitted(values[field.name], field) for field in FIELDS}


def _damaged_cells(one: DamagedRun) -> Cells:
    values = {"run": Text(safe(one.path.name)), "state": Text("! damaged", style="bold red")}
    return {field.name: _fitted(values.get(field.name, Text("")), field) for field in FIELDS}


def _fitted(text: Text, field: Field) -> Text:
    text.no_wrap = True
    text.truncate(field.width, overflow="ellipsis")
    if field.right:
        text.justify = "right"
    return text
