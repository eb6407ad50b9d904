"""Full disks: every change of a command is refused once; it ends with exit code 3 and one line, and nothing is lost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from .faults import GROWS, Faults, full_disk, full_disk_once, kill, largest_file
from .forked import Result, command
from .report import Report
from .scenarios import SCENARIOS, Broken, Scenario, digest, fresh, make_template, need

SIZES = sorted({int(2 ** (half / 2)) for half in range(8, 34)})
"""Bytes: no file may grow beyond them, which also refuses writes inside libraries."""


def run(minutes: float, seed: int, keep: Path, work: Path, only: str = "") -> int:
    """Fill the disk at every change, in an order drawn with the seed, until the time is over. Returns the exit code."""
    chance = random.Random(seed)
    report = Report("disk", seed, keep)
    end = time.monotonic() + 60 * minutes
    cases: list[tuple[Scenario, Path, Any, Any, str, Callable[[Path], Result]]] = []
    for scenario in SCENARIOS:
        if only in scenario.name:
            cases += [(scenario, *case) for case in _cases(scenario, work, report)]
    chance.shuffle(cases)
    for number, (scenario, template, before, reference, what, disturbed) in enumerate(cases):
        if time.monotonic() > end:
            print(f"disk: {number} of {len(cases)} points in the time given")
            break
        folder = fresh(template, work)
        earlier = _files(folder)
        result = disturbed(folder)
        with report.case(f"{scenario.name}: {what}", folder):
            _check(result, earlier, _files(folder), folder)
            scenario.finish(folder, reference, before)
    return report.end()


def _check(result: Result, earlier: dict[str, str], now: dict[str, str], folder: Path) -> None:
    need(not result.hangs, "the command ends", result)
    if result.code == 0:
        return  # the refused change was not needed, or was made by other means
    need(result.code == 3, "a full disk is exit code 3", result)
    need(result.is_clean_refusal, "a full disk is one line", result)
    lost = [name for name in earlier if name not in now and not name.endswith("last.safetensors")]  # now `previous`
    need(not lost, f"earlier files are kept, not lost: {lost}", result)
    left = [name for name in now if name not in earlier and name.endswith(".tmp")]
    need(not left, f"no temporary file is left: {left}", result)


def _files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest(path) for path in folder.rglob("*") if path.is_file()}


def _cases(
    scenario: Scenario, work: Path, report: Report
) -> list[tuple[Path, Any, Any, str, Callable[[Path], Result]]]:
    """The template folder, the outcomes before and without a fault, and each command with a full disk."""
    with report.case(f"{scenario.name}: undisturbed"):
        template = make_template(scenario, work)
        try:
            before = scenario.outcome(fresh(template, work))
        except (Broken, OSError, ValueError):
            before = None
        folder = fresh(template, work)
        result = command(folder, *scenario.arguments, faults=Faults(str(folder), 0, kill))
        need(result.code == 0, "the undisturbed command succeeds", result)
        reference = scenario.outcome(folder)
        growing = [at for at, (kind, _) in enumerate(result.changes, 1) if kind in GROWS]
        print(f"disk: {scenario.name} has {len(growing)} changes that a full disk can refuse", flush=True)

        def refused(act: Any, at: int, folder: Path) -> Result:
            return command(folder, *scenario.arguments, faults=Faults(str(folder), at, act))

        def limited(size: int, folder: Path) -> Result:
            return command(folder, *scenario.arguments, setup=partial(largest_file, size, dies=False))

        return [
            *((template, before, reference, f"full from {at} on", partial(refused, full_disk, at)) for at in growing),
            *((template, before, reference, f"full at {at}", partial(refused, full_disk_once, at)) for at in growing),
            *((template, before, reference, f"files of {size} bytes", partial(limited, size)) for size in SIZES),
        ]
    return []
