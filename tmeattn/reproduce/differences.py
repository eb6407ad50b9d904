"""Differences between the rows of a table on the same texts, and pairs of rows whose order the report reverses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations, pairwise

import numpy as np

from tmeattn.evaluation.intervals import percentile_interval, resampled_accuracies
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import evaluate_run
from tmeattn.reproduce.results import Context, Difference, Row
from tmeattn.reproduce.trained import EntryRuns, SeedRun

Narrate = Callable[[str], None]


def compare(
    entry_runs: EntryRuns, rows: Sequence[Row], context: Context, *, device: str, narrate: Narrate
) -> tuple[tuple[Difference, ...], list[str]]:
    """The difference of every row from the row above it, and a sentence for each significantly reversed pair of rows.

    A pair is reversed if its order in the report is the other one; shortened runs are not compared with the report.
    Rows without trained weights are left out, and so are pairs of rows at chance, whose difference would be noise. Of
    shortened runs, every pair with a row at chance is left out: it may only have had too few steps to begin to learn.
    """
    kept: list[Row] = []
    correct: list[np.ndarray] = []
    for row, (_, seed_runs) in zip(rows, entry_runs, strict=True):
        narrate(f"Classifying the validation texts: {row.label}.")
        seeds = [hits for seed_run in seed_runs if (hits := _correct(seed_run, device, narrate)) is not None]
        if seeds:
            kept.append(row)
            correct.append(np.stack(seeds))
    if len(kept) < 2:
        return (), []
    accuracies_M, drawn_MR = resampled_accuracies(correct)

    def difference(upper: int, lower: int) -> Difference:
        above, below = kept[upper], kept[lower]
        known = not context.shortened and above.report is not None and below.report is not None
        low, high = percentile_interval(drawn_MR[lower] - drawn_MR[upper])
        return Difference(
            above.label,
            below.label,
            float(accuracies_M[lower] - accuracies_M[upper]),
            low,
            high,
            (below.report or 0) - (above.report or 0) if known else None,
        )

    def is_finding(pair: tuple[int, int]) -> bool:
        at_chance = [kept[index].at_chance for index in pair]
        return not (any(at_chance) if context.shortened else all(at_chance))

    neighbours = tuple(difference(*pair) for pair in filter(is_finding, pairwise(range(len(kept)))))
    pairs = [difference(*pair) for pair in filter(is_finding, combinations(range(len(kept)), 2))]
    return neighbours, [_sentence(pair, context) for pair in pairs if pair.reversed and pair.significant]


def _sentence(pair: Difference, context: Context) -> str:
    higher, lower = pair.label, pair.above
    report, here, low, high = pair.report or 0, pair.difference, pair.low, pair.high
    if report < 0:
        higher, lower, report, here, low, high = lower, higher, -report, -here, -high, -low
    return (
        f"Reversed: {higher} is {100 * report:.2f} points above {lower} in the report, {-100 * here:.2f} below it here "
        f"({-100 * high:.2f} to {-100 * low:.2f}{'' if len(context.seeds) > 1 else ', over texts, one seed'})."
    )


def _correct(seed_run: SeedRun, device: str, narrate: Narrate) -> np.ndarray | None:
    """(N,) whether the best weights classify each validation text correctly; None if there are no such weights."""
    if seed_run.best is None or not seed_run.run.has_best():
        return None
    classifier = TrainedClassifier(seed_run.run, device=device)
    if classifier.notes:
        narrate(" ".join([*classifier.notes, f"The run {seed_run.run.id} is left out of the comparison."]))
        return None
    return evaluate_run(classifier, attention=False).correct()
