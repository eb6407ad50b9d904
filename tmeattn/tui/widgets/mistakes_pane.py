"""The texts that a run has predicted wrongly, and the heatmap of the text at the cursor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.text_table import TextTable

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.services.reader import TextReader
    from tmeattn.tui.services.run_assessments import EvaluatedRun

MOMENT = 0.15
"""Seconds that the cursor stays at a text until it is explained."""

WAITING = "Explaining the text …"


class MistakesPane(Vertical):
    """A text is explained only while the pane is shown, because the first one loads the model.

    only: a true and a predicted class, whose texts are shown; None shows all mistakes.
    """

    def __init__(self, run: RunDirectory, reader: TextReader, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.run, self.reader = run, reader
        self.only: tuple[str, str] | None = None
        self._evaluated: EvaluatedRun | None = None

    def compose(self) -> ComposeResult:
        yield TextTable(id="table")
        yield ExplanationPane(id="explained")

    @property
    def table(self) -> TextTable:
        return self.query_one(TextTable)

    def show(self, evaluated: EvaluatedRun, only: tuple[str, str] | None = None) -> None:
        """Show the mistakes of an evaluation, the most confident first, or the texts of two classes."""
        self._evaluated, self.only = evaluated, only
        rows = evaluated.mistakes(*(only or (None, None)))
        self.table.show(evaluated.texts, rows, evaluated.predictions, order="most confident", top=True)

    @property
    def chosen(self) -> tuple[str, str] | None:
        """The text at the cursor and its true class."""
        row = self.table.row
        if self._evaluated is None or row is None:
            return None
        texts = self._evaluated.texts
        return texts.texts[row], texts.classes[texts.labels_N[row]]

    @on(TextTable.Moved)
    def moved(self) -> None:
        self.explain()

    def on_show(self) -> None:
        self.explain()

    @work(exclusive=True, group="explain")
    async def explain(self) -> None:
        """Explain the text at the cursor, on the thread of the reader."""
        pane = self.query_one(ExplanationPane)
        if pane.explanation is None and self.chosen is not None:
            pane.show_message(WAITING)  # now: the first text loads the model, which leaves no time to draw
        await asyncio.sleep(MOMENT)
        if not self.display or not self.is_attached or (found := self.chosen) is None:
            return
        text, label = found
        try:
            explanation = await self.reader.explain(self.run, ExplainRequest(text, true_label=label))
        except TmeattnError as error:
            if self.is_attached:
                pane.show_message(error)
            return
        if self.is_attached:
            pane.show(text, explanation, ())
