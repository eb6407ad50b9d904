"""The evaluation of a run: confusion matrix, classes, reliability, mistakes with heatmaps, faithfulness."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, TypeGuard

from rich.text import Text
from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.render.console import safe
from tmeattn.tui import keys
from tmeattn.tui.messages import OpenExplain
from tmeattn.tui.screens.paned import PanedScreen
from tmeattn.tui.services.run_assessments import (
    evaluation_command,
    faithfulness_command,
    read_evaluation,
    read_faithfulness,
    remove_older,
)
from tmeattn.tui.widgets.cell_grid import CellGrid
from tmeattn.tui.widgets.confusion import ConfusionView
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.widgets.tab_line import TabLine
from tmeattn.tui.widgets.text_table import TextTable
from tmeattn.tui.wording import evaluation as wording

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import FaithfulnessResults
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.services.background import BackgroundCommand
    from tmeattn.tui.services.run_assessments import EvaluatedRun
    from tmeattn.tui.session import Session

EVERY = 0.5
"""Seconds between two looks at the processes."""
MOMENT = 0.15
"""Seconds that the cursor stays at a mistake until it is explained."""


class EvaluationScreen(PanedScreen):
    """One pane at a time. The run is evaluated when the screen opens, unless its present weights have been before."""

    place = "evaluation"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("evaluation")]
    PANES: ClassVar = {
        "confusion": "1 Confusion",
        "classes": "2 Classes",
        "reliability": "3 Reliability",
        "mistakes": "4 Mistakes",
        "faithfulness": "5 Faithfulness",
    }

    def __init__(self, session: Session, run: RunDirectory, pane: str = "confusion") -> None:
        super().__init__(session, pane)
        self.run = run
        self.evaluated: EvaluatedRun | None = None
        self.faithfulness: FaithfulnessResults | None = None
        self.problems: dict[str, str] = {}
        self.only: tuple[str, str] | None = None
        self._evaluation: BackgroundCommand | None = None
        self._study: BackgroundCommand | None = None
        self._asked_for: set[BackgroundCommand] = set()

    def body(self) -> Iterable[Widget]:
        yield self.tabs
        yield Static("", id="summary", markup=False)
        yield ConfusionView(id="confusion")
        yield Picture(id="classes")
        yield Picture(id="reliability")
        yield Vertical(TextTable(id="table"), ExplanationPane(id="explained"), id="mistakes")
        yield Picture(id="faithfulness")
        yield Static("", id="message", markup=False)
        yield Static("", id="cell", markup=False)

    def on_mount(self) -> None:
        try:
            self._evaluation, self._study = evaluation_command(self.run), faithfulness_command(self.run)
        except TmeattnError as error:
            self.problems = dict.fromkeys(self.PANES, str(error))
        self.set_interval(EVERY, self._look)
        if self._evaluation is not None and self._evaluation.state() in ("absent", "failed"):
            self._start(self._evaluation)
        self._show_pane()
        self._look()

    def on_resize(self) -> None:
        self._draw_reliability()

    # ---- processes

    def _start(self, command: BackgroundCommand) -> None:
        try:
            remove_older(self.run, command)
            command.start()
        except TmeattnError as error:
            self.problems[self._name_of(command)] = str(error)

    def _name_of(self, command: BackgroundCommand) -> str:
        return "faithfulness" if command is self._study else "confusion"

    @property
    def command(self) -> BackgroundCommand | None:
        """The command whose results the pane shows."""
        return self._study if self.pane == "faithfulness" else self._evaluation

    def _look(self) -> None:
        """Read results that are complete, and show the progress of the others."""
        if not self.is_active:
            return
        if self._is_new(self._evaluation):
            self._read_evaluation(self._evaluation)
        if self._is_new(self._study):
            self._read_faithfulness(self._study)
        self._tell()

    def _is_new(self, command: BackgroundCommand | None) -> TypeGuard[BackgroundCommand]:
        """Whether a command is done whose results have not been asked for: they are read once, however long it takes,
        and also if they cannot be read."""
        if command is None or command in self._asked_for or command.state() != "done":
            return False
        self._asked_for.add(command)
        return True

    @work(exclusive=True, group="evaluation")
    async def _read_evaluation(self, command: BackgroundCommand) -> None:
        try:
            self.evaluated = await asyncio.to_thread(read_evaluation, self.run, command)
        except TmeattnError as error:
            self.problems["confusion"] = str(error)
        if not self._is_closed():
            self._draw_evaluation()
            self._show_pane()

    @work(exclusive=True, group="faithfulness")
    async def _read_faithfulness(self, command: BackgroundCommand) -> None:
        try:
            self.faithfulness = await asyncio.to_thread(read_faithfulness, command)
        except TmeattnError as error:
            self.problems["faithfulness"] = str(error)
        if not self._is_closed():
            self._draw_faithfulness()
            self._show_pane()

    # ---- drawing

    def _draw_evaluation(self) -> None:
        if self.evaluated is not None:
            document = self.evaluated.document
            from tmeattn.render.evaluation import classes_page

            self.query_one("#confusion", ConfusionView).show(document)
            self.query_one("#classes", Picture).show(classes_page(document))
            self._draw_reliability()
            self._show_mistakes()

    def _draw_reliability(self) -> None:
        """Draw the diagram as high as the screen has room for it."""
        if self.evaluated is not None:
            from tmeattn.render.evaluation_curves import reliability_page

            height = max(8, min(16, self.size.height - 12))
            self.query_one("#reliability", Picture).show(reliability_page(self.evaluated.document, height=height))

    def _draw_faithfulness(self) -> None:
        if self.faithfulness is not None:
            from tmeattn.render.faithfulness import faithfulness

            self.query_one("#faithfulness", Picture).show(faithfulness(self.faithfulness))

    def _show_mistakes(self) -> None:
        if self.evaluated is not None:
            rows = self.evaluated.mistakes(*(self.only or (None, None)))
            table = self.query_one("#table", TextTable)
            table.show(self.evaluated.texts, rows, self.evaluated.predictions, top=True)

    @property
    def _has_results(self) -> bool:
        return (self.faithfulness if self.pane == "faithfulness" else self.evaluated) is not None

    def _show_pane(self) -> None:
        """Show the chosen pane, or a message in its place while it has no results, and the lines around it."""
        ready = self._has_results
        for name in self.PANES:
            self.query_one(f"#{name}").display = ready and name == self.pane
        self.query_one("#message").display = not ready
        self.query_one("#tabs", TabLine).choose(self.pane)
        if ready:
            self.query_one("#table" if self.pane == "mistakes" else f"#{self.pane}").focus()
        self._tell()

    @property
    def _is_running(self) -> bool:
        return self.command is not None and self.command.is_running()

    def _tell(self) -> None:
        """Update the summary, the message, the line at the foot and the keys."""
        about = None if self.evaluated is None else self.evaluated.document
        command = self.command
        self.query_one("#summary", Static).update(wording.summary(self.run, about), layout=False)
        if not self._has_results:
            problem = self.problems.get("faithfulness" if self.pane == "faithfulness" else "confusion", "")
            what = problem or (wording.waiting(self.pane, command, self.session.saved.keys) if command else "")
            self.query_one("#message", Static).update(safe(what), layout=False)
        self.query_one("#cell", Static).update(self._line(), layout=False)
        self.refresh_footer((self.pane, self._has_results, self._is_running))

    def _line(self) -> Text:
        if self.pane == "faithfulness" and self._is_running and self._has_results and self.command:
            return Text(wording.progress(self.command))
        if self.evaluated is None:
            return Text()
        if self.pane == "confusion":
            chosen = self.query_one("#confusion", ConfusionView).chosen
            return wording.confusion(*chosen) if chosen else Text()
        if self.pane == "mistakes":
            return wording.mistakes(len(self.query_one("#table", TextTable).rows), self.only)
        return Text()

    @on(CellGrid.Moved)
    def grid_moved(self) -> None:
        if self.evaluated is not None and self.pane == "confusion":
            self.query_one("#cell", Static).update(self._line(), layout=False)

    # ---- mistakes

    @on(TextTable.Moved)
    def table_moved(self) -> None:
        if self.evaluated is not None:
            self._explain()

    @work(exclusive=True, group="explain")
    async def _explain(self) -> None:
        """Explain the text at the cursor, on the thread of the reader."""
        await asyncio.sleep(MOMENT)
        if self._is_closed() or (found := self._chosen_text()) is None:
            return
        text, label = found
        pane = self.query_one("#explained", ExplanationPane)
        try:
            explanation = await self.session.reader.explain(self.run, ExplainRequest(text, true_label=label))
        except TmeattnError as error:
            if not self._is_closed():
                pane.show_message(error)
            return
        if not self._is_closed():
            pane.show(text, explanation, ())

    def _chosen_text(self) -> tuple[str, str] | None:
        row = self.query_one("#table", TextTable).row
        if self.evaluated is None or row is None:
            return None
        texts = self.evaluated.texts
        return texts.texts[row], texts.classes[texts.labels_N[row]]

    # ---- keys

    def is_applicable(self, action: str) -> bool:
        if action == "stop":
            return self._is_running
        if action.startswith(("shares", "open")):
            return self._has_results and self.pane in ("confusion", "mistakes")
        if action in ("explain", "attention"):
            return self._has_results and self.pane == "mistakes"
        return action != "export" or self._has_results

    def _open_pane(self) -> None:
        self._show_pane()
        if self.pane == "mistakes":
            self._explain()

    def action_mistakes(self) -> None:
        """Show all mistakes."""
        self.only = None
        self._show_mistakes()
        self.action_pane("mistakes")

    def action_open(self) -> None:
        """In the matrix: show the texts of the cell. Among the mistakes: explain the text."""
        if self.pane == "mistakes":
            self.action_explain()
        elif self.pane == "confusion" and (chosen := self.query_one("#confusion", ConfusionView).chosen) is not None:
            self.only = chosen[0], chosen[1]
            self._show_mistakes()
            self.action_pane("mistakes")

    @on(CellGrid.Opened)
    def cell_opened(self) -> None:
        self.action_open()

    @on(TextTable.Opened)
    def text_opened(self) -> None:
        self.action_explain()

    def action_explain(self) -> None:
        if (found := self._chosen_text()) is not None:
            self.post_message(OpenExplain(found[0], run=self.run, true_label=found[1]))

    def action_attention(self) -> None:
        if (found := self._chosen_text()) is not None:
            from tmeattn.tui.screens.attention_map import AttentionMapScreen

            self.app.push_screen(AttentionMapScreen(self.session, self.run, found[0], true_label=found[1]))

    def action_shares(self) -> None:
        self.query_one("#confusion", ConfusionView).switch()

    def action_move(self, rows: int, columns: int) -> None:
        self.query_one("#confusion", ConfusionView).move(rows, columns)

    def action_page(self, by: int) -> None:
        self.query_one("#confusion", ConfusionView).page(by)

    def action_jump(self, end: int) -> None:
        self.query_one("#confusion", ConfusionView).jump(end)

    def action_evaluate(self) -> None:
        """Start the evaluation or the faithfulness study of the pane, also again."""
        command = self.command
        if command is None or command.is_running():
            return
        try:
            fresh = faithfulness_command(self.run) if self.pane == "faithfulness" else evaluation_command(self.run)
        except TmeattnError as error:
            self.notify(safe(str(error)), severity="warning", markup=False)
            return
        if self.pane == "faithfulness":
            self._study, self.faithfulness = fresh, None
        else:
            self._evaluation, self.evaluated = fresh, None
        self.problems.clear()
        fresh.forget()
        self._start(fresh)
        self._show_pane()

    def action_stop(self) -> None:
        """Cancel what computes the results of the pane."""
        if self.command is not None and self.command.is_running():
            self.command.stop()
            self.notify("Cancelled: its results are not kept.", markup=False)

    def action_export(self) -> None:
        """Export the evaluation, or the faithfulness table. Its slow imports happen here."""
        from tmeattn.render.export import evaluation, faithfulness
        from tmeattn.tui.screens.export_dialog import export_as

        if self.pane == "faithfulness" and (study := self.faithfulness) is not None:
            write = faithfulness.write
            export_as(self, "the table", "faithfulness.md", faithfulness.FORMATS, lambda path: write([study], path))
        elif self.evaluated is not None:
            document = self.evaluated.document
            export_as(
                self,
                "the evaluation",
                "evaluation.svg",
                evaluation.FORMATS,
                lambda path: evaluation.write(document, path),
            )
