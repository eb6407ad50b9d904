"""Rows of a table on the same texts: how they differ, and where their order is not the report's."""

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
    found: EntryRuns, rows: Sequence[Row], context: Context, *, device: str, narrate: Narrate
) -> tuple[tuple[Difference, ...], list[str]]:
    """Every row against the one above it, and a sentence for each pair of rows, neighbours or not, that stands in the
    other order than in the report by more than its interval. Shortened runs are not held against the report.

    Rows without trained weights are passed over.
    """
    kept: list[Row] = []
    correct: list[np.ndarray] = []
    for row, (_, trained) in zip(rows, found, strict=True):
        narrate(f"Reading the validation texts: {row.label}.")
        seeds = [hits for one in trained if (hits := _correct(one, device, narrate)) is not None]
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

    neighbours = tuple(difference(*pair) for pair in pairwise(range(len(kept))))
    pairs = [difference(*pair) for pair in combinations(range(len(kept)), 2)]
    return neighbours, [_sentence(pair) for pair in pairs if pair.reversed and pair.significant]


def _sentence(pair: Difference) -> str:
    one, other = pair.label, pair.above
    report, here, low, high = pair.report or 0, pair.difference, pair.low, pair.high
    if report < 0:
        one, other, report, here, low, high = other, one, -report, -here, -high, -low
    return (
        f"Reversed: {one} is {100 * report:.2f} points above {other} in the report, {-100 * here:.2f} below it here "
        f"({-100 * high:.2f} to {-100 * low:.2f})."
    )


def _correct(one: SeedRun, device: str, narrate: Narrate) -> np.ndarray | None:
    """(N,) whether each validation text was classified correctly by the best weights; None where there are none."""
    if one.best is None or not one.run.has_best():
        return None
    classifier = TrainedClassifier(one.run, device=device)
    if classifier.notes:
        narrate(" ".join([*classifier.notes, f"The run {one.run.id} is left out of the comparison."]))
        return None
    return evaluate_run(classifier, attention=False).correct()
