"""Runs that are created but not trained, and the process of a run that has died."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from tmeattn.run_config import resolve_run
from tmeattn.runs.creation import create
from tmeattn.runs.directory import RunDirectory

DATA: Any = {"fingerprint": "f", "classes": ["negative", "positive"], "vectors": None, "vector_size": 50}


def create_run(root: Path, name: str | None = None) -> RunDirectory:
    """A new run of the model `mean`."""
    return create(root, resolve_run("mean", {}), name=name, data=DATA)


def dead_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
