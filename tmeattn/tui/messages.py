"""Messages that screens and widgets post and the application answers, so that no screen calls the application.

Most bubble up to the application; `RunChanged` and `NotStarted` go the other way, to the screen that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.watching.run_state import RunState


class OpenRun(Message):
    """Open the screen of a run; the curves of `others` are drawn over its own."""

    def __init__(self, run: RunDirectory, others: Sequence[RunDirectory] = ()) -> None:
        super().__init__()
        self.run, self.others = run, others


class OpenComparison(Message):
    """Open the screen that compares runs, two or more."""

    def __init__(self, runs: Sequence[RunDirectory]) -> None:
        super().__init__()
        self.runs = runs


class OpenReproduction(Message):
    """Show the tables and figures of the report."""


class OpenQueue(Message):
    """Open the queue of trainings."""


class QueueRuns(Message):
    """Add trainings to the queue, and start to train it. commands: the arguments of `tmeattn` for each."""

    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        super().__init__()
        self.commands = commands


class OpenNewRun(Message):
    """Open the form of a new run, with the options of the run `like` or for the model of that name."""

    def __init__(self, like: RunDirectory | None = None, *, model: str | None = None) -> None:
        super().__init__()
        self.like, self.model = like, model


class OpenExplain(Message):
    """Open the Explain screen.

    text:       the text to explain; None keeps the text of the screen.
    run:        the run to explain with; None keeps the selected run.
    true_label: the class of the text in its dataset, where it is known.
    """

    def __init__(
        self, text: str | None = None, *, run: RunDirectory | None = None, true_label: str | None = None
    ) -> None:
        super().__init__()
        self.text, self.run, self.true_label = text, run, true_label


class OpenData(Message):
    """Open the Data screen with the dataset of a run; None keeps the selected run."""

    def __init__(self, run: RunDirectory | None = None) -> None:
        super().__init__()
        self.run = run


class GoBack(Message):
    """Leave a screen for where the user came from: the screen below it, the tab before it, or else the runs."""


class StartRun(Message):
    """Start a training process. arguments: those of `tmeattn`, such as `["train", "mean"]`."""

    def __init__(self, arguments: Sequence[str], model: str) -> None:
        super().__init__()
        self.arguments, self.model = arguments, model


class NotStarted(Message, bubble=False):
    """The application could not start the training that the screen asked for."""

    def __init__(self, problem: object) -> None:
        super().__init__()
        self.problem = str(problem)


class RunRequest(Message):
    """A request that concerns one run; its state decides whether the request can be met."""

    def __init__(self, run_state: RunState) -> None:
        super().__init__()
        self.run_state = run_state


class ResumeRun(RunRequest):
    """Continue a run from its last checkpoint in a new training process."""


class StopRun(RunRequest):
    """Let the training process of a run save a checkpoint and stop."""


class SaveCheckpoint(RunRequest):
    """Let the training process of a run save a checkpoint now."""


class RunChanged(Message, bubble=False):
    """The application changed a run or its process: the screen reads the run again and draws it."""


class CopyText(Message):
    """Copy a text to the clipboard of the terminal. An empty text is ignored."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ShowProblem(Message):
    """Show why something cannot be done, in one line."""

    def __init__(self, problem: object) -> None:
        super().__init__()
        self.problem = str(problem)


class KeysChanged(Message):
    """The user changed a key in the saved state: use it and save it."""
