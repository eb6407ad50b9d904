"""What `best` means: the run with the highest validation accuracy, among those that were measured on the same texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tmeattn.errors import BadInput, shortened
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.summary import is_twin
from tmeattn.runs.summary_cache import Overview, overviews

MOST_LISTED = 4
"""Datasets that an error lists."""
NO_RUN = "There is no trained run yet."
FIRST_RUN = "Train one: tmeattn train lstm-attn --alpha 0.05"


@dataclass(frozen=True)
class Candidate:
    """The best run on one dataset. dataset: a name for the user.   accuracy: on its validation texts."""

    run: RunDirectory
    dataset: str
    accuracy: float | None


class SeveralDatasets(BadInput):
    """`best` could mean a run on each of several datasets, whose accuracies cannot be compared."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self.candidates = tuple(candidates)
        listed = "; ".join(
            f"{shortened(one.dataset, 80)}: {one.run.id}"
            + ("" if one.accuracy is None else f" ({100 * one.accuracy:.2f} %)")
            for one in candidates[:MOST_LISTED]
        )
        rest = f"; and {len(candidates) - MOST_LISTED} more" if len(candidates) > MOST_LISTED else ""
        super().__init__(
            f"best can mean {len(candidates)} runs, because the accuracies on different datasets cannot be compared: "
            f"{listed}{rest}.",
            hint="Give the id of one of them in place of best.",
        )


def best_run(dataset: str | None = None) -> RunDirectory:
    """The run with the highest validation accuracy, the newest of equals, among those with a checkpoint and learned
    weights on the dataset at hand.

    Only accuracies on the same validation texts are compared: those of one dataset in one state, with one split. Of
    runs with different `--limit`, those on the most texts count.

    dataset: the dataset at hand, a name or a path. Without one, or where no run was trained on it, the dataset of all
             runs.

    Raises:
        BadInput: there is no run.
        SeveralDatasets: the runs are on several datasets.
    """
    groups: dict[str, list[Overview]] = {}
    for one in overviews()[0]:
        groups.setdefault(one.facts["fingerprint"], []).append(one)
    if dataset is not None:
        at_hand = {key: group for key, group in groups.items() if any(_is(one, dataset) for one in group)}
        groups = at_hand if any(map(_best_of, at_hand.values())) else groups
    found = [best for best in map(_best_of, groups.values()) if best is not None]
    if not found:
        raise BadInput(NO_RUN, hint=FIRST_RUN)
    if len(found) > 1:
        raise SeveralDatasets(_candidates(found))
    return found[0].run


def _best_of(group: Sequence[Overview]) -> Overview | None:
    """The best of runs on one dataset, which are given from the newest to the oldest."""

    def rank(one: Overview) -> tuple[bool, int, float]:
        return one.summary.limit is None, one.summary.limit or 0, one.summary.best_accuracy or 0.0

    ranked = sorted(group, key=rank, reverse=True)
    return next((one for one in ranked if one.run.has_checkpoint() and not is_twin(one.run)), None)


def _is(one: Overview, dataset: str) -> bool:
    """Whether a run was trained on the dataset of that name or path."""
    trained_on = one.summary.dataset
    if trained_on == dataset:
        return True
    try:
        return Path(trained_on).samefile(Path(dataset).expanduser())
    except (OSError, RuntimeError, ValueError):
        return False


def _candidates(found: Sequence[Overview]) -> list[Candidate]:
    """The newest first; datasets with the same name are told apart by the day of the run."""
    names = [one.summary.dataset for one in found]

    def name(one: Overview) -> str:
        day = datetime.fromtimestamp(one.summary.created).date()
        same = f", in its state of {day}" if names.count(one.summary.dataset) > 1 else ""
        return f"{Path(one.summary.dataset).name}{same}"

    return [Candidate(one.run, name(one), one.summary.best_accuracy) for one in found]
