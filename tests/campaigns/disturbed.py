"""A campaign of faults: each scenario runs undisturbed, then with each fault, and a user repairs what is left."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .faults import Faults, kill
from .forked import Result, command
from .report import Options, Report
from .scenarios import SCENARIOS, Broken, Scenario, fresh, make_template, need

SIZES = sorted({int(2 ** (half / 2)) for half in range(8, 34)})
"""Bytes: no file may grow beyond them, which also disturbs writes inside libraries, in the middle."""


@dataclass(frozen=True)
class Undisturbed:
    """A scenario without a fault.

    template: the folder before the command.
    before:   the outcome before the command; None where there is none.
    after:    the outcome of the command.
    changes:  the changes of files that the command makes, as pairs of kind and path.
    """

    scenario: Scenario
    template: Path
    before: Any
    after: Any
    changes: list[tuple[str, str]]

    def with_faults(self, act: Callable[[Faults, str], None], at: int) -> Callable[[Path], Result]:
        """The command, disturbed by `act` at the change with the number `at` (from 1)."""
        return lambda folder: command(folder, *self.scenario.arguments, faults=Faults(str(folder), at, act))

    def after_setup(self, setup: Callable[[], None]) -> Callable[[Path], Result]:
        """The command, in a process in which `setup` is called."""
        return lambda folder: command(folder, *self.scenario.arguments, setup=setup)


Fault = tuple[str, Callable[[Path], Result]]
"""What it does, in words, and the disturbed command."""


def campaign(
    name: str,
    options: Options,
    faults_of: Callable[[Undisturbed], list[Fault]],
    check: Callable[[Result, Path, Path], None],
) -> int:
    """Try the faults of all scenarios, in an order drawn with the seed. Returns the exit code.

    check: raises `Broken` where a disturbed command ends wrongly; it takes the template and the folder.
    """
    report = Report(name, options)
    cases: list[tuple[Undisturbed, Fault]] = []
    for scenario in SCENARIOS:
        if options.only not in scenario.name:
            continue
        try:
            undisturbed = _undisturbed(scenario, options.work)
        except Broken as problem:
            report.fail(f"{scenario.name}: undisturbed", str(problem))
            continue
        faults = faults_of(undisturbed)
        print(f"{name}: {scenario.name} makes {len(undisturbed.changes)} changes, {len(faults)} faults", flush=True)
        cases += [(undisturbed, fault) for fault in faults]
    random.Random(options.seed).shuffle(cases)
    for undisturbed, (what, disturb) in cases:
        if report.over:
            break
        folder = fresh(undisturbed.template, options.work)
        with report.case(f"{undisturbed.scenario.name}: {what}", folder):
            result = disturb(folder)
            need(not result.hangs, "the command ends", result)
            check(result, undisturbed.template, folder)
            undisturbed.scenario.finish(folder, undisturbed.after, undisturbed.before)
    print(f"{name}: {report.cases} of {len(cases)} faults were tried")
    return report.end()


def _undisturbed(scenario: Scenario, work: Path) -> Undisturbed:
    template = make_template(scenario, work)
    try:
        before = scenario.outcome(fresh(template, work))
    except (Broken, OSError, ValueError):
        before = None
    folder = fresh(template, work)
    result = command(folder, *scenario.arguments, faults=Faults(str(folder), 0, kill))
    need(result.code == 0, "the undisturbed command succeeds", result)
    return Undisturbed(scenario, template, before, scenario.outcome(folder), result.changes)
