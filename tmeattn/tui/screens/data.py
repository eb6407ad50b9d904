"""The Data screen: the texts of a dataset with the predictions of a run, filtered, sorted and searched."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

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
from tmeattn.tui.screens.predicted_texts import PredictedTexts
from tmeattn.tui.services.dataset_view import open_texts
from tmeattn.tui.services.reader import readable_runs
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.choice import Choice, Offer
from tmeattn.tui.widgets.filters import ANY, NOTHING, Filters
from tmeattn.tui.widgets.scroll_pane import ScrollPane
from tmeattn.tui.widgets.text_table import TextTable
from tmeattn.tui.wording import dataset as wording

PAUSE = 0.3
"""Seconds without a key until a search begins."""
NOT_WATCHING = "No run can watch the text. Open a run that is trained or can be resumed, and come back."
DEFAULT_DATASET: str = TrainOptions.model_fields["dataset"].default


class DataScreen(PredictedTexts):
    """Choices, the table of the texts that fit them, and the whole text at the cursor."""

    mode = place = "data"
    AUTO_FOCUS = "TextTable"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("data")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012  # the base class declares an instance's

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.runs: dict[str, RunDirectory] = {}
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

    def _show_message(self, what: str) -> None:
        """Show one line in place of the texts."""
        self.query_one("#message", Static).update(what)
        self.query_one("#summary", Static).update("")
        self.add_class("-message")

    def show_text(self) -> None:
        self._draw_text()

    @work(exclusive=True, group="text")
    async def _draw_text(self) -> None:
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
        self.show_text()

    def action_back(self) -> None:
        """Leave the search field, or go back to the runs."""
        if self.table.has_focus or self.has_class("-message"):
            self.post_message(GoBack())
        else:
            self.table.focus()
