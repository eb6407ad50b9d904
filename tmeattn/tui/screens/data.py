"""The Data screen: the texts of a dataset with the predictions of a run, filtered, sorted and searched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
from rich.console import RenderableType
from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from tmeattn.config import TrainOptions
from tmeattn.errors import TmeattnError
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.render.text_layout import with_line_breaks
from tmeattn.runs import watched_texts
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import DatasetSpec
from tmeattn.tui import keys
from tmeattn.tui.messages import GoBack, OpenExplain, ShowProblem
from tmeattn.tui.screens.text_choices import TextChoices
from tmeattn.tui.services.dataset_view import (
    Predictions,
    SplitTexts,
    TextFilter,
    balanced,
    candidates,
    filtered,
    open_texts,
)
from tmeattn.tui.services.reader import readable_runs
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.choice import Choice, Offer
from tmeattn.tui.widgets.filters import ANY, NOTHING, Filters
from tmeattn.tui.widgets.scroll_pane import ScrollPane
from tmeattn.tui.widgets.text_table import TextTable
from tmeattn.tui.wording import dataset as wording

PAUSE = 0.3
"""Seconds without a key until a search begins."""
MOMENT = 0.2
"""Seconds that texts are visible until the run predicts them."""
NOT_WATCHING = "No run can watch the text. Open a run that is trained or can be resumed, and come back."
DEFAULT_DATASET: str = TrainOptions.model_fields["dataset"].default


class DataScreen(TextChoices):
    """Choices, the table of the texts that fit them, and the whole text at the cursor.

    The selected run predicts the visible texts; it predicts a whole split only where a choice needs that, or the user
    asks for it. Right predictions are counted only where all texts shown are predicted.
    """

    mode = place = "data"
    AUTO_FOCUS = "TextTable"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("data")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012  # the base class declares an instance's

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.run: RunDirectory | None = None
        self.runs: dict[str, RunDirectory] = {}
        self.predictions: Predictions | None = None
        self.statistics_shown = False
        self.filtering = False
        self._evaluates = False
        self._reads_all = False
        self._opened_on_table = True
        self._order = "file"
        self._shown_text: object = None

    def body(self) -> Iterable[Widget]:
        yield Filters([(spec.name, spec.name) for spec in registry().all(DatasetSpec)])
        yield Horizontal(
            Label("search"),
            Input(id="search", compact=True, placeholder="part of a text"),
            Static(id="summary", markup=False),
            id="search-line",
        )
        yield Static(id="message", markup=False)
        yield Horizontal(TextTable(), ScrollPane(Static(id="whole-text"), id="text"), id="body")

    def on_screen_resume(self) -> None:
        self._find_runs()

    def on_screen_suspend(self) -> None:
        """Cancel the predictions of a screen that is not visible; they continue when the screen comes back."""
        self.workers.cancel_group(self, "filter")
        self.workers.cancel_group(self, "predict")

    @work(exclusive=True, group="runs")
    async def _find_runs(self) -> None:
        """Find the runs that exist. A run that another screen selected opens its dataset."""
        found = await asyncio.to_thread(readable_runs)
        if self._is_closed():
            return
        selected = self.session.selected_run
        if selected is not None and selected.id not in [run.id for run, _ in found]:
            found.insert(0, (selected, "no checkpoint"))
        self.runs = {run.id: run for run, _ in found}
        offers: list[Offer] = [(f"{run.id}  {name}".rstrip(), run.id) for run, name in found]
        self.choice("run").offer([NOTHING, *offers], selected.id if selected else None)
        changed = selected is not None and (self.run is None or selected.path != self.run.path)
        self.run = selected
        dataset = selected.config["train"]["dataset"] if changed and selected else None
        if dataset is None and not self.splits:
            dataset = DEFAULT_DATASET
        if dataset is not None:
            self._open(dataset)
        else:
            self._apply_filter(0)

    @work(exclusive=True, group="open")
    async def _open(self, dataset: str) -> None:
        """Read a dataset, unless it is the open one."""
        if dataset != (self.texts.dataset if self.texts else None):
            names: list[Offer] = [(spec.name, spec.name) for spec in registry().all(DatasetSpec)]
            if dataset not in [name for name, _ in names]:
                names.append((dataset, dataset))
            self.choice("dataset").offer(names, dataset)
            on_table = self.focused in (None, self.table)
            self._show_message(f"Reading {safe(dataset)} …")
            own = self.run if self.run and self.run.config["train"]["dataset"] == dataset else None
            try:
                self.splits = await asyncio.to_thread(open_texts, dataset, own)
            except TmeattnError as error:
                self.splits = {}
                self._show_message(safe(str(error)))
                return
            if self._is_closed():
                return
            splits: list[Offer] = [(name, name) for name in self.splits]
            self.choice("split").offer(splits, "validation")
            classes = next(iter(self.splits.values())).classes
            self.choice("label").offer([ANY, *((name, index) for index, name in enumerate(classes))])
            self._opened_on_table = on_table
        self._apply_filter(0)

    def apply_filter(self) -> None:
        self._apply_filter(0)

    def _show_message(self, what: str) -> None:
        """Show one line in place of the texts."""
        self.query_one("#message", Static).update(what)
        self.query_one("#summary", Static).update("")
        self.add_class("-message")

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
        self._show_text()
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
        self._show_text()
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

    @work(exclusive=True, group="text")
    async def _show_text(self) -> None:
        """Show the whole text at the cursor, or the statistics."""
        whole = self.query_one("#whole-text", Static)
        row = self.table.row
        if self.statistics_shown:
            whole.update(await asyncio.to_thread(self._statistics))
        elif self.texts is None or row is None:
            whole.update(Text("Searching …" if self.filtering else "No text fits.", style="italic"))
        else:
            whole.update(Text(safe(with_line_breaks(self.texts.texts[row]))))
        shown = (self.texts, row, self.statistics_shown)
        if shown != self._shown_text:
            self._shown_text = shown
            self.query_one("#text", ScrollPane).scroll_home(animate=False)

    def _statistics(self) -> RenderableType:
        return wording.statistics(self.splits, self.texts, self.predictions, self._key("data.evaluate"))

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.choice.value = event.value  # the runs that exist may have been offered since
        if event.choice.id == "dataset":
            self._open(str(event.value))
            return
        if event.choice.id == "run":
            self.run = self.runs.get(str(event.value))
            if self.run is not None:
                self.session.selected_run = self.run
        self._apply_filter(0)

    def on_input_changed(self) -> None:
        self._apply_filter(PAUSE)

    def on_input_submitted(self) -> None:
        self.table.focus()

    def on_text_table_opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        row, texts = self.table.row, self.texts
        if texts is not None and row is not None:
            label = texts.classes[texts.labels_N[row]] if self._comparable else None
            self.post_message(OpenExplain(texts.texts[row], run=self.run, true_label=label))

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

    def action_watch(self) -> None:
        """Put the selected text on the watch list of the run that was opened last."""
        row, texts, run = self.table.row, self.texts, self.session.watching_run()
        if texts is None or row is None:
            return
        if run is None:
            self.post_message(ShowProblem(NOT_WATCHING))
            return
        label = texts.classes[texts.labels_N[row]]
        try:
            watched_texts.add(run, texts.texts[row], label if label in run.data["classes"] else None)
        except TmeattnError as error:
            self.post_message(ShowProblem(error))
        else:
            self.notify(safe(f"Text {row:,} is on the watch list of {run.name or run.id}."), markup=False)

    def action_statistics(self) -> None:
        self.statistics_shown = not self.statistics_shown
        self.set_class(self.statistics_shown, "-statistics")
        self._show_text()

    def action_back(self) -> None:
        """Leave the search field, or go back to the runs."""
        if self.table.has_focus or self.has_class("-message"):
            self.post_message(GoBack())
        else:
            self.table.focus()
