"""Rows at chance: those that cannot be told from always predicting the larger class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from tmeattn.config import TrainOptions
from tmeattn.data.encoding.encode import limited_rows
from tmeattn.data.sources import dataset_of
from tmeattn.reproduce.results import Context, Row
from tmeattn.reproduce.trained import SeedRun


def larger_class(seed_run: SeedRun) -> float:
    """The share of the larger class among the validation texts of a run."""
    options = TrainOptions.model_validate(seed_run.run.config["train"])
    dataset = dataset_of(options)
    labels_N = np.asarray(dataset.read()["validation"].labels)
    kept = limited_rows(labels_N, "validation", len(dataset.classes), options.limit)
    return max(Counter(labels_N[kept].tolist()).values()) / len(kept)


def chance_notes(rows: Sequence[Row], context: Context) -> list[str]:
    """Sentences on the rows at chance; empty if there are none."""
    labels = [row.label for row in rows if row.at_chance]
    if not labels or context.chance is None:
        return []
    more = ""
    if context.shortened:
        more = " It may have had too few steps to begin to learn, so it is compared with no row."
        if len(labels) > 1:
            more = " They may have had too few steps to begin to learn, so they are compared with no row."
    elif len(labels) > 1:
        more = " Such rows are not compared with one another."
    which = "all rows" if len(labels) == len(rows) > 1 else "; ".join(labels)
    return [
        f"At chance: {which}. The 95 % interval includes always predicting the larger class "
        f"({100 * context.chance:.1f} %).{more}"
    ]
