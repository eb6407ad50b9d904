"""The screen Data: the texts of a dataset, by label, by what a run makes of them, by length, by a word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar

import numpy as np
from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from tmeattn.config import TrainOptions
from tmeattn.errors import TmeattnError
from tmeattn.registry import registry
from tmeattn.render.console import safe
from tmeattn.render.numbers import count, percent
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import DatasetSpec
from tmeattn.tui import keys
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services.dataset_view import ALL, Predictions, SplitTexts, TextFilter, candidates, chosen, open_texts
from tmeattn.tui.services.reader import readable_runs
from tmeattn.tui.widgets.choice import Choice, Offer
from tmeattn.tui.widgets.filters import ANY, NOTHING, Filters
from tmeattn.tui.widgets.text_table import TextTable
from tmeattn.tui.wording.dataset import statistics

PAUSE = 0.3
"""Seconds without a key until a search begins."""
MOMENT = 0.2
"""Seconds that texts are in sight until the run is asked about them."""
DEFAULT_DATASET: str = TrainOptions.model_fields["dataset"].default


class DataScreen(BaseScreen):
    """Choices, the texts that fit them, and the whole of the one at the cursor.

    Texts that are seen are predicted by the selected run; all of a split only where a choice cannot do without.
    """

    mode = "data"
    AUTO_FOCUS = "TextTable"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("data")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012  # the base class calls it an instance's

    def __init__(self) -> None:
        super().__init__()
        self.run: RunDirectory | None = None
        self.runs: dict[str, RunDirectory] = {}
        self.splits: dict[str, SplitTexts] = {}
        self.predictions: Predictions | None = None
        self.counts = False
        self.looking = False
        self._order = "file"
        self._told: object = None

    def body(self) -> Iterable[Widget]:
        yield Filters([(spec.name, spec.name) for spec in registry().all(DatasetSpec)])
        yield Horizontal(
            Label("search"),
            Input(id="search", compact=True, placeholder="anything that stands in a text"),
            Static(id="found", markup=False),
            id="search-line",
        )
        yield Static(id="said", markup=False)
        yield Horizontal(TextTable(), VerticalScroll(Static(id="whole"), id="text"), id="body")

    @property
    def table(self) -> TextTable:
        return self.query_one(TextTable)

    def choice(self, name: str) -> Choice:
        return self.query_one(f"#{name}", Choice)

    @property
    def texts(self) -> SplitTexts | None:
        """The split that is shown."""
        return self.splits.get(str(self.choice("split").value))

    @property
    def wanted(self) -> TextFilter:
        """What the choices say."""
        return TextFilter(
            label=self.choice("label").value,
            answer=self.choice("answer").value or "any",
            certainty=self.choice("certainty").value or ALL,
            words=self.choice("words").value or ALL,
            search=self.query_one(Input).value,
            order=self.choice("order").value,
        )

    def on_screen_resume(self) -> None:
        self._look()

    def on_screen_suspend(self) -> None:
        """What nobody sees is not worth the work; it goes on where it stopped when the screen comes back."""
        self.workers.cancel_group(self, "fit")
        self.workers.cancel_group(self, "seen")

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        """See which runs there are; a run that another screen selected brings its dataset."""
        found = await asyncio.to_thread(readable_runs)
        selected = self.tmeattn.selected_run
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
            self._fit(0)

    @work(exclusive=True, group="open")
    async def _open(self, dataset: str) -> None:
        """Read a dataset, unless it is the one that is shown."""
        if dataset != (self.texts.dataset if self.texts else None):
            names: list[Offer] = [(spec.name, spec.name) for spec in registry().all(DatasetSpec)]
            if dataset not in [name for name, _ in names]:
                names.append((dataset, dataset))
            self.choice("dataset").offer(names, dataset)
            on_table = self.focused in (None, self.table)
            self._say(f"Reading {safe(dataset)} …")
            own = self.run if self.run and self.run.config["train"]["dataset"] == dataset else None
            try:
                self.splits = await asyncio.to_thread(open_texts, dataset, own)
            except TmeattnError as error:
                self.splits = {}
                self._say(safe(str(error)))
                return
            splits: list[Offer] = [(name, name) for name in self.splits]
            self.choice("split").offer(splits, "validation")
            classes = next(iter(self.splits.values())).classes
            self.choice("label").offer([ANY, *((name, index) for index, name in enumerate(classes))])
            self.remove_class("-silent")
            if on_table:  # while that was hidden, another widget got the focus
                self.table.focus()
        self._fit(0)

    def _say(self, what: str) -> None:
        """One line in place of the texts."""
        self.query_one("#said", Static).update(what)
        self.query_one("#found", Static).update("")
        self.add_class("-silent")

    @work(exclusive=True, group="fit")
    async def _fit(self, pause: float) -> None:
        """Show the texts that fit the choices; where these ask the run, hits are shown as they come."""
        await asyncio.sleep(pause)
        texts, wanted = self.texts, self.wanted
        if texts is None:
            return
        self.looking = True  # until the end: whoever cancels this looks anew
        self._tell_text()
        rows = await asyncio.to_thread(candidates, texts, wanted)
        self.predictions = None
        if self.table.texts is not texts and not wanted.asks_run:
            self._show(texts, wanted, rows)  # while the model is loaded
        if self.run is not None:
            try:
                self.predictions = await self._predict(texts, [])
                if wanted.asks_run:
                    self._progress(texts, wanted, rows, 0, 0)
                    told = partial(self._progress, texts, wanted, rows)
                    self.predictions = await self._predict(texts, rows.tolist(), told)
            except TmeattnError as error:
                self.notify(safe(str(error)), severity="warning", markup=False)
        elif wanted.asks_run:
            self.notify("No run is chosen, so nothing is known of answers.", severity="warning", markup=False)
        rows = await asyncio.to_thread(chosen, texts, wanted, rows, self.predictions)
        self.looking = False
        self._show(texts, wanted, rows)
        self._tell_found()

    def _show(self, texts: SplitTexts, wanted: TextFilter, rows: np.ndarray) -> None:
        """These rows; who stood at the top stays there, and who has gone down stays at the text."""
        top = wanted.order != self._order or not self.table.cursor
        self.table.show(texts, rows, self.predictions, wanted.search, top=top)
        self._order = wanted.order

    async def _predict(
        self, texts: SplitTexts, rows: Sequence[int], progress: Callable[[int, int], None] = lambda done, total: None
    ) -> Predictions | None:
        if self.run is None:
            return None
        able = await self.tmeattn.reader.abilities(self.run)
        return Predictions(
            able.classes, await self.tmeattn.reader.predict(self.run, texts.key, texts.texts, rows, progress)
        )

    def _progress(self, texts: SplitTexts, wanted: TextFilter, rows: np.ndarray, done: int, total: int) -> None:
        """What fits of the texts predicted so far. `predictions` is filled while the run is asked."""
        hits = chosen(texts, wanted, rows, self.predictions)
        self._show(texts, wanted, hits)
        told = f"{count(len(hits))} found so far" if len(hits) else "none found so far"
        if total:
            told = f"{count(done)} of {count(total)} predicted, {told}"
        escape = keys.shown_for("data.back", self.tmeattn.state.keys)
        self.query_one("#found", Static).update(f"{told}, {escape} stops")

    def _tell_found(self) -> None:
        """How many texts are shown, and how many of those that were predicted are right."""
        texts, shown = self.texts, self.table.rows
        if texts is None or self.looking:
            return
        line = f"{count(len(shown))} of {count(len(texts))} texts"
        if self.predictions is not None:
            known = self.predictions.known()[shown]
            if (total := int(known.sum())) and self.wanted.answer == "any":
                right = int((self.predictions.right(texts)[shown] & known).sum())
                line += f", {percent(right / total)} of {count(total)} right{'' if known.all() else ' so far'}"
        self.query_one("#found", Static).update(line)

    def on_text_table_moved(self) -> None:
        self._tell_text()
        self._read_seen()

    @work(exclusive=True, group="seen")
    async def _read_seen(self) -> None:
        """Ask the run about the texts in sight."""
        await asyncio.sleep(MOMENT)
        texts, seen = self.texts, self.table.seen
        if texts is None or self.table.texts is not texts or not seen or self.looking:
            return
        try:
            self.predictions = self.table.predictions = await self._predict(texts, seen)
        except TmeattnError:  # said when the texts were chosen
            return
        self.table.refresh()
        self._tell_found()

    @work(exclusive=True, group="tell")
    async def _tell_text(self) -> None:
        """The whole text at the cursor, or the statistics."""
        whole = self.query_one("#whole", Static)
        row = self.table.row
        if self.counts:
            whole.update(await asyncio.to_thread(statistics, self.splits, self.texts, self.predictions))
        elif self.texts is None or row is None:
            whole.update(Text("Looking …" if self.looking else "No text fits.", style="italic"))
        else:
            whole.update(Text(safe(self.texts.texts[row])))
        told = (self.texts, row, self.counts)
        if told != self._told:
            self._told = told
            self.query_one("#text", VerticalScroll).scroll_home(animate=False)

    def on_choice_changed(self, event: Choice.Changed) -> None:
        if event.choice.id == "dataset":
            self._open(str(event.value))
            return
        if event.choice.id == "run":
            self.run = self.runs.get(str(event.value))
            if self.run is not None:
                self.tmeattn.selected_run = self.run
        self._fit(0)

    def on_input_changed(self) -> None:
        self._fit(PAUSE)

    def on_input_submitted(self) -> None:
        self.table.focus()

    def on_text_table_opened(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        row, texts = self.table.row, self.texts
        if texts is not None and row is not None:
            self.tmeattn.open_explain(texts.texts[row], run=self.run, true_label=texts.classes[texts.labels_N[row]])

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def action_wrong(self) -> None:
        answer = self.choice("answer")
        answer.value = None if answer.value == "wrong" else "wrong"
        self._fit(0)

    def action_clear(self) -> None:
        with self.prevent(Input.Changed):
            self.query_one(Input).value = ""
        for name in ("label", "answer", "certainty", "words", "order"):
            self.choice(name).value = None
        self._fit(0)

    def action_statistics(self) -> None:
        self.counts = not self.counts
        self.set_class(self.counts, "-counts")
        self._tell_text()

    async def action_back(self) -> None:
        if any(worker.group == "fit" and worker.is_running for worker in self.workers):
            self.workers.cancel_group(self, "fit")
            for name in ("answer", "certainty", "order"):
                self.choice(name).value = None
            self._fit(0)
        elif self.query_one(Input).has_focus or self.query_one("#text").has_focus:
            self.table.focus()
        else:
            await self.tmeattn.back_to_runs()
