"""Commands of tmeattn as processes that outlive the one that starts them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tmeattn.child_processes import detached
from tmeattn.child_python import child_environment, tmeattn_command

UNWRAPPED = 1000
"""Columns for a process whose output is no page: each message is one line of its log, of which the last is shown."""


def start_detached(
    arguments: Sequence[str], log: Path, *, folder: Path | None = None, variables: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Run `tmeattn ARGUMENTS` without a terminal. What it prints on stderr is appended to `log`.

    folder: its current folder; None: that of this process.   variables: of its environment, beside that of this
    process.

    Raises:
        OSError: the log cannot be written, or the process cannot be started.
    """
    plain = {"NO_COLOR": "1", "PYTHONUTF8": "1", "COLUMNS": str(UNWRAPPED)}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            tmeattn_command(*arguments),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            env={**child_environment(), **plain, **(variables or {})},
            **detached(),
        )
