"""The table of runs. Cells change in place, so that only new values are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.widgets import DataTable

from tmeattn.render.console import safe
from tmeattn.render.numbers import count, percent
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


class RunTable(DataTable[Text]):
    """One row for each run, keyed by its id. `show` updates the rows."""

    def __init__(self) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, cell_padding=1)
        self.marked: list[str] = []
        self._fields: list[Field] = []
        self._shown: dict[str, list[Text]] = {}

    def show(self, runs: Sequence[RunState], damaged: Iterable[DamagedRun], width: int) -> None:
        """Update the rows; the cursor stays on its run."""
        fields = [field for field in FIELDS if field.least <= width]
        cells = {one.run.id: self._cells(one, fields) for one in runs}
        cells |= {one.path.name: _damaged_cells(one, fields) for one in damaged}
        if fields != self._fields or list(cells) != list(self._shown):
            self._rebuild(fields, cells)
        else:
            for run, row in cells.items():
                for field, new, old in zip(fields, row, self._shown[run], strict=True):
                    if new != old:
                        self.update_cell(run, field.name, new)
        self._fields, self._shown = fields, cells

    def _rebuild(self, fields: list[Field], cells: dict[str, list[Text]]) -> None:
        selected = self.selected
        self.clear(columns=True)
        for field in fields:
            label = Text(field.name, justify="right" if field.right else "left")
            self.add_column(label, key=field.name, width=field.width)
        for run, row in cells.items():
            self.add_row(*row, key=run)
        if selected in cells:
            self.move_cursor(row=self.get_row_index(selected), scroll=False)

    @property
    def selected(self) -> str | None:
        """The id of the run under the cursor."""
        if not self.row_count or not self.is_valid_coordinate(self.cursor_coordinate):
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def _cells(self, one: RunState, fields: Sequence[Field]) -> list[Text]:
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
            "age": Text(run_wording.ago(one.age), style="dim"),
        }
        return [_fitted(values[field.name], field) for field in fields]


def _damaged_cells(one: DamagedRun, fields: Sequence[Field]) -> list[Text]:
    values = {"run": Text(safe(one.path.name)), "state": Text("! damaged", style="bold red")}
    return [_fitted(values.get(field.name, Text("")), field) for field in fields]


def _fitted(text: Text, field: Field) -> Text:
    text.no_wrap = True
    text.truncate(field.width, overflow="ellipsis")
    if field.right:
        text.justify = "right"
    return text
