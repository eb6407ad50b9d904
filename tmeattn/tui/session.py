"""The state that the screens share during one session. The application creates it and passes it to every screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.tui.services.processes import TrainingProcesses
from tmeattn.tui.services.reader import TextReader
from tmeattn.tui.services.run_list import RunList
from tmeattn.tui.services.saved_state import SavedState


@dataclass(frozen=True)
class TextToExplain:
    """A text that another screen opens in Explain. true_label: its class in the dataset, where it is known."""

    text: str
    true_label: str | None = None


@dataclass(frozen=True)
class FormEntries:
    """What the user has entered into the form of a new run. arguments: those that `tmeattn` was started with."""

    model: str
    given: Mapping[str, str]
    name: str
    arguments: Sequence[str]


class Session:
    """The shared state of the screens.

    saved:           theme, keys and screen, kept between sessions.
    reader:          predicts and explains texts with trained runs.
    training:        the training processes that this session started.
    runs:            all runs, as the list of runs shows them.
    opened_run:      the run whose screen was opened last.
    text_to_explain: the text that Explain shows when it opens next; None keeps the text of the screen.
    entries:         those of the form whose run was started last; None before.
    runner_started:  when a process for the queue was started last, by `time.monotonic`; it needs a moment to begin.
    reproduce:       what is chosen on the screen of the report's targets, by the id of the choice.
    """

    def __init__(
        self,
        saved: SavedState | None = None,
        reader: TextReader | None = None,
        *,
        selected_run: RunDirectory | None = None,
    ) -> None:
        self.saved = saved or SavedState.load()
        self.reader = reader or TextReader()
        self.training = TrainingProcesses()
        self.runs = RunList()
        self.text_to_explain: TextToExplain | None = None
        self.opened_run: RunDirectory | None = None
        self.entries: FormEntries | None = None
        self.runner_started = -math.inf
        self.reproduce: dict[str, Any] = {}
        self._selected_run = selected_run

    @property
    def selected_run(self) -> RunDirectory | None:
        """The run that Explain and Data use: the one highlighted or opened last, at first the newest run with a
        checkpoint; None without any."""
        if self._selected_run is None or not self._selected_run.path.exists():
            try:
                self._selected_run = find_run("latest")
            except BadInput:
                self._selected_run = None
        return self._selected_run

    @selected_run.setter
    def selected_run(self, run: RunDirectory | None) -> None:
        self._selected_run = run

    def watching_run(self) -> RunDirectory | None:
        """The run to whose watch list Data adds a text: the one opened last, or else the selected one, unless it is
        finished; None without any."""
        for run in (self.opened_run, self.selected_run):
            with suppress(BadInput):
                if run is not None and run.path.exists() and run.info and run.state() != "finished":
                    return run
        return None

    def failed_entries(self) -> tuple[FormEntries, str] | None:
        """The entries of the form whose run did not start, and the reason; None where it started, or none was asked."""
        process, entries = self.training.last_start, self.entries
        if process is None or entries is None or entries.arguments is not process.arguments:
            return None
        if not process.did_not_start:
            return None
        return entries, process.why_it_ended

    def take_text(self) -> TextToExplain | None:
        """The text to explain, once: the next call returns None."""
        text, self.text_to_explain = self.text_to_explain, None
        return text
