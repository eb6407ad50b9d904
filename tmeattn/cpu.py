"""The number of CPU cores that this process may use, and the default number of threads."""

from __future__ import annotations

import os

from tmeattn.config import MOST_THREADS


def available_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def default_threads(processes: int = 1) -> int:
    """The number of threads where the user gives none: the value of OMP_NUM_THREADS, or else one for every core, with
    several processes their equal share, at least one."""
    value = os.environ.get("OMP_NUM_THREADS", "")
    if value.isdecimal() and 1 <= int(value) <= MOST_THREADS:
        return int(value)
    return max(available_cores() // processes, 1)
