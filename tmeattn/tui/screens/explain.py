"""The Explain screen: one or two runs predict and explain a text while the user types it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual import events, work
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static, TextArea

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import ExplainRequest, common_method
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import keys
from tmeattn.tui.messages import GoBack, OpenData, ShowProblem
from tmeattn.tui.screens.explained_words import ExplainedWords
from tmeattn.tui.services.heatmap_words import safe_text
from tmeattn.tui.services.reader import ModelCapabilities, readable_runs
from tmeattn.tui.session import Session, TextToExplain
from tmeattn.tui.widgets.choice import Choice, Offer
from tmeattn.tui.widgets.explain_controls import ExplainControls
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.long_text_area import LongTextArea
from tmeattn.tui.wording.explanations import SAMPLE, differences

PAUSE = 0.3
"""Seconds without a key until a text is read."""
NO_RUN = (
    "There is no trained run yet, so nothing can read this text. Press {runs} and train one: a small demo takes about "
    "a minute. In a shell: tmeattn train lstm-attn --alpha 0.05\n\n"
    "Then this screen shows the class that the run predicts, and colours each word by its weight."
)
THIS_IS_A_SAMPLE = (
    "A sample review: type or paste your own text over it. {data} chooses a text of a dataset, {back} goes to the "
    "words."
)
READING = "Reading the text …"
NO_TEXT = (
    "Type or paste a text above: the prediction and the heatmap follow as you type.\n"
    "Press {data} to open a text of a dataset here."
)


class ExplainScreen(ExplainedWords):
    """A text, the choices, and one pane for each run. A change of the text restores the dropped words and removes the
    true label."""

    mode = place = "explain"
    AUTO_FOCUS = "TextArea"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("explain")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012  # the base class declares an instance's

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.opened: TextToExplain | None = None
        self.runs: dict[str, RunDirectory] = {}
        self.offers: list[Offer] = []
        self.run: RunDirectory | None = None
        self.other_run: RunDirectory | None = None
        self.capabilities: dict[str, ModelCapabilities] = {}
        self._focus_heatmap = False  # as soon as it has an explanation
        self._has_had_text = False

    def body(self) -> Iterable[Widget]:
        yield LongTextArea(id="text", compact=True, soft_wrap=True, placeholder="A text of your own")
        yield Static(id="sample", markup=False)
        yield ExplainControls()
        yield Horizontal(ExplanationPane(id="first"), ExplanationPane(id="second"), id="panes")
        yield Static(id="differences")
        yield Static(id="word")

    def on_screen_resume(self) -> None:
        self.update_from_session()

    def update_from_session(self) -> None:
        """Show the text that another screen opens here, if any, and the runs that exist now."""
        opened = self.session.take_text()
        if opened is not None:
            self.opened = opened
            area = self.query_one(TextArea)
            area.load_text(safe_text(opened.text))
            self._focus_heatmap, area.can_focus = True, False  # a key that is pressed meanwhile is no text
            if area.has_focus:
                self.set_focus(None)
            for pane in self.query(ExplanationPane):
                pane.show_message(READING)  # and nothing of another text can be exported
        elif not self._has_had_text:
            self._load_sample()
        self._has_had_text = True
        self._update_runs(find=True)

    def _load_sample(self) -> None:
        """Show a sample review, selected, so that a text that is typed or pasted replaces it."""
        area = self.query_one(TextArea)
        area.load_text(SAMPLE)
        area.select_all()
        remapped = self.session.saved.keys
        names = {"data": keys.display_for("app.data", remapped), "back": keys.display_for("explain.back", remapped)}
        hint = THIS_IS_A_SAMPLE.format(**names)
        self.query_one("#sample", Static).update(hint)

    # ---- choices

    @property
    def asking(self) -> ExplainControls:
        return self.query_one(ExplainControls)

    @property
    def text(self) -> str:
        """The text to explain. A text of another screen is used unchanged until the user edits it."""
        shown = self.query_one(TextArea).text
        return self.opened.text if self.opened and safe_text(self.opened.text) == shown else shown

    @property
    def panes(self) -> list[tuple[ExplanationPane, RunDirectory | None]]:
        """The visible panes, each with its run."""
        first, second = self.query_one("#first", ExplanationPane), self.query_one("#second", ExplanationPane)
        return [(first, self.run), *([(second, self.other_run)] if self.other_run else [])]

    @property
    def active(self) -> ExplanationPane:
        """The pane that the keys act on: the pane with the focus, else the first."""
        second = self.query_one("#second", ExplanationPane)
        return second if self.other_run and second.heatmap.has_focus else self.query_one("#first", ExplanationPane)

    def request(self, run: RunDirectory, *, target: str | None = None) -> ExplainRequest:
        """The request to explain the present text without the dropped words. target: the class of the scores, where
        the choices leave it open. Two runs are compared by one method."""
        text, able = self.text, self.capabilities.get(run.id)
        options = self.asking.selection(able)
        other = self.capabilities.get(self.other_run.id) if self.other_run else None
        if options["method"] is None and other and self._capabilities:
            options["method"] = common_method(self._capabilities.default, other.default)
        options["target"] = options["target"] or target
        return ExplainRequest(
            text=text,
            true_label=self.opened.true_label if self.opened and self.opened.text == text else None,
            dropped=tuple(self.dropped),
            **options,
        )

    @work(exclusive=True, group="runs")
    async def _update_runs(self, *, find: bool) -> None:
        """Use the chosen runs. find: first find the runs that exist and the run that other screens selected."""
        if find:
            await self._find_runs()
        if self._is_closed():
            return
        await self._load_capabilities()
        self._explain(0)

    async def _find_runs(self) -> None:
        found = await asyncio.to_thread(readable_runs)
        self.run = self.session.selected_run
        if self.run is not None and self.run.id not in [run.id for run, _ in found]:
            found.insert(0, (self.run, "no checkpoint"))
        self.runs = {run.id: run for run, _ in found}
        self.other_run = self.runs.get(str(self.asking.choice("beside").value))  # it may have been chosen just now
        self.offers = [(f"{run.id}  {name}".rstrip(), run.id) for run, name in found]
        self._offer_runs()

    def _offer_runs(self) -> None:
        if self.run and self.other_run and self.run.id == self.other_run.id:
            self.other_run = None
        other = self.other_run.id if self.other_run else None
        self.asking.offer_runs(self.offers, self.run.id if self.run else None, other)

    async def _load_capabilities(self) -> None:
        """Offer the methods, classes and heads of the first run's model."""
        self.set_class(self.other_run is not None, "-two")
        with self.waiting_for("loading the model …"):
            for pane, run in self.panes:
                if run is not None:
                    try:
                        self.capabilities[run.id] = await self.session.reader.capabilities(run)
                    except TmeattnError as error:
                        self.capabilities.pop(run.id, None)
                        pane.show_message(error)
        self.asking.offer(self._capabilities or ModelCapabilities((), (), ()))

    @property
    def _capabilities(self) -> ModelCapabilities | None:
        """Methods, classes and heads of the first run; None where it could not be loaded."""
        return self.capabilities.get(self.run.id) if self.run else None

    def on_choice_changed(self, event: Choice.Changed) -> None:
        event.choice.value = event.value  # the runs that exist may have been offered since
        chosen = self.runs.get(str(event.value))
        if event.choice.id == "run":
            self.run = self.session.selected_run = chosen
            self._offer_runs()
        elif event.choice.id == "beside":
            self.other_run = chosen
            self._offer_runs()
        else:
            self._explain(0)
            return
        self._update_runs(find=False)

    # ---- explanations

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        area = event.text_area
        if (harmless := safe_text(area.text)) != area.text:
            area.load_text(harmless)  # and be called again
            return
        self.dropped.clear()
        self.query_one("#sample").display = area.text == SAMPLE
        self._explain(PAUSE)

    def explain_again(self) -> None:
        self._explain(0)

    @work(exclusive=True, group="explain")
    async def _explain(self, pause: float) -> None:
        """Explain the text again with all runs; a request that still waits is cancelled."""
        await asyncio.sleep(pause)
        if self._is_closed():
            return
        with self.waiting_for("reading …"):
            target: str | None = None
            for pane, run in self.panes:
                await self._show(pane, run, target)
                target = target or (pane.explanation.target_label if pane.explanation else None)
        if self._is_closed():
            return
        self.query_one(TextArea).can_focus = True
        if self.active.explanation and (self._focus_heatmap or self.focused is None):
            self._focus_heatmap = False
            self.active.heatmap.focus()
        first, second = (pane.explanation for pane in self.query(ExplanationPane))
        told = differences(first, second, self.size.width - 2) if first and second else ""
        self.query_one("#differences", Static).update(told)
        self.show_word(self.active.heatmap.item)

    async def _show(self, pane: ExplanationPane, run: RunDirectory | None, target: str | None) -> None:
        """Show the explanation of a run, or why there is none. target: the class of the run beside it."""
        remapped = self.session.saved.keys
        if run is None:
            pane.show_message(NO_RUN.format(runs=keys.display_for("app.runs", remapped)))
            return
        request = self.request(run, target=target)
        if not request.text.strip():
            pane.show_message(NO_TEXT.format(data=keys.display_for("app.data", remapped)))
            return
        try:
            if request.dropped and not pane.knows_whole(request.text, run.id):
                whole = await self.session.reader.explain(run, replace(request, dropped=()))
                pane.show(request.text, whole, ())
            explanation = await self.session.reader.explain(run, request)
            common = target or explanation.target_label if self.other_run else None
            pane.show(request.text, explanation, request.dropped, common)
        except TmeattnError as error:
            pane.show_message(error)

    # ---- other actions

    def action_method(self) -> None:
        self.asking.next_method(self._capabilities)
        self._explain(0)

    def action_export(self) -> None:
        """Export the explanations on the screen to a file. Its slow import happens here."""
        explanations = [found for pane, _ in self.panes if (found := pane.to_export)]
        if not explanations:
            self.notify("There is no explanation to export yet.", markup=False)
            return
        from tmeattn.tui.screens.export_dialog import export

        export(self, explanations)

    def action_attention(self) -> None:
        """Show the attention map of the text by the run of the active pane."""
        run = next((run for pane, run in self.panes if pane is self.active), None)
        if run is None or not self.text.strip():
            self.post_message(ShowProblem("There is no text to show the attention of yet."))
            return
        from tmeattn.tui.screens.attention_map import AttentionMapScreen

        request = self.request(run)
        at = (request.layer, request.head)
        screen = AttentionMapScreen(self.session, run, request.visible_text, true_label=request.true_label, at=at)
        self.app.push_screen(screen)

    def action_compare(self) -> None:
        """Open the choice of the run to compare with."""
        beside = self.asking.choice("beside")
        if len(beside.offers) > 1:
            beside.focus()
            beside.action_open()
        else:
            self.post_message(ShowProblem("There is no other trained run to compare with."))

    def action_browse(self) -> None:
        self.post_message(OpenData(self.run))

    def on_paste(self, event: events.Paste) -> None:
        """A text pasted outside of the text field replaces the text."""
        if event.text.strip():
            event.stop()
            self.query_one(TextArea).load_text(safe_text(event.text))

    def action_text(self) -> None:
        area = self.query_one(TextArea)
        area.can_focus = True
        area.focus()

    def begin_text(self) -> None:
        """Go to the text field. A text that another screen opened is selected, so that a text of one's own replaces
        it."""
        self._focus_heatmap = False
        self.action_text()
        if self.opened is not None and self.text == self.opened.text:
            self.query_one(TextArea).select_all()

    def action_new(self) -> None:
        self.query_one(TextArea).load_text("")
        self.action_text()

    def action_back(self) -> None:
        """From the text field or a choice to the heatmap, and from there to where the user came from."""
        if self.active.explanation is not None and not self.active.heatmap.has_focus:
            self.active.heatmap.focus()
        else:
            self.post_message(GoBack())
