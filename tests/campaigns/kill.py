"""Kills at the changes of files: then states are right, `resume` leads to the same weights, nothing is left over."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

from .faults import Faults, kill, largest_file
from .forked import command
from .report import Report
from .scenarios import SCENARIOS, Broken, Scenario, fresh, make_template

SIZES = sorted({int(2 ** (half / 2)) for half in range(8, 34)})
"""Bytes: no file may grow beyond them, which also ends writings inside libraries in the middle."""


def run(minutes: float, seed: int, keep: Path, work: Path, only: str = "") -> int:
    """Kill commands at every change, in an order drawn with the seed, until the time is over. Returns the exit code."""
    chance = random.Random(seed)
    report = Report("kill", seed, keep)
    end = time.monotonic() + 60 * minutes
    cases: list[tuple[Scenario, Path, Any, Any, int, str]] = []
    for scenario in SCENARIOS:
        if only in scenario.name:
            cases += [(scenario, *case) for case in _cases(scenario, work, report)]
    chance.shuffle(cases)
    for number, (scenario, template, before, reference, at, kind) in enumerate(cases):
        if time.monotonic() > end:
            print(f"kill: {number} of {len(cases)} kills in the time given")
            break
        folder = fresh(template, work)
        what = f"{scenario.name}: killed at {kind} {at}"
        if kind == "size":
            result = command(folder, *scenario.arguments, setup=lambda at=at: largest_file(at, dies=True))
        else:
            result = command(folder, *scenario.arguments, faults=Faults(str(folder), at, kill))
        with report.case(what, folder):
            if result.hangs:
                raise Broken("the command ends")
            scenario.finish(folder, reference, before)
    return report.end()


def _cases(scenario: Scenario, work: Path, report: Report) -> list[tuple[Path, Any, Any, int, str]]:
    """The template folder, the outcomes before and without a fault, and each change to kill at."""
    with report.case(f"{scenario.name}: undisturbed"):
        template = make_template(scenario, work)
        try:
            before = scenario.outcome(fresh(template, work))
        except (Broken, OSError, ValueError):
            before = None
        folder = fresh(template, work)
        result = command(folder, *scenario.arguments, faults=Faults(str(folder), 0, kill))
        if result.code:
            raise Broken(f"the undisturbed command ends with {result.code}: {result.err}")
        reference = scenario.outcome(folder)
        print(f"kill: {scenario.name} makes {len(result.changes)} changes", flush=True)
        sizes = SIZES if scenario.name in ("train", "resume") else ()
        return [
            *((template, before, reference, at, "change") for at in range(1, len(result.changes) + 1)),
            *((template, before, reference, at, "size") for at in sizes),
        ]
    return []
