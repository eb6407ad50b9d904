"""What keeps the logged figures of runs from being comparable, one sentence each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tmeattn.errors import shortened
from tmeattn.plurals import counted, plural

if TYPE_CHECKING:
    from tmeattn.runs.comparison import ComparedRun, SeedGroup

MOST_NAMED = 3
"""Runs that a sentence names; the others are counted."""


def fairness_notes(runs: Sequence[ComparedRun]) -> tuple[str, ...]:
    """Why the best accuracies of these runs are not of the same texts, or are not final; empty where they are both.

    They are logged on the validation split of each run's own data, of which `--limit` keeps a sample.
    """
    return tuple(filter(None, (_other_data(runs), _other_limits(runs), _not_over(runs), _without_epoch(runs))))


def same_seed_note(groups: Sequence[SeedGroup]) -> str | None:
    """That runs of a group have one seed, so that the interval of the group is not one over seeds; None without any."""
    for group in groups:
        for run in group.runs:
            same = [other for other in group.runs if other.summary.seed == run.summary.seed]
            if len({other.summary.id for other in same}) > 1:
                return (
                    f"{_named(same)} have the same options and the same seed {run.summary.seed}: the interval of their "
                    "group is not one over different seeds."
                )
    return None


def _other_data(runs: Sequence[ComparedRun]) -> str | None:
    if len({run.fingerprint for run in runs}) < 2:
        return None
    names = _by(runs, lambda run: run.summary.dataset)
    if len(names) > 1:
        listed = "; ".join(f"{shortened(name)}: {_named(group)}" for name, group in names.items())
        return (
            f"The runs have different data ({listed}): their accuracies and losses are of different texts, and do not "
            "tell which run is better."
        )
    return (
        f"The data {shortened(next(iter(names)))} have changed between the runs: their accuracies and losses may be of "
        "different texts."
    )


def _other_limits(runs: Sequence[ComparedRun]) -> str | None:
    limits = _by(runs, lambda run: run.summary.limit)
    if len(limits) > 1:
        listed = "; ".join(
            f"{'the whole split' if limit is None else f'--limit {limit:,}'}: {_named(group)}"
            for limit, group in limits.items()
        )
        return f"The logged accuracies and losses are of different validation texts ({listed})."
    limit = next(iter(limits), None)
    if limit is None:
        return None
    return f"All runs have --limit {limit:,}: their figures are of a sample of the validation texts, not of all."


def _not_over(runs: Sequence[ComparedRun]) -> str | None:
    unfinished = [run for run in runs if run.summary.state != "finished"]
    if not unfinished:
        return None
    states = [
        f"{_name(run)} ({run.summary.shown_state}, {run.summary.epoch}/{run.summary.epochs})" for run in unfinished
    ]
    shown = ", ".join(states[:MOST_NAMED])
    more = f" and {counted(len(states) - MOST_NAMED, 'other')}" if len(states) > MOST_NAMED else ""
    are = plural(
        len(unfinished), "is not trained to its end: its figures are", "are not trained to their end: their figures are"
    )
    return f"{shown}{more} {are} the best so far."


def _without_epoch(runs: Sequence[ComparedRun]) -> str | None:
    empty = [run for run in runs if not run.epochs]
    return f"{_named(empty)} {plural(len(empty), 'has', 'have')} no finished epoch yet." if empty else None


def _by(runs: Sequence[ComparedRun], key: Callable[[ComparedRun], object]) -> dict[object, list[ComparedRun]]:
    found: dict[object, list[ComparedRun]] = {}
    for run in runs:
        found.setdefault(key(run), []).append(run)
    return found


def _named(runs: Sequence[ComparedRun]) -> str:
    listed = ", ".join(map(_name, runs[:MOST_NAMED]))
    return f"{listed} and {counted(len(runs) - MOST_NAMED, 'other')}" if len(runs) > MOST_NAMED else listed


def _name(run: ComparedRun) -> str:
    return shortened(run.label, 40)
