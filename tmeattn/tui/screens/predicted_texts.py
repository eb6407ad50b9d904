"""What the run predicts of the texts on the Data screen, and which texts that leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from textual import work
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import keys
from tmeattn.tui.messages import ShowProblem
from tmeattn.tui.screens.text_choices import TextChoices
from tmeattn.tui.services.dataset_view import Predictions, SplitTexts, TextFilter, balanced, candidates, filtered
from tmeattn.tui.session import Session
from tmeattn.tui.wording import dataset as wording

MOMENT = 0.2
"""Seconds that texts are visible until the run predicts them."""


class PredictedTexts(TextChoices):
    """The selected run predicts the visible texts; it predicts a whole split only where a choice needs that, or the
    user asks for it. Right predictions are counted only where all texts shown are predicted.

    run:         the selected run; None without one.
    predictions: those of the texts on the screen; None while there are none.
    filtering:   whether the texts that fit the choices are being looked for.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.run: RunDirectory | None = None
        self.predictions: Predictions | None = None
        self.statistics_shown = False
        self.filtering = False
        self._evaluates = False
        self._reads_all = False
        self._opened_on_table = True
        self._order = "file"

    def show_text(self) -> None:
        """Show the text at the cursor."""
        raise NotImplementedError

    def apply_filter(self) -> None:
        self._apply_filter(0)

    @work(exclusive=True, group="filter")
    async def _apply_filter(self, pause: float) -> None:
        """Show the texts that fit the choices. While the run predicts all texts, show those that fit so far."""
        await asyncio.sleep(pause)
        if self._is_closed():
            return
        texts, text_filter = self.texts, self.text_filter
        if texts is None:
            return
        self.filtering = True  # until the end: every cancellation applies a filter again
        self.show_text()
        rows = await asyncio.to_thread(candidates, texts, text_filter)
        self.predictions = None
        if self.table.texts is not texts and not text_filter.needs_predictions:
            self._show(texts, text_filter, rows)
            if self.run is not None:
                self.query_one("#summary", Static).update(wording.while_loading(texts, rows, self.run))
        if self.run is not None:
            try:
                self.predictions = await self._predict(texts, [])
                if text_filter.needs_predictions or self._evaluates:
                    self._evaluates = False
                    self._note_reading(True)
                    self._progress(texts, text_filter, rows, 0, 0)
                    progress = partial(self._progress, texts, text_filter, rows)
                    self.predictions = await self._predict(texts, balanced(texts, rows).tolist(), progress)
            except TmeattnError as error:
                self.post_message(ShowProblem(error))
        elif text_filter.needs_predictions or self._evaluates:
            self._evaluates = False
            self.post_message(ShowProblem("There are no predictions without a run: choose a run first."))
        rows = await asyncio.to_thread(filtered, texts, text_filter, rows, self.predictions)
        self.filtering = False
        self._note_reading(False)
        self._show(texts, text_filter, rows)
        self._show_summary()

    def _note_reading(self, reads_all: bool) -> None:
        """Note whether the run predicts all texts: the foot of the screen has the key that stops it."""
        self._reads_all = reads_all
        self.refresh_footer(reads_all)

    def is_applicable(self, action: str) -> bool:
        return self._reads_all if action == "stop" else not (self._reads_all and action == "evaluate")

    def _show(self, texts: SplitTexts, text_filter: TextFilter, rows: np.ndarray) -> None:
        """Show these rows. A cursor on the first text stays on the first row, any other cursor stays on its text."""
        if self.has_class("-message"):
            self.remove_class("-message")
            if self._opened_on_table:  # while that was hidden, another widget got the focus
                self.table.focus()
        top = text_filter.order != self._order or not self.table.cursor
        self.table.show(texts, rows, self.predictions, text_filter.search, text_filter.order, top=top)
        self._order = text_filter.order

    async def _predict(
        self, texts: SplitTexts, rows: Sequence[int], progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Predictions | None:
        if self.run is None:
            return None
        capabilities = await self.session.reader.capabilities(self.run)
        key = f"{texts.key}/{texts.fingerprint}"
        probabilities_NC = await self.session.reader.predict(self.run, key, texts.texts, rows, progress)
        return Predictions(capabilities.classes, probabilities_NC, comparable=self._comparable)

    @property
    def _comparable(self) -> bool:
        """Whether the labels on the screen are those that the run was trained on."""
        return self.texts is None or self.run is None or self.texts.are_of(self.run)

    def _progress(self, texts: SplitTexts, text_filter: TextFilter, rows: np.ndarray, done: int, total: int) -> None:
        """Show the texts that fit so far. `predictions` is filled while the run predicts."""
        hits = filtered(texts, text_filter, rows, self.predictions)
        self._show(texts, text_filter, hits)
        found = len(hits) if text_filter.needs_predictions else None
        self.query_one("#summary", Static).update(wording.progress(done, total, found, self._key("data.stop")))

    def _show_summary(self) -> None:
        texts = self.texts
        if texts is None or self.filtering:
            return
        line = wording.summary(
            *(texts, self.table.rows, self.predictions if self.text_filter.prediction == "any" else None),
            comparable=self._comparable,
            key=self._key("data.evaluate"),
            warnings_key="" if self.statistics_shown else self._key("data.statistics"),
        )
        self.query_one("#summary", Static).update(line)

    def _key(self, action: str) -> str:
        return keys.display_for(action, self.session.saved.keys)

    def on_text_table_moved(self) -> None:
        self.show_text()
        self._predict_visible()

    @work(exclusive=True, group="predict")
    async def _predict_visible(self) -> None:
        """Predict the visible texts."""
        await asyncio.sleep(MOMENT)
        if self._is_closed():
            return
        texts, seen = self.texts, self.table.visible_rows
        if texts is None or self.table.texts is not texts or not seen or self.filtering:
            return
        try:
            self.predictions = self.table.predictions = await self._predict(texts, seen)
        except TmeattnError:  # shown when the filter was applied
            return
        self.table.refresh()
        self._show_summary()

    def action_evaluate(self) -> None:
        """Predict all texts that fit the choices, and show the share that is right."""
        self._evaluates = True
        self._apply_filter(0)

    def action_stop(self) -> None:
        """Stop the predictions of all texts, and clear the choices that need them."""
        if self._reads_all:
            self._note_reading(False)
            self.workers.cancel_group(self, "filter")
            for name in ("prediction", "confidence", "order"):
                self.choice(name).value = None
            self._apply_filter(0)
