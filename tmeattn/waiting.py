"""How the threads of torch wait for one another: a short spin, then sleep.

torch computes with OpenMP threads, which by default spin for milliseconds at every barrier. On a machine with another
busy process, a thread that spins keeps the core from the thread that it waits for, and a training takes several times
as long. The library reads its settings from the environment when it is loaded, so `tmeattn/__init__.py` makes them
before anything can import torch. A setting of the user's own is never changed. In a process that has loaded torch
already, nothing changes.
"""

import os  # nothing else: this module is imported while the current folder is on the import path

POLICY = {"GOMP_SPINCOUNT": "1000", "KMP_BLOCKTIME": "1"}
"""The variables of the OpenMP libraries: GNU's (torch on Linux), in turns of a loop of some nanoseconds, and LLVM's and
Intel's (torch on macOS and Windows), in milliseconds. `tests/benchmarks/waiting.py` measures them."""
_OF_THE_USER = (*POLICY, "OMP_WAIT_POLICY", "KMP_LIBRARY")


def set_waiting_policy() -> None:
    """Put `POLICY` into the environment, unless the user has set one of the variables that decide about waiting."""
    if not any(os.environ.get(name) for name in _OF_THE_USER):
        os.environ.update(POLICY)
