"""One run as a list of many runs shows it: without its log in memory. No widgets."""

from __future__ import annotations

import statistics
from functools import cached_property
from itertools import count
from time import time as now

from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import best_epoch
from tmeattn.runs.figures import RECENT, LogFigures
from tmeattn.runs.filtering import RunValues
from tmeattn.runs.summary import RunFacts, shown_state
from tmeattn.runs.summary_cache import Stamps
from tmeattn.watching.run_state import ObservedState, RunState

_VERSIONS = count()


class ListedRun:
    """A run of the list.

    facts:   what its small files say.
    figures: what its log says; None while it is not read yet.
    live:    the state of a run that a process trains now, which is read every second; else None.
    stamps:  those of the files that were read.
    version: another number after every change.
    """

    def __init__(
        self,
        run: RunDirectory,
        facts: RunFacts,
        state: ObservedState,
        figures: LogFigures | None = None,
        stamps: Stamps | None = None,
        live: RunState | None = None,
    ) -> None:
        self.run = run
        self.facts = facts
        self.state = state
        self.figures = figures
        self.stamps = stamps
        self.live = live
        self.name = facts["name"]
        self.changed()

    def changed(self) -> None:
        """Its figures are others than before."""
        self.version = next(_VERSIONS)
        self.__dict__.pop("values", None)

    @property
    def is_read(self) -> bool:
        """Whether its epochs are known."""
        return self.live is not None or self.figures is not None

    @property
    def epoch(self) -> int:
        """The last finished epoch."""
        if self.live is not None:
            return self.live.epochs[-1]["epoch"] if self.live.epochs else 0
        return self.figures["epoch"] if self.figures else 0

    @property
    def best_accuracy(self) -> float | None:
        """The validation accuracy of the best epoch, in [0, 1]."""
        if self.live is not None:
            return self.live.best_accuracy
        return self.figures["best_accuracy"] if self.figures else None

    @property
    def best_loss(self) -> float | None:
        """The validation cross-entropy of the best epoch, in nats."""
        if self.live is not None:
            best = best_epoch(self.live.epochs)
            return None if best is None else best["validation"]["cross_entropy"]
        return self.figures["best_loss"] if self.figures else None

    @property
    def seconds(self) -> float:
        """The seconds of all epochs."""
        if self.live is not None:
            return sum(epoch["seconds"] for epoch in self.live.epochs)
        return self.figures["seconds"] if self.figures else 0.0

    @property
    def stop_reason(self) -> str | None:
        """Why the last attempt was stopped; None where it was not, or is not known."""
        if self.live is not None:
            return self.live.stop_reason
        return self.figures["stop_reason"] if self.figures else None

    @property
    def recent(self) -> list[float]:
        """The validation accuracies of the last epochs."""
        if self.live is not None:
            return [epoch["validation"]["accuracy"] for epoch in self.live.epochs[-RECENT:]]
        return self.figures["recent"] if self.figures else []

    @property
    def epoch_seconds(self) -> float:
        """The median time of an epoch; 0 without any."""
        if self.live is not None:
            return statistics.median_high([epoch["seconds"] for epoch in self.live.epochs] or [0.0])
        return self.figures["epoch_seconds"] if self.figures else 0.0

    @property
    def train_texts(self) -> int | None:
        """Texts that it was trained on; None before training began."""
        if self.live is not None:
            return self.live.started["train_texts"] if self.live.started else None
        return self.figures["train_texts"] if self.figures else None

    @property
    def threads(self) -> int | None:
        """CPU threads that it used; None before training began."""
        if self.live is not None:
            return self.live.started["threads"] if self.live.started else None
        return self.figures["threads"] if self.figures else None

    @property
    def age(self) -> float:
        """Seconds since the run was created."""
        return max(now() - self.facts["created"], 0.0)

    @cached_property
    def values(self) -> RunValues:
        """What the filter looks at, and the columns show."""
        facts = self.facts
        return RunValues(
            id=self.run.id,
            name=self.name,
            state=shown_state(self.state, self.stop_reason),
            model=facts["model"],
            dataset=facts["dataset"],
            recipe=facts["recipe"],
            alpha=facts["alpha"],
            seed=facts["seed"],
            limit=facts["limit"],
            epoch=self.epoch,
            epochs=facts["epochs"],
            accuracy=self.best_accuracy,
            loss=self.best_loss,
            seconds=self.seconds,
            created=facts["created"],
            tags=tuple(facts["tags"]),
            study=facts["study"],
            trial=facts["trial"],
        )
