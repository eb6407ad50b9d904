"""Neighbouring rows of a table on the same texts, and where their order is not the report's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from tmeattn.evaluation.intervals import paired_bootstrap
from tmeattn.explain.measure import measure
from tmeattn.reproduce.results import Difference, Row
from tmeattn.reproduce.trained import Found, Trained


def neighbours(found: Found, rows: Sequence[Row]) -> tuple[Difference, ...]:
    """Every row against the one above it, by a paired bootstrap over the validation texts; a row without trained
    weights is passed over."""
    usable = [(row, trained) for row, (_, trained) in zip(rows, found, strict=True) if row.accuracies]
    if len(usable) < 2:
        return ()
    shares = [_correct(trained) for _, trained in usable]
    differences = []
    for (above, above_N), (below, below_N) in pairwise(zip((row for row, _ in usable), shares, strict=True)):
        difference, low, high = paired_bootstrap(below_N, above_N)
        report = None if above.report is None or below.report is None else below.report - above.report
        differences.append(Difference(above.label, below.label, difference, low, high, report))
    return tuple(differences)


def reversals(rows: Sequence[Row]) -> list[str]:
    """One sentence for each pair of rows that stands in the other order than in the report, neighbours or not."""
    sentences = []
    for one, other in combinations([row for row in rows if row.report is not None and row.accuracy is not None], 2):
        worse, better = sorted((one, other), key=lambda row: row.report or 0)
        gap, reported = (better.accuracy or 0) - (worse.accuracy or 0), (better.report or 0) - (worse.report or 0)
        if gap * reported < 0:
            sentences.append(
                f"Reversed: {better.label} is {100 * reported:.2f} points above {worse.label} in the report, "
                f"{-100 * gap:.2f} below it here."
            )
    return sentences


def _correct(trained: Sequence[Trained]) -> np.ndarray:
    """(N,) how often over the seeds each validation text was classified correctly."""
    seeds = []
    for one in trained:
        if one.best is None:
            continue
        _, evaluation = measure(one.run)
        hits_N = np.zeros(len(evaluation.labels_N))
        hits_N[evaluation.indices_N] = evaluation.predicted() == evaluation.labels_N
        seeds.append(hits_N)
    return np.asarray(np.mean(seeds, axis=0))
