"""The runs of a sweep as one line of the list of runs, which can be unfolded. No widgets."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tmeattn.errors import TmeattnError
from tmeattn.tui.services.listed_run import ListedRun

PREFIX = "sweep:"
"""What the id of a line begins with that stands for a sweep: no run has such an id."""


@dataclass(frozen=True)
class StudyFacts:
    """What the storage of the sweep says. best: the number of the best trial; value: its value, as text."""

    best: int | None
    value: str
    over: int
    goal: int


@dataclass(frozen=True)
class SweepGroup:
    """The runs of a sweep that are listed.

    best: the run of the best trial, else the run with the best accuracy. facts: None where the study cannot be read.
    """

    study: str
    runs: tuple[ListedRun, ...]
    folded: bool
    facts: StudyFacts | None

    @property
    def id(self) -> str:
        return f"{PREFIX}{self.study}"

    @property
    def best(self) -> ListedRun | None:
        """The run of the best trial, where it is listed; without a study, the run with the best accuracy."""
        if self.facts is not None:
            return next((one for one in self.runs if one.facts["trial"] == self.facts.best), None)
        known = [one for one in self.runs if one.best_accuracy is not None]
        return max(known, key=lambda one: one.best_accuracy or 0.0, default=None)

    @property
    def running(self) -> int:
        return sum(one.state == "running" for one in self.runs)

    @property
    def key(self) -> object:
        """Equal keys: the line looks equal."""
        return self.study, self.folded, self.facts, tuple(one.version for one in self.runs)


def grouped(
    runs: Sequence[ListedRun], unfolded: Collection[str], facts: Mapping[str, StudyFacts], *, every: bool = False
) -> list[ListedRun | SweepGroup]:
    """The runs, those of a sweep behind the line of the sweep, which stands where its first run would.

    unfolded: the sweeps whose runs are listed. every: list all of them, such as those that fit a filter.
    """
    of_study: dict[str, list[ListedRun]] = {}
    for one in runs:
        if (study := one.facts["study"]) is not None:
            of_study.setdefault(study, []).append(one)
    if not of_study:
        return list(runs)
    rows: list[ListedRun | SweepGroup] = []
    for one in runs:
        study = one.facts["study"]
        if study is None:
            rows.append(one)
        elif study in of_study:
            own = of_study.pop(study)
            opened = every or study in unfolded
            rows.append(SweepGroup(study, tuple(own), not opened, facts.get(study)))
            rows += own if opened else []
    return rows


def read_studies(names: Collection[str]) -> dict[str, StudyFacts]:
    """What the storage of the home folder says about these sweeps, as far as it can be read. Imports Optuna."""
    from tmeattn.render.sweep import value_text
    from tmeattn.sweep.storage import open_store
    from tmeattn.sweep.study import best_of, open_study

    found: dict[str, StudyFacts] = {}
    for name in names:
        try:
            study = open_study(open_store(None, create=False), name)
            trials = study.trials()
        except (TmeattnError, ImportError):
            continue
        best = best_of(trials, study.objective.rises)
        value = value_text(best.value, study.objective) if best else ""
        over = sum(trial.is_over for trial in trials)
        found[name] = StudyFacts(best.number if best else None, value, over, study.goal)
    return found
