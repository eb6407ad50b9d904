"""The actions on one run that the list of runs and the screen of a run share."""

from __future__ import annotations

from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.messages import CopyText, OpenData, OpenExplain, ResumeRun, ShowProblem, StopRun
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState


class RunActions(BaseScreen):
    """A screen whose keys act on `acted_on`; without a run, they do nothing."""

    @property
    def acted_on(self) -> RunState | None:
        """The run that the keys act on."""
        raise NotImplementedError

    def with_weights(self) -> RunDirectory | None:
        """The run; None, with a message, where it has no weights yet."""
        if (state := self.acted_on) is not None and state.run.has_checkpoint():
            return state.run
        self.post_message(ShowProblem(run_wording.NO_WEIGHTS))
        return None

    def open_evaluation(self, pane: str = "confusion") -> None:
        """Evaluate the run, and show this pane first."""
        if (run := self.with_weights()) is not None:
            from tmeattn.tui.screens.evaluation import EvaluationScreen

            self.app.push_screen(EvaluationScreen(self.session, run, pane))

    def action_evaluate(self) -> None:
        """Evaluate the run."""
        self.open_evaluation()

    def action_explain(self) -> None:
        if (run := self.with_weights()) is not None:
            self.post_message(OpenExplain(run=run))

    def action_resume(self) -> None:
        if (state := self.acted_on) is not None:
            self.post_message(ResumeRun(state))

    def action_stop(self) -> None:
        if (state := self.acted_on) is not None:
            self.post_message(StopRun(state))

    def action_browse(self) -> None:
        if (state := self.acted_on) is not None:
            self.post_message(OpenData(state.run))

    def action_copy(self) -> None:
        if (state := self.acted_on) is not None:
            self.post_message(CopyText(run_wording.command(state.run)))
