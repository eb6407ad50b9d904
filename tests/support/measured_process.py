"""The seconds, the CPU time and the peak memory of a command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

_MEASURE = """
import json, os, signal, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[3:])
signal.signal(signal.SIGALRM, lambda *_: process.kill())
signal.setitimer(signal.ITIMER_REAL, float(sys.argv[2]))
_, status, usage = os.wait4(process.pid, 0)
code, seconds = os.waitstatus_to_exitcode(status), time.perf_counter() - began
used = [code, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]
os.write(int(sys.argv[1]), json.dumps(used).encode())
"""


class Measured(NamedTuple):
    """code: the exit code; cpu_seconds: user and system, of all threads; peak_mib: of memory in use."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


def measured(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    cwd: str | None = None,
    most_seconds: float = 0,
) -> Measured:
    """Run a command to its end, with nothing on its standard input. A process inherits the peak memory of the one that
    starts it, so a small process between the two starts it and measures.

    stdout, stderr: files for what it writes; None: it is dropped.   most_seconds: then it is killed; 0: never.
    """
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        starter = subprocess.Popen(
            [sys.executable, "-S", "-c", _MEASURE, str(write), str(most_seconds), *command],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=stderr or subprocess.DEVNULL,
            cwd=cwd,
            pass_fds=(write,),
        )
        os.close(write)
        used = pipe.read()
        starter.wait()
    code, seconds, cpu, peak = json.loads(used)
    return Measured(code, seconds, cpu, peak / (2**20 if sys.platform == "darwin" else 1024))
