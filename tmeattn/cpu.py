"""How many processor cores this process may use, and how many threads it trains with by default."""

from __future__ import annotations

import os

from tmeattn.config import MOST_THREADS


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_threads() -> int:
    """Threads to train with where none are asked for: as OMP_NUM_THREADS says, else one for every core."""
    said = os.environ.get("OMP_NUM_THREADS", "")
    return int(said) if said.isdecimal() and 1 <= int(said) <= MOST_THREADS else available_cores()
