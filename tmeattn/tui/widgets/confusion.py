"""The confusion matrix of a run on the screen: a row for each true class, a column for each predicted one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style

from tmeattn.render.console import safe_line
from tmeattn.render.numbers import count, percent
from tmeattn.render.palette import LEVELS, heat_style
from tmeattn.tui.themes import heat_colours
from tmeattn.tui.widgets.cell_grid import CellGrid

if TYPE_CHECKING:
    from tmeattn.evaluation.document import EvaluationDocument

LONGEST_NAME = 18
AFTER = 26
"""Cells for the recall at the end of a row."""
LEAST_LEVEL = 1
"""The level of a confusion that occurs, however rare it is."""


class ConfusionView(CellGrid):
    """Numbers of texts, or their shares of the true class. Mistakes are coloured by their share of the true class.

    shares: whether shares in percent are shown in place of numbers.
    """

    AXES = ("true ↓", "predicted →")

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shares = False
        self.classes_shown: list[str] = []
        self._counts: list[list[int]] = []
        self._totals: list[int] = []

    def show(self, result: EvaluationDocument) -> None:
        """Show the matrix of an evaluation, with the cursor at the most frequent mistake."""
        rows = result["confusion"]
        self.classes_shown = list(rows)
        self._counts = [[row.get(name, 0) for name in self.classes_shown] for row in rows.values()]
        self._totals = [sum(row) for row in self._counts]
        wrong = [
            (number, at, column)
            for at, row in enumerate(self._counts)
            for column, number in enumerate(row)
            if at != column
        ]
        _, row, column = max(wrong, key=lambda one: (one[0], -one[1], -one[2]), default=(0, 0, 0))
        self.put(row, column)

    @property
    def chosen(self) -> tuple[str, str, int, int, int] | None:
        """The true and the predicted class at the cursor, the number of their texts, those of the true class, and those
        with this prediction."""
        if not self.classes_shown:
            return None
        row, column = self.at
        predicted = sum(each[column] for each in self._counts)
        number = self._counts[row][column]
        return self.classes_shown[row], self.classes_shown[column], number, self._totals[row], predicted

    def switch(self) -> None:
        """Show shares in place of numbers, or numbers again."""
        self.shares = not self.shares
        self.follow()

    @property
    def row_names(self) -> Sequence[str]:
        return self.classes_shown

    @property
    def column_names(self) -> Sequence[str]:
        return self.classes_shown

    @property
    def cell_width(self) -> int:
        return self._named_width if self._is_wide else self._least_width

    @property
    def _least_width(self) -> int:
        return 7 if self.shares else max(4, 2 + max((len(count(total)) for total in self._totals), default=0))

    @property
    def _named_width(self) -> int:
        return max(self._least_width, 2 + max((cell_len(safe_line(name)) for name in self.classes_shown), default=0))

    @property
    def _is_wide(self) -> bool:
        """Whether all columns fit with their names on one line."""
        return self._named_width * len(self.classes_shown) <= self.room()[1] - AFTER

    def header_lines(self, names: list[str]) -> list[str]:
        if not self._is_wide:
            return super().header_lines(names)
        return ["".join(f"{safe_line(name)} ".rjust(self.cell_width) for name in names)]

    @property
    def label(self) -> int:
        longest = max((cell_len(safe_line(name)) for name in self.classes_shown), default=0)
        return min(LONGEST_NAME, max(longest, 6), max(6, self.size.width // 3))

    def cell(self, row: int, column: int) -> tuple[str, Style]:
        number, total = self._counts[row][column], self._totals[row]
        share = number / total if total else 0.0
        text = (f"{100 * share:.1f}" if number else "") if self.shares else (count(number) if number else "·")
        level = max(LEAST_LEVEL, round(share * LEVELS)) if number else 0
        if not self.has_colour:
            text = f"{text}!" if number and row != column and level > LEVELS // 4 else text
            return text.rjust(self.cell_width), Style(bold=row == column)
        style = heat_style(-level if row == column else level, heat_colours(self.app.theme))
        return f"{text} ".rjust(self.cell_width), style

    def after_row(self, row: int) -> str:
        total = self._totals[row]
        return f"  {percent(self._counts[row][row] / total)} of {count(total)} correct" if total else "  no text"
