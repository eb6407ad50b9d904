"""The evaluation of a run: confusion matrix, classes, reliability, mistakes with heatmaps, faithfulness."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on, work
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.tui import keys
from tmeattn.tui.messages import OpenExplain
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.dialogs import AskText
from tmeattn.tui.services.run_assessments import (
    TEXTS,
    check_texts,
    evaluation_command,
    faithfulness_command,
    read_evaluation,
    read_faithfulness,
    remove_older,
)
from tmeattn.tui.widgets.cell_grid import CellGrid
from tmeattn.tui.widgets.confusion import ConfusionView
from tmeattn.tui.widgets.mistakes_pane import MistakesPane
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.widgets.tab_line import Tab, TabLine
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
PANES = {
    "confusion": "1 Confusion",
    "classes": "2 Classes",
    "reliability": "3 Reliability",
    "mistakes": "4 Mistakes",
    "faithfulness": "5 Faithfulness",
}


def _page(name: str) -> Picture:
    page = Picture()
    page.id, page.can_focus = name, True
    return page


class EvaluationScreen(BaseScreen):
    """One pane at a time. The run is evaluated when the screen opens, unless its present weights have been before."""

    place = "evaluation"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("evaluation")]
    AUTO_FOCUS = ""

    def __init__(self, session: Session, run: RunDirectory, pane: str = "confusion") -> None:
        super().__init__(session)
        self.run = run
        self.pane = pane
        self.evaluated: EvaluatedRun | None = None
        self.faithfulness: FaithfulnessResults | None = None
        self.problems: dict[str, str] = {}
        self._evaluation: BackgroundCommand | None = None
        self._study: BackgroundCommand | None = None
        self._asked_for: set[BackgroundCommand] = set()

    def body(self) -> Iterable[Widget]:
        yield TabLine([Tab(pane, name, f"screen.pane('{pane}')") for pane, name in PANES.items()], self.pane, id="tabs")
        yield Static("", id="summary", markup=False)
        yield ConfusionView(id="confusion")
        yield _page("classes")
        yield _page("reliability")
        yield MistakesPane(self.run, self.session.reader, id="mistakes")
        yield _page("faithfulness")
        yield Static("", id="message", markup=False)
        yield Static("", id="cell", markup=False)

    def on_mount(self) -> None:
        try:
            self._evaluation, self._study = evaluation_command(self.run), faithfulness_command(self.run)
        except TmeattnError as error:
            self.problems = dict.fromkeys(PANES, str(error))
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
        for command in (self._evaluation, self._study):
            if command is not None and command not in self._asked_for:
                self._look_at(command)
        self._tell()

    def _look_at(self, command: BackgroundCommand) -> None:
        """Read the results of a command that has ended: once, however long that takes, and also if it fails."""
        state = command.state()
        if state == "failed" and command.restore():
            why = "Stopped" if command.is_stopping else " ".join(["Failed:", *command.tail(1)])
            self.notify(f"{why.rstrip('.')}. The results of before are shown.", severity="warning", markup=False)
            state = "done"
        if state == "done":
            self._asked_for.add(command)
            read = self._read_faithfulness if command is self._study else self._read_evaluation
            read(command)

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
            from tmeattn.render.evaluation import classes_page

            document = self.evaluated.document
            self.query_one("#confusion", ConfusionView).show(document)
            self.query_one("#classes", Picture).show(classes_page(document))
            self._draw_reliability()
            self.mistakes.show(self.evaluated, self.mistakes.only)

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

    @property
    def mistakes(self) -> MistakesPane:
        return self.query_one(MistakesPane)

    @property
    def _has_results(self) -> bool:
        return (self.faithfulness if self.pane == "faithfulness" else self.evaluated) is not None

    def _show_pane(self) -> None:
        """Show the chosen pane, or a message in its place while it has no results, and the lines around it."""
        ready = self._has_results
        for name in PANES:
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
        line = wording.summary(self.run, about, self.size.width - 2)
        self.query_one("#summary", Static).update(line, layout=False)
        if not self._has_results:
            problem = self.problems.get("faithfulness" if self.pane == "faithfulness" else "confusion", "")
            what = problem or (wording.waiting(self.pane, command, self.session.saved.keys) if command else "")
            self.query_one("#message", Static).update(safe(what), layout=False)
        self.query_one("#cell", Static).update(self._line(), layout=False)
        self.refresh_footer((self.pane, self._has_results, self._is_running, self.mistakes.only))

    def _line(self) -> Text:
        if self.pane == "faithfulness" and self._is_running and self._has_results and self.command:
            return Text(wording.progress(self.command))
        if self.evaluated is None:
            return Text()
        if self.pane == "confusion":
            chosen = self.query_one("#confusion", ConfusionView).chosen
            room = self.query_one("#cell", Static).size.width
            return wording.confusion(*chosen, room) if chosen else Text()
        if self.pane == "mistakes":
            return wording.mistakes(len(self.mistakes.table.rows), self.mistakes.only)
        return Text()

    @on(CellGrid.Moved)
    def grid_moved(self) -> None:
        if self.evaluated is not None and self.pane == "confusion":
            self.query_one("#cell", Static).update(self._line(), layout=False)

    # ---- keys

    def is_applicable(self, action: str) -> bool:
        if action in ("stop", "evaluate"):
            return self._is_running == (action == "stop")
        if action == "mistakes":
            return self.evaluated is not None and not (self.pane == "mistakes" and self.mistakes.only is None)
        if action in ("shares", "open"):
            return self._has_results and self.pane == "confusion"
        if action in ("explain", "attention"):
            return self._has_results and self.pane == "mistakes"
        return action != "export" or self._has_results

    def action_pane(self, pane: str) -> None:
        self.pane = pane
        self._show_pane()

    def action_next_pane(self, by: int) -> None:
        names = list(PANES)
        self.action_pane(names[(names.index(self.pane) + by) % len(names)])

    def action_mistakes(self) -> None:
        """Show all mistakes."""
        self._show_texts(None)

    def _show_texts(self, only: tuple[str, str] | None) -> None:
        if self.evaluated is not None:
            self.mistakes.show(self.evaluated, only)
        self.action_pane("mistakes")

    def action_open(self) -> None:
        """In the matrix: show the texts of the cell. Among the mistakes: explain the text."""
        if self.pane == "mistakes":
            self.action_explain()
        elif self.pane == "confusion" and (chosen := self.query_one("#confusion", ConfusionView).chosen) is not None:
            self._show_texts((chosen[0], chosen[1]))

    @on(CellGrid.Opened)
    def cell_opened(self) -> None:
        self.action_open()

    @on(TextTable.Opened)
    def text_opened(self) -> None:
        self.action_explain()

    def action_explain(self) -> None:
        if (found := self.mistakes.chosen) is not None:
            self.post_message(OpenExplain(found[0], run=self.run, true_label=found[1]))

    def action_attention(self) -> None:
        if (found := self.mistakes.chosen) is not None:
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
        """Start the evaluation of the run, or after a question the faithfulness study, also again."""
        if self._is_running:
            return
        if self.pane != "faithfulness":
            self._begin(lambda: evaluation_command(self.run))
        elif self._study is None:  # a run without weights: say so
            self._study_texts(str(TEXTS))
        else:
            self.app.push_screen(AskText(wording.HOW_MANY, str(TEXTS), check_texts), self._study_texts)

    def _study_texts(self, number: str | None) -> None:
        if number is not None:
            self._begin(lambda: faithfulness_command(self.run, int(number)))

    def _begin(self, made: Callable[[], BackgroundCommand]) -> None:
        """Start a command for the pane, in place of its results."""
        try:
            fresh = made()
        except TmeattnError as error:
            self.notify(safe(str(error)), severity="warning", markup=False)
            return
        if self.pane == "faithfulness":
            self._study, self.faithfulness = fresh, None
        else:
            self._evaluation, self.evaluated = fresh, None
        self.problems.clear()
        self._start(fresh)
        self._show_pane()

    def action_stop(self) -> None:
        """Stop what computes the results of the pane."""
        if self.command is not None and self.command.is_running():
            self.command.stop()
            self._tell()

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
