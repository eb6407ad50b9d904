"""Kills at the changes of files: then states are right, `resume` leads to the same weights, nothing is left over."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from .disturbed import SIZES, Fault, Undisturbed, campaign
from .faults import kill, largest_file
from .forked import Result
from .report import Options


def run(options: Options) -> int:
    """Kill commands at every change of a file, and where a file reaches a size. Returns the exit code."""
    return campaign("kill", options, _faults, _any_end)


def _faults(undisturbed: Undisturbed) -> list[Fault]:
    sizes = SIZES if undisturbed.scenario.name in ("train", "resume") else ()
    return [
        *((f"killed at change {at}", undisturbed.with_faults(kill, at))
          for at in range(1, len(undisturbed.changes) + 1)),
        *((f"killed at size {size}", undisturbed.after_setup(partial(largest_file, size, dies=True)))
          for size in sizes),
    ]  # fmt: skip


def _any_end(result: Result, template: Path, folder: Path) -> None:
    """A killed command may end in any way."""
