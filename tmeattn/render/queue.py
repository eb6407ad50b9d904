"""The queue of trainings as a table."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmeattn.render.numbers import age
from tmeattn.render.tables import Column, FittedTable, table

if TYPE_CHECKING:
    from tmeattn.runs.queue import QueueItem


def queue_table(items: Sequence[QueueItem]) -> FittedTable:
    """One row for each item, in the order in which they are trained."""
    now, explained = time.time(), any(item["message"] for item in items)
    rows = [
        (
            str(item["number"]),
            item["state"],
            item["run"],
            shlex.join(item["arguments"][1:]),
            age(now - item["added"]),
            *([item["message"]] if explained else []),
        )
        for item in items
    ]
    columns = [
        Column("no.", numeric=True),
        Column("state"),
        Column("run", drop=1),
        Column("options", wrap=True, least=20),
        Column("age", numeric=True, drop=3),
        *([Column("why", wrap=True, least=20, drop=2, noted=True)] if explained else []),
    ]
    return table(columns, rows)
