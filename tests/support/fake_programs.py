"""Programs of SLURM as small scripts, for tests without a cluster."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def fake_programs(folder: Path, monkeypatch: pytest.MonkeyPatch, **scripts: str) -> Path:
    """Put programs with these lines of shell in front of the path; their folder. Each call is a line of `calls`."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    for name, lines in scripts.items():
        (bin_ / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{bin_}/calls"\n{lines}\n')
        (bin_ / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}{os.pathsep}{os.environ['PATH']}")
    return bin_
