"""The epochs of a run as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from tmeattn.runs.event_types import EpochMeasure, Event, SplitName

ABOUT_EPOCH: dict[str, type] = {
    "epoch": int,
    "step": int,
    "seconds": float,
    "alpha": float,
    "learning_rate": float,
    "best": bool,
}
"""The fields of an epoch event that are columns, with their types."""
MEASURES: tuple[str, ...] = get_args(EpochMeasure)
SPLITS: tuple[str, ...] = get_args(SplitName)
COLUMNS: dict[str, type] = {
    **ABOUT_EPOCH,
    **{f"{split}_{measure}": float for split in SPLITS for measure in MEASURES},
}
"""All columns with their types: those of the epoch, then `train_loss` ... `validation_normalized_entropy`."""


def epoch_rows(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """One row for each finished epoch, with the cells of `COLUMNS`; None where an epoch has no such value."""
    rows = []
    for event in events:
        if event["kind"] == "epoch":
            cells = [event.get(name) for name in ABOUT_EPOCH]
            parts = {"train": event["train"], "validation": event["validation"]}
            cells += [parts[split].get(measure) for split in SPLITS for measure in MEASURES]
            rows.append(tuple(cells))
    return rows
