"""What the user asks of training processes: to continue a run, to stop it, to save a checkpoint; and how they ended."""

from __future__ import annotations

from typing import Literal

from textual.app import App

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.runs import control
from tmeattn.tui.messages import ResumeRun, RunChanged, SaveCheckpoint, ShowProblem, StopRun
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.services.processes import TrainingProcess
from tmeattn.tui.session import Session
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

EXIT_STOPPED = 130


class TrainingRequests(App[None]):
    """An application that answers the messages of the screens about trainings (see messages.py)."""

    session: Session

    def on_resume_run(self, message: ResumeRun) -> None:
        """Continue a run in a process of its own, or show why that is impossible."""
        state = message.run_state
        if problem := self._no_resume(state):
            self._show_problem(problem)
            return
        try:
            self.session.training.resume(state.run)
        except TmeattnError as error:
            self._show_problem(error)
            return
        self.notify(f"Resuming {run_wording.title(state)}: reading its data.", markup=False)
        self.screen.post_message(RunChanged())

    def _no_resume(self, state: RunState) -> str:
        """Why a run cannot be resumed now; empty where it can."""
        if not run_wording.resumable(state):
            again = f"train it again: tmeattn train {state.run.config['model']} --from {state.run.id}"
            reasons = {"running": "it is running", "finished": "it is finished", "deleted": "it was deleted"}
            return f"The run cannot be resumed: {reasons.get(state.state, again)}."
        process = self.session.training.process(state.run)
        if process is None or process.exit_code is not None:
            return ""
        if process.resumes:
            return "The run is already being resumed."
        return "The training process is still ending: resume the run in a moment."

    def on_stop_run(self, message: StopRun) -> None:
        self._request(message.run_state, "stop", "saves a checkpoint and stops after its current step; r resumes it")

    def on_save_checkpoint(self, message: SaveCheckpoint) -> None:
        self._request(message.run_state, "checkpoint", "saves a checkpoint after its current step")

    def _request(self, state: RunState, what: Literal["stop", "checkpoint"], then: str) -> None:
        """Write a request into the run directory, for the process that trains the run on whatever machine."""
        if state.state != "running":
            self._show_problem(f"{run_wording.title(state)} is not running.")
            return
        try:
            control.request(state.run, what)
        except TmeattnError as error:
            self._show_problem(error)
            return
        self.notify(f"{run_wording.title(state)} {then}.", markup=False)
        self.screen.post_message(RunChanged())

    def _check_processes(self) -> None:
        """Report the training processes of this session that have ended, where the screen does not show it."""
        for process in self.session.training.ended():
            shown = isinstance(self.screen, RunScreen) and self.screen.run.id == process.run.id
            if process.exit_code not in (0, EXIT_STOPPED) and not (shown and _header_shows_failure(process)):
                self.notify(safe(f"{process.run.id}: {process.why_it_ended}"), severity="error", markup=False)
            elif not shown:
                end = "finished" if process.exit_code == 0 else "stopped"
                self.notify(f"{process.run.id} {end}.", markup=False)

    def on_show_problem(self, message: ShowProblem) -> None:
        self._show_problem(message.problem)

    def _show_problem(self, problem: object) -> None:
        self.notify(safe(str(problem)), severity="warning", markup=False)


def _header_shows_failure(process: TrainingProcess) -> bool:
    """Whether the header of the run's screen shows why the process failed.

    It shows why training failed, but not why a process ended before it resumed the run.
    """
    return not (process.resumes and process.run.state() in ("stopped", "crashed", "created"))
