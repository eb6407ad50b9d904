"""The evaluation of a run and the study of its faithfulness: their processes, their progress and their results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import work
from textual.binding import BindingType
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.tui import keys
from tmeattn.tui.screens.dialogs import AskText
from tmeattn.tui.screens.evaluation_panes import PANES, EvaluationPanes
from tmeattn.tui.services.run_assessments import (
    TEXTS,
    check_texts,
    evaluation_command,
    faithfulness_command,
    read_evaluation,
    read_faithfulness,
    remove_older,
)
from tmeattn.tui.wording import evaluation as wording

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.services.background import BackgroundCommand
    from tmeattn.tui.session import Session

EVERY = 0.5
"""Seconds between two looks at the processes."""


class EvaluationScreen(EvaluationPanes):
    """The run is evaluated when the screen opens, unless its present weights have been before."""

    place = "evaluation"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("evaluation")]

    def __init__(self, session: Session, run: RunDirectory, pane: str = "confusion") -> None:
        super().__init__(session, run, pane)
        self.problems: dict[str, str] = {}
        self._evaluation: BackgroundCommand | None = None
        self._study: BackgroundCommand | None = None
        self._asked_for: set[BackgroundCommand] = set()

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
        if not self.is_current:
            return
        for command in (self._evaluation, self._study):
            if command is not None and command not in self._asked_for:
                self._look_at(command)
        self._tell()

    def _look_at(self, command: BackgroundCommand) -> None:
        """Read the results of a command that has ended: once, however long that takes, and also if it fails."""
        state = command.state()
        if state == "failed" and command.restore():
            why = wording.why_it_failed(command).rstrip(".")
            self.notify(f"{why}. The results of before are shown.", severity="warning", markup=False)
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

    # ---- what the panes lack

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
        return super()._line()

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
