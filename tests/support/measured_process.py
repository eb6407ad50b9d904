"""The seconds, the CPU time and the peak memory of a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

_MEASURE = """
import json, os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
code, seconds = os.waitstatus_to_exitcode(status), time.perf_counter() - began
used = [code, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
os.write(int(sys.argv[1]), json.dumps(used).encode())
"""


class Measured(NamedTuple):
    """code: the exit code; cpu_seconds: user and system, of all threads; peak_mib: of memory in use, on Linux."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def measured(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    output: IO[bytes] | None = None,
    cwd: str | None = None,
) -> Measured:
    """Run a command to its end. A process inherits the peak memory of the one that starts it, so a small process
    between the two starts it and measures.

    output: a file for what it writes to standard output and standard error; None: it is dropped.
    """
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        starter = subprocess.Popen(
            [sys.executable, "-S", "-c", _MEASURE, str(write), *command],
            env=env,
            stdout=output or subprocess.DEVNULL,
            stderr=output or subprocess.DEVNULL,
            cwd=cwd,
            pass_fds=(write,),
        )
        os.close(write)
        used = pipe.read()
        starter.wait()
    code, seconds, cpu, peak = json.loads(used)
    return Measured(code, seconds, cpu, peak / 1024)
