"""The number of CPU cores that this process may use, and the number of threads where the user gives none."""

from __future__ import annotations

import os
from typing import Literal

from tmeattn.config import MOST_THREADS


def available_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def wanted_threads() -> int | None:
    """The value of OMP_NUM_THREADS; None where it is not set, or not to a number of threads."""
    value = os.environ.get("OMP_NUM_THREADS", "")
    return int(value) if value.isdecimal() and 1 <= int(value) <= MOST_THREADS else None


def default_threads(processes: int = 1) -> int:
    """The largest number of threads where the user gives none: that of OMP_NUM_THREADS, or else one for every core,
    with several processes their equal share, at least one."""
    return wanted_threads() or max(available_cores() // processes, 1)


def threads_of_one_process() -> int | Literal["auto"]:
    """The option `threads` of a run of one process where the user gives none: the number of OMP_NUM_THREADS, 1 on a
    single core, or else `auto`, with which a training chooses the number and follows its speed."""
    return wanted_threads() or (1 if available_cores() == 1 else "auto")
