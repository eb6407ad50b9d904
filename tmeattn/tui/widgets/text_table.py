"""A table of many texts, which renders only the visible lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import shortened
from tmeattn.render.text_layout import with_line_breaks
from tmeattn.tui.services.dataset_view import Order, pair_of
from tmeattn.tui.widgets.cursor_lines import CursorLines

if TYPE_CHECKING:
    from tmeattn.tui.services.dataset_view import Predictions, SplitTexts

BEFORE = 24
"""Characters shown before the first match of the search."""
COLUMNS: tuple[tuple[str, Order], ...] = (
    ("no.", "file"),
    ("label", "label"),
    ("predicted", "least confident"),
    ("words", "shortest"),
    ("text", "A to Z"),
)
"""The columns, each with the order of texts by it."""
LONGEST_CLASS = 10
"""Columns for the name of a class."""


class TextTable(CursorLines, can_focus=True):
    """Number, label, prediction, length and beginning of each text; the first line names the columns."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"texttable--cursor"}

    class Moved(Message):
        """The cursor is at another text, or other texts are visible."""

        def __init__(self, table: TextTable) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> TextTable:
            return self.table

    class Opened(Moved):
        """The user double-clicked a text."""

    class ColumnChosen(Message):
        """The name of a column was clicked. order: the order by this column, its least values first."""

        def __init__(self, order: Order) -> None:
            super().__init__()
            self.order = order

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.texts: SplitTexts | None = None
        self.rows = np.zeros(0, dtype=np.int64)
        self.predictions: Predictions | None = None
        self.search = ""
        self.order: Order = "file"

    @property
    def line_count(self) -> int:
        return len(self.rows)

    @property
    def row(self) -> int | None:
        """The position in the split of the text at the cursor; None if no text is shown."""
        return int(self.rows[self.cursor]) if self.cursor < len(self.rows) else None

    @property
    def visible_rows(self) -> Sequence[int]:
        """The positions of the visible texts in the split, that of the cursor first."""
        top = self.scroll_offset.y
        visible = [int(row) for row in self.rows[top : top + max(1, self.size.height - 1)]]
        return visible if self.row is None else list(dict.fromkeys([self.row, *visible]))

    def show(
        self,
        texts: SplitTexts | None,
        rows: np.ndarray,
        predictions: Predictions | None,
        search: str = "",
        order: Order = "file",
        *,
        top: bool = False,
    ) -> None:
        """Show these rows of a split. The cursor stays at its text if that is among them and `top` is not set."""
        before = self.row if texts is self.texts and not top else None
        self.texts, self.rows, self.predictions, self.search = texts, rows, predictions, search
        self.order = order
        at = np.flatnonzero(rows == before) if before is not None else rows[:0]
        self.virtual_size = Size(self.scrollable_content_region.width, len(rows) + 1)
        self.cursor = int(at[0]) if len(at) else 0
        self.follow_cursor()
        self.refresh()
        self.post_message(self.Moved(self))

    def render_line(self, y: int) -> Strip:
        base, width = self.rich_style, self.size.width
        if self.texts is None:
            return Strip.blank(width, base)
        if y == 0:
            return Strip([Segment(self._line(*self._names()), base + Style(bold=True))])
        position = self.line_at(y)
        if position >= len(self.rows):
            return Strip.blank(width, base)
        row = int(self.rows[position])
        style = base
        if position == self.cursor:
            style += self.get_component_rich_style("texttable--cursor")
        predicted = self._predicted(row)
        label = safe_line(self.texts.classes[self.texts.labels_N[row]])
        words = f"{self.texts.words_N[row]:,}"
        return Strip([Segment(self._line(f"{row:,}", label, predicted, words, self._beginning(row)), style)])

    def _names(self) -> list[str]:
        """The names of the columns; an arrow marks the one that the texts are sorted by."""
        first, _ = pair_of(self.order)
        arrow = "▲" if self.order == first else "▼"
        marked = "predicted" if first == "worst errors" else next(name for name, by in COLUMNS if by == first)
        return [f"{name}{arrow}" if name == marked else name for name, _ in COLUMNS]

    def _column_at(self, x: int) -> Order | None:
        """The order by the column at this place of the first line."""
        line, end = self._line(*self._names()), 0
        for name, order in COLUMNS:
            end = line.index(name, end) + len(name) + 1
            if x < end or name == "text":
                return order
        return None

    def _line(self, number: str, label: str, predicted: str, words: str, text: str) -> str:
        if self.texts is None:
            return ""
        name = min(LONGEST_CLASS, max(6, *(len(name) for name in self.texts.classes)))
        cells = _sized(label, name), _sized(predicted, max(name + 7, 10))
        fixed = f"{number:>7}  {cells[0]}  {cells[1]}  {words:>6}  "
        return _sized(fixed + text, self.scrollable_content_region.width)  # the scroll bar hides the rest

    def _predicted(self, row: int) -> str:
        """The prediction as "✓ positive 97 %"; empty if the run has not predicted the text."""
        if self.predictions is None or np.isnan(self.predictions.probabilities_NC[row, 0]) or self.texts is None:
            return ""
        best = int(self.predictions.probabilities_NC[row].argmax())
        name = self.predictions.classes[best]
        right = name == self.texts.classes[self.texts.labels_N[row]]
        share = min(99, round(100 * float(self.predictions.probabilities_NC[row, best])))
        mark = ("✓" if right else "✗") if self.predictions.comparable else " "
        return f"{mark} {shortened(safe_line(name), LONGEST_CLASS)} {share} %"

    def _beginning(self, row: int) -> str:
        """The beginning of a text, or the part of it around the first match of the search."""
        text = self.texts.texts[row] if self.texts else ""
        at = text.lower().find(self.search.lower()) if self.search else 0
        start = max(0, at - BEFORE)
        part = " ".join(safe(with_line_breaks(text[start : start + 4 * max(1, self.size.width)])).split())
        return f"…{part}" if start else part

    def on_resize(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self.rows) + 1)
        self.follow_cursor()
        self.refresh()
        self.post_message(self.Moved(self))

    def watch_cursor(self) -> None:
        self.follow_cursor()
        self.refresh()
        self.post_message(self.Moved(self))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.post_message(self.Moved(self))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        position = self.line_at(event.y)
        if not event.y and self.texts is not None and (order := self._column_at(event.x)):
            self.post_message(self.ColumnChosen(order))
        if event.y and position < len(self.rows):
            self.cursor = position
            if event.chain == 2:
                self.post_message(self.Opened(self))


def _sized(text: str, cells: int) -> str:
    """A text in so many terminal cells: filled up, or cut with an ellipsis."""
    return set_cell_size(shortened(text, cells), cells)
