"""The processes of `encoder.py`: what they print, and the CPU time that they take."""

from __future__ import annotations

import functools
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGINS = ("tmeattn-transformers", "tmeattn-ngram-attn")
NOTE_EVERY = 10.0
"""Seconds between two notes of the CPU time so far, which a kill leaves behind."""


class Failed(Exception):
    """A command has ended with an error."""


def tmeattn(home: Path, *arguments: str, threads: int, spent: Callable[[float], None] = lambda seconds: None) -> str:
    """Run a command in the home, and return its standard output.

    spent: called from time to time, and at the end, with the CPU seconds of the process and of its children so far.

    Raises:
        Failed: it has ended with an error.
        SystemExit: this process was asked to end; the command has ended, too.
    """
    paths = (ROOT, *(ROOT / "plugins" / name for name in PLUGINS), *os.environ.get("PYTHONPATH", "").split(os.pathsep))
    own = {
        "TMEATTN_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(str(path) for path in paths if str(path)),
        "OMP_NUM_THREADS": str(threads),
    }
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tmeattn", *arguments], env={**os.environ, **own}, stdout=output
        )
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            status = _watched(process.pid, spent)
        except BaseException:
            process.terminate()  # a training writes a checkpoint first
            _watched(process.pid, spent)
            raise
        finally:
            signal.signal(signal.SIGTERM, before)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise Failed(f"tmeattn {' '.join(arguments)} ended with exit code {process.returncode}.")
        output.seek(0)
        return output.read().decode()


def _watched(pid: int, spent: Callable[[float], None]) -> int:
    """Wait for a child; its status."""
    noted = time.monotonic()
    while True:
        found, status, usage = os.wait4(pid, os.WNOHANG)
        if found:
            spent(usage.ru_utime + usage.ru_stime)
            return status
        time.sleep(0.2)
        if time.monotonic() - noted > NOTE_EVERY:
            noted = time.monotonic()
            spent(_seconds_of(pid))


def _seconds_of(pid: int) -> float:
    """The CPU seconds of a running process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def cpu_of_states(home: Path) -> float:
    """The CPU seconds of all computations of stored states in the cache of a home."""
    notes = [json.loads(path.read_text()) for path in home.glob("cache/states-*/done.json")]
    return float(sum(note["cpu_seconds"] for note in notes))


@functools.cache
def environment() -> dict[str, str]:
    """The computer and the versions."""
    import torch
    import transformers

    names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    return {
        "cpu": f"{names[0].partition(':')[2].strip() if names else platform.processor()}, {os.cpu_count()} cores",
        "commit": commit.strip(),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}",
    }
