"""Which runs a run descends from, and which descend from it, as rows of a table."""

from __future__ import annotations

import time

from tmeattn.plurals import counted
from tmeattn.runs.lineage import Lineage, Relative

MOST_SHOWN = 20
"""Children that are listed; the others are counted."""


def lineage_rows(lineage: Lineage) -> list[tuple[str, str]]:
    """A title and a text for each row; no row for a run without relatives that was never extended."""
    rows = [
        ("starts from" if at == 0 else "which starts from", f"{_named(one)}, after epoch {one.epoch}")
        for at, one in enumerate(lineage.parents)
    ]
    rows += [
        ("passed on to" if at == 0 else "", f"{_named(one)}, after epoch {one.epoch}")
        for at, one in enumerate(lineage.children[:MOST_SHOWN])
    ]
    if (left := len(lineage.children) - MOST_SHOWN) > 0:
        rows.append(("", f"and {counted(left, 'other run')}"))
    for one in lineage.extensions:
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(one["time"]))
        same = ", as if trained so from the start" if one["exact"] else ""
        planned = f"to {counted(one['epochs'], 'epoch')} after {one['epoch']} of {one['before']}"
        rows.append(("extended", f"{planned} on {day}{same}"))
    return rows


def _named(one: Relative) -> str:
    """The name and the id of a run, and that it is not here any more."""
    named = f"{one.name} ({one.id})" if one.name else one.id
    return named if one.exists else f"{named}, which was deleted or is elsewhere"
