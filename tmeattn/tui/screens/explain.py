"""The screen Explain: a text of the user's own, and what one run or two make of it, as it is typed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static, TextArea

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import ExplainRequest, Span, without_words
from tmeattn.render.console import safe
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import keys
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services.heatmap_words import LaidOutWord
from tmeattn.tui.services.reader import LabelledText, ModelCapabilities, readable_runs
from tmeattn.tui.widgets.choice import Choice, Offer
from tmeattn.tui.widgets.explain_controls import ExplainControls
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.heatmap import HeatmapView
from tmeattn.tui.wording.explanations import change, differences, word_details

PAUSE = 0.3
"""Seconds without a key until a text is read."""
MOMENT = 0.15
"""Seconds that the cursor stays at a word until the model is asked what it would say without."""
PATIENCE = 0.5
"""Seconds after which an answer that is not there is said to be on its way."""
NO_RUN = "There is no trained run yet. Press {runs} and train one, or in a shell: tmeattn train lstm-attn --alpha 0.05"
NO_TEXT = (
    "Type or paste a review above: its prediction and heatmap follow as you type.\n{data} has reviews to open here."
)


class ExplainScreen(BaseScreen):
    """A text, choices, and a pane for each run. What was dropped, and the true label, belong to the text as it is."""

    mode = "explain"
    AUTO_FOCUS = "TextArea"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("explain")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012  # the base class calls it an instance's
    DEFAULT_CSS = """
    ExplainScreen #text { height: 4; scrollbar-size-vertical: 1; }
    ExplainScreen.-tall #text { height: 8; }
    ExplainScreen.-short.-two #text { height: 3; }
    ExplainScreen.-short #differences { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    ExplainScreen #panes { height: 1fr; }
    ExplainScreen #second { border-left: vkey $panel; display: none; }
    ExplainScreen.-two #second { display: block; }
    ExplainScreen #differences { display: none; height: auto; max-height: 3; padding: 0 1; }
    ExplainScreen.-two #differences { display: block; }
    ExplainScreen #word { height: 2; padding: 0 1; background: $panel; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: LabelledText | None = None
        self.dropped: list[Span] = []
        self.runs: dict[str, RunDirectory] = {}
        self.run: RunDirectory | None = None
        self.beside: RunDirectory | None = None
        self.abilities: dict[str, ModelCapabilities] = {}
        self._to_words = False  # whether the focus goes to the heatmap as soon as there is one

    def body(self) -> Iterable[Widget]:
        yield TextArea(id="text", compact=True, soft_wrap=True, placeholder="A review of your own")
        yield ExplainControls()
        yield Horizontal(ExplanationPane(id="first"), ExplanationPane(id="second"), id="panes")
        yield Static(id="differences")
        yield Static(id="word")

    def on_screen_resume(self) -> None:
        self.take_asked()

    def take_asked(self) -> None:
        """Show the text that another screen asks for, where one does, and see which runs there are."""
        asked, self.tmeattn.asked = self.tmeattn.asked, None
        if asked is not None:
            self.asked = asked
            self.query_one(TextArea).load_text(safe(asked.text))
            self._to_words = True
        self._refresh(look=True)

    # ---- what is chosen

    @property
    def asking(self) -> ExplainControls:
        return self.query_one(ExplainControls)

    @property
    def text(self) -> str:
        """The text to read: what another screen asked for as it was, where the user has not changed it."""
        shown = self.query_one(TextArea).text
        return self.asked.text if self.asked and safe(self.asked.text) == shown else shown

    @property
    def panes(self) -> list[tuple[ExplanationPane, RunDirectory | None]]:
        """The panes that are seen, each with its run."""
        first, second = self.query_one("#first", ExplanationPane), self.query_one("#second", ExplanationPane)
        return [(first, self.run), *([(second, self.beside)] if self.beside else [])]

    def _left(self) -> bool:
        """Whether the app has been left while something was waited for: the panes are gone by then."""
        return not self.query(ExplanationPane)

    @property
    def active(self) -> ExplanationPane:
        """The pane that keys act on: the one with the focus, else the first."""
        second = self.query_one("#second", ExplanationPane)
        return second if self.beside and second.heatmap.has_focus else self.query_one("#first", ExplanationPane)

    def question(self, run: RunDirectory, *, dropped: bool = True) -> ExplainRequest:
        """What a run is asked now."""
        text = self.text
        return ExplainRequest(
            text=text,
            true_label=self.asked.true_label if self.asked and self.asked.text == text else None,
            dropped=tuple(self.dropped) if dropped else (),
            **self.asking.selection(self.abilities.get(run.id)),
        )

    @work(exclusive=True, group="runs")
    async def _refresh(self, *, look: bool) -> None:
        """Take up the runs chosen; with `look`, first see which there are, and what other screens selected."""
        if look:
            await self._look()
        if self._left():
            return
        await self._take_up()
        self._read(0)

    async def _look(self) -> None:
        found = await asyncio.to_thread(readable_runs)
        self.run = self.tmeattn.selected_run
        if self.run is not None and self.run.id not in [run.id for run, _ in found]:
            found.insert(0, (self.run, "no checkpoint"))
        self.runs = {run.id: run for run, _ in found}
        self.beside = self.runs.get(self.beside.id) if self.beside else None
        offers: list[Offer] = [(f"{run.id}  {name}".rstrip(), run.id) for run, name in found]
        self.asking.offer_runs(offers, self.run.id if self.run else None, self.beside.id if self.beside else None)

    async def _take_up(self) -> None:
        """Offer what the first run's model can be asked."""
        self.set_class(self.beside is not None, "-two")
        with self._patience("loading the model …"):
            for pane, run in self.panes:
                if run is not None:
                    try:
                        self.abilities[run.id] = await self.tmeattn.reader.abilities(run)
                    except TmeattnError as error:
                        self.abilities.pop(run.id, None)
                        pane.show_message(error)
        self.asking.offer(self._able or ModelCapabilities((), (), ()))

    @property
    def _able(self) -> ModelCapabilities | None:
        """What the first run can be asked, as far as it could be loaded."""
        return self.abilities.get(self.run.id) if self.run else None

    def on_choice_changed(self, event: Choice.Changed) -> None:
        chosen = self.runs.get(str(event.value))
        if event.choice.id == "run":
            self.run = self.tmeattn.selected_run = chosen
        elif event.choice.id == "beside":
            self.beside = chosen
        else:
            self._read(0)
            return
        self._refresh(look=False)

    # ---- reading

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        area = event.text_area
        if (harmless := safe(area.text)) != area.text:
            area.load_text(harmless)  # and be called again
            return
        self.dropped.clear()
        self._read(PAUSE)

    @work(exclusive=True, group="read")
    async def _read(self, pause: float) -> None:
        """Ask the runs anew; whatever was asked before is given up."""
        await asyncio.sleep(pause)
        if self._left():
            return
        with self._patience("reading …"):
            for pane, run in self.panes:
                await self._show(pane, run)
        if self._left():
            return
        if self.active.explanation and (self._to_words or self.focused is None):
            self._to_words = False
            self.active.heatmap.focus()
        first, second = (pane.explanation for pane in self.query(ExplanationPane))
        self.query_one("#differences", Static).update(differences(first, second) if first and second else "")
        self._tell(self.active.heatmap.item)

    @contextmanager
    def _patience(self, what: str) -> Iterator[None]:
        """Say what is waited for, where it takes longer than one would think."""
        told = self.set_timer(PATIENCE, lambda: self._put_word([Text(what, style="italic")]))
        try:
            yield
        finally:
            told.stop()

    async def _show(self, pane: ExplanationPane, run: RunDirectory | None) -> None:
        own = self.tmeattn.state.keys
        if run is None:
            pane.show_message(NO_RUN.format(runs=keys.shown_for("app.runs", own)))
            return
        question = self.question(run)
        if not question.text.strip():
            pane.show_message(NO_TEXT.format(data=keys.shown_for("app.data", own)))
            return
        try:
            if question.dropped and not pane.knows_whole(question.text, run.id):
                whole = await self.tmeattn.reader.explain(run, self.question(run, dropped=False))
                pane.show(question.text, whole, ())
            pane.show(question.text, await self.tmeattn.reader.explain(run, question), question.dropped)
        except TmeattnError as error:
            pane.show_message(error)

    # ---- words

    def on_heatmap_view_at(self, event: HeatmapView.At) -> None:
        """Both cursors are at the same place of the text; what is known of the word is told."""
        if event.item is None:
            return
        for pane, _ in self.panes:
            if event.heatmap.has_focus and pane.heatmap is not event.heatmap:
                with pane.heatmap.prevent(HeatmapView.At):
                    pane.heatmap.go_to(event.item.start)
        self._tell(event.item)

    @work(exclusive=True, group="word")
    async def _tell(self, item: LaidOutWord | None) -> None:
        """What every pane knows of a word; after a moment also what its model would say without it."""
        lines = [
            (run, pane.explanation, word_details(self.text, here, pane.explanation))
            for pane, run in self.panes
            if run and item and pane.explanation and (here := pane.heatmap.at(item.start))
        ]
        self._put_word([line for *_, line in lines])
        if item is None or item.word is None:
            return
        await asyncio.sleep(MOMENT)
        without = without_words(self.text, [*self.dropped, (item.start, item.end)])
        for run, explanation, line in lines:
            try:
                (after_C,) = await self.tmeattn.reader.probabilities(run, [without])
            except TmeattnError:  # the pane says it
                return
            line.append("\n" if len(lines) == 1 else "; ").append(f"without it {change(explanation, after_C)}")
        self._put_word([line for *_, line in lines])

    def _put_word(self, lines: list[Text]) -> None:
        self.query_one("#word", Static).update(Text("\n").join(lines), layout=False)

    def action_word(self, by: int) -> None:
        self.active.heatmap.move(by)

    def action_line(self, by: int) -> None:
        self.active.heatmap.move_lines(by)

    def action_page(self, by: int) -> None:
        self.active.heatmap.move_lines(by * self.active.heatmap.page)

    def action_first(self) -> None:
        self.active.heatmap.go_to(0)

    def action_last(self) -> None:
        self.active.heatmap.go_to(len(self.text))

    def action_strong(self) -> None:
        self.active.heatmap.next_strongest()

    def action_drop(self) -> None:
        item = self.active.heatmap.item
        if item is None or self.active.explanation is None:
            return
        span = item.start, item.end
        if span in self.dropped:
            self.dropped.remove(span)
        else:
            self.dropped.append(span)
        self._read(0)

    def action_undo(self) -> None:
        if self.dropped:
            start, _ = self.dropped.pop()
            self.active.heatmap.go_to(start)
            self._read(0)

    def action_restore(self) -> None:
        if self.dropped:
            self.dropped.clear()
            self._read(0)

    # ---- the rest

    def action_method(self) -> None:
        self.asking.next_method(self._able)
        self._read(0)

    def action_export(self) -> None:
        """Write what is shown to a file; the module that can is imported when it is wanted."""
        explanations = [pane.explanation for pane, _ in self.panes if pane.explanation]
        if not explanations:
            self.notify("There is nothing to export yet.", markup=False)
            return
        from tmeattn.tui.screens.export_dialog import export

        export(self, explanations)

    def action_text(self) -> None:
        self.query_one(TextArea).focus()

    def action_clear(self) -> None:
        self.query_one(TextArea).load_text("")
        self.action_text()

    async def action_back(self) -> None:
        if self.query_one(TextArea).has_focus and self.active.explanation is not None:
            self.active.heatmap.focus()
        else:
            await self.tmeattn.back_to_runs()
