"""What is chosen on the Data screen: the split, the texts that fit, and their order."""

from __future__ import annotations

from textual import on
from textual.widgets import Input

from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services.dataset_view import ALL, PAIRS, Order, SplitTexts, TextFilter, pair_of
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.choice import Choice
from tmeattn.tui.widgets.text_table import TextTable


class TextChoices(BaseScreen):
    """The choices and the actions that change them. Subclasses show the texts that fit, in `apply_filter`.

    splits: the splits of the open dataset, by name.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.splits: dict[str, SplitTexts] = {}

    def apply_filter(self) -> None:
        """Show the texts that fit the choices."""
        raise NotImplementedError

    @property
    def table(self) -> TextTable:
        return self.query_one(TextTable)

    def choice(self, name: str) -> Choice:
        return self.query_one(f"#{name}", Choice)

    @property
    def texts(self) -> SplitTexts | None:
        """The split on the screen; None before a dataset has been read."""
        return self.splits.get(str(self.choice("split").value))

    @property
    def text_filter(self) -> TextFilter:
        """The filter that the choices and the search field give."""
        return TextFilter(
            label=self.choice("label").value,
            prediction=self.choice("prediction").value or "any",
            confidence=self.choice("confidence").value or ALL,
            length=self.choice("length").value or ALL,
            search=self.query_one(Input).value,
            order=self.choice("order").value,
        )

    def action_search(self) -> None:
        self.query_one(Input).focus()

    @on(TextTable.ColumnChosen)
    def column_chosen(self, event: TextTable.ColumnChosen) -> None:
        self._sort_by(event.order)

    def action_order(self) -> None:
        now = PAIRS.index(pair_of(self.choice("order").value))
        self._sort(PAIRS[(now + 1) % len(PAIRS)][0])

    def action_reverse(self) -> None:
        self._sort_by(self.choice("order").value)

    def _sort_by(self, column: Order) -> None:
        """Sort by the column of an order; where the texts are sorted by it already, reverse the order."""
        first, reverse = pair_of(column)
        self._sort(reverse if self.choice("order").value == first else first)

    def _sort(self, order: Order) -> None:
        self.choice("order").value = order
        self.apply_filter()

    def action_mistakes(self) -> None:
        prediction = self.choice("prediction")
        prediction.value = None if prediction.value == "wrong" else "wrong"
        self.apply_filter()

    def action_reset(self) -> None:
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        for name in ("label", "prediction", "confidence", "length", "order"):
            self.choice(name).value = None
        self.apply_filter()
