"""Fuzzing: mutated inputs end in a result or in one line of error, in bounded time and memory."""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from .fuzz_case import PATIENCE, limit_memory, problem_of
from .fuzz_targets import TARGETS, Target
from .mutations import mutate_file
from .report import Options, Report

BATCH = 50
"""Cases in a process: few enough that what one leaves in memory does not hide in the next."""


def run(options: Options) -> int:
    """Fuzz all targets in turns until the time is over. Returns the exit code."""
    report = Report("fuzz", options)
    targets = [target for target in TARGETS for _ in range(target.weight) if options.only in target.name]
    Random(options.seed).shuffle(targets)
    templates: dict[Callable[[Path], None], Path] = {}
    done: Counter[str] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    turn = 0
    while not report.over:
        target = targets[turn % len(targets)]
        turn += 1
        folder = options.work / "case"
        if target.prepare not in templates:
            shutil.rmtree(folder, ignore_errors=True)
            _in_a_process(lambda target=target, folder=folder: target.prepare(folder))  # type: ignore[misc]
            templates[target.prepare] = Path(shutil.copytree(folder, options.work / f"template-{len(templates)}"))
        first, begin = done[target.name], _processor_seconds()
        for number, what, problem in _batch(target, templates[target.prepare], folder, options.seed, first):
            report.cases += 1
            done[target.name] = number + 1
            if problem:
                failing = options.work / "failing"
                report.fail(f"{target.name}: case {number}, {what}", problem, folder=failing)
                shutil.rmtree(failing, ignore_errors=True)
        seconds[target.name] += _processor_seconds() - begin
    for name, count in sorted(done.items()):
        failed = sum(times for group, times in report.failures.items() if group.startswith(f"{name}: "))
        print(f"fuzz: {count:6} of {name}, {failed} failed, {1000 * seconds[name] / count:.0f} ms of processor each")
    return report.end()


def _processor_seconds() -> float:
    """What the processes of all batches took so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _in_a_process(work: Callable[[], None]) -> None:
    """Call `work` in a forked process: polars starts threads, after which this one could not be forked any more."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("The valid inputs cannot be made; the traceback is above.")


def _batch(target: Target, template: Path, folder: Path, seed: int, first: int) -> list[tuple[int, str, str]]:
    """Run a batch of cases in a forked process: the number, the mutation and the problem ("" for none) of each."""
    log = folder.with_name("batch.jsonl")
    log.unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            limit_memory()
            with log.open("w", buffering=1) as file:
                _cases(target, template, folder, seed, first, file)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if log.exists() and time.time() - log.stat().st_mtime > 2 * PATIENCE:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    results: list[tuple[int, str, str]] = []
    for line in log.read_text().splitlines():
        entry: dict[str, Any] = json.loads(line)
        if "problem" in entry:
            results[-1] = (entry["number"], entry["what"], entry["problem"])
        else:
            results.append((entry["number"], entry["what"], "the process dies or hangs"))
    if results and results[-1][2] == "the process dies or hangs":
        problem = f"the process ends with {os.waitstatus_to_exitcode(ended[1])}"
        shutil.copytree(folder, folder.with_name("failing"), symlinks=True, dirs_exist_ok=True)
        results[-1] = (*results[-1][:2], problem)
    return results


def _cases(target: Target, template: Path, folder: Path, seed: int, first: int, log: io.TextIOWrapper) -> None:
    for number in range(first, first + BATCH):
        chance = Random(f"{seed} {target.name} {number}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(template, folder, symlinks=True)
        mutated = target.choose(folder, chance)
        what = mutate_file(mutated, chance)
        if chance.random() < 0.1:
            with contextlib.suppress(IndexError, OSError):
                what += ", " + mutate_file(target.choose(folder, chance), chance)
        reading = [command for command in target.commands if mutated.name in command]
        chosen = chance.choice(reading or target.commands)
        what += f": tmeattn {' '.join(chosen)}"
        log.write(json.dumps({"number": number, "what": what}) + "\n")
        problem = problem_of(folder, chosen, must_succeed=False)
        for other in target.succeeds if chance.random() < 0.3 else ():
            problem = problem or problem_of(folder, other, must_succeed=True)
        log.write(json.dumps({"number": number, "what": what, "problem": problem}) + "\n")
        if problem:
            with contextlib.suppress(OSError, shutil.Error):
                _keep(folder)
            return  # the next batch starts afresh


def _keep(folder: Path) -> None:
    def without_pipes(place: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(place, name).is_fifo()]

    shutil.copytree(folder, folder.with_name("failing"), symlinks=True, dirs_exist_ok=True, ignore=without_pipes)
