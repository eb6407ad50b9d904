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
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from .forked import Result
from .fuzz_targets import TARGETS, Target
from .mutations import mutate_file
from .report import Report

SECONDS = 20
"""What a command may take."""
BOUND = 2**30
"""Bytes of memory that a command may take beyond the start."""
BATCH = 50
"""Cases in a process: few enough that what one leaves in memory does not hide in the next."""


def run(minutes: float, seed: int, keep: Path, work: Path, only: str = "") -> int:
    """Fuzz all targets in turns until the time is over. Returns the exit code."""
    report = Report("fuzz", seed, keep)
    end = time.monotonic() + 60 * minutes
    targets = [target for target in TARGETS for _ in range(target.weight) if only in target.name]
    Random(seed).shuffle(targets)
    templates: dict[str, Path] = {}
    done: Counter[str] = Counter()
    turn = 0
    while time.monotonic() < end:
        target = targets[turn % len(targets)]
        turn += 1
        folder = work / "case"
        if target.name not in templates:
            shutil.rmtree(folder, ignore_errors=True)
            _in_a_process(lambda target=target, folder=folder: target.prepare(folder))  # type: ignore[misc]
            templates[target.name] = Path(shutil.copytree(folder, work / f"template-{len(templates)}"))
        first = done[target.name]
        for number, what, problem in _batch(target, templates[target.name], folder, seed, first, report):
            report.cases += 1
            done[target.name] = number + 1
            if problem:
                report.fail(f"{target.name}: case {number}, {what}", problem, folder=work / "failing")
                shutil.rmtree(work / "failing", ignore_errors=True)
    for name, count in sorted(done.items()):
        print(f"fuzz: {count:6} of {name}")
    return report.end()


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


def _batch(
    target: Target, template: Path, folder: Path, seed: int, first: int, report: Report
) -> list[tuple[int, str, str]]:
    """Run a batch of cases in a forked process: the number, the mutation and the problem ("" for none) of each."""
    log = folder.with_name("batch.jsonl")
    log.unlink(missing_ok=True)
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        try:
            with log.open("w", buffering=1) as file:
                _cases(target, template, folder, seed, first, file)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    limit = time.monotonic() + SECONDS * BATCH
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        hangs = log.exists() and time.time() - log.stat().st_mtime > 1.5 * SECONDS
        if time.monotonic() > limit or hangs:
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
        problem = _problem(folder, chosen, must_succeed=False)
        for other in target.succeeds if chance.random() < 0.3 else ():
            problem = problem or _problem(folder, other, must_succeed=True)
        log.write(json.dumps({"number": number, "what": what, "problem": problem}) + "\n")
        if problem:
            with contextlib.suppress(OSError, shutil.Error):
                _keep(folder)
            return  # the next batch starts afresh


def _keep(folder: Path) -> None:
    def without_pipes(place: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(place, name).is_fifo()]

    shutil.copytree(folder, folder.with_name("failing"), symlinks=True, dirs_exist_ok=True, ignore=without_pipes)


def _problem(folder: Path, arguments: tuple[str, ...], *, must_succeed: bool) -> str:
    """Run a command in this process: what is wrong with its end; "" for nothing."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result = in_process(folder, arguments)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    name = " ".join(arguments[:2])
    if result.hangs:
        return f"{name} takes more than {SECONDS} s"
    if grown > BOUND:
        return f"{name} takes {grown / 2**20:.0f} MiB"
    if result.has_traceback or "Internal error" in result.err:
        return f"{name}: {result.err[-1500:]}"
    if result.code == 0:
        return ""
    if must_succeed:
        return f"{name} must succeed, and ends with {result.code}: {result.err[-500:]}"
    return "" if result.is_clean_refusal else f"{name} ends with {result.code}: {result.err[-500:]}"


def _read(kind: str, path: str) -> int:
    """Read a dataset or word vectors as `train` does, without the rest of a command: the exit code."""
    from tmeattn.data.sources import open_dataset, open_vectors
    from tmeattn.errors import TmeattnError

    def narrate(line: str) -> None:
        print(line, file=sys.stderr)

    try:
        if kind == "import":
            dataset = open_dataset(path, narrate=narrate)
            for name, split in dataset.read().items():
                print(name, sum(map(len, split.texts)), sum(split.labels))
        else:
            vectors = open_vectors(path, narrate)
            print(vectors.lookup(["good", "bad", "none"]) if vectors is not None else None)
    except TmeattnError as error:
        print(f"Error: {' '.join(str(error).split())}", file=sys.stderr)
        return error.exit_code
    return 0


class _TooLong(BaseException):
    """The alarm."""


def in_process(folder: Path, arguments: tuple[str, ...]) -> Result:
    """Run a command line in this process, in a folder, under an alarm and a limit of memory."""
    from tmeattn.cli.main import run as run_command
    from tmeattn.registry import registry

    def alarm(*_: object) -> None:
        raise _TooLong

    os.chdir(folder)
    os.environ |= {"TMEATTN_HOME": str(folder / "home"), "TERM": "dumb", "COLUMNS": "200"}
    site = str(folder / "site")
    if (folder / "site").is_dir():
        os.environ.pop("TMEATTN_PLUGINS", None)
        sys.path.insert(0, site)
        sys.modules.pop("fuzzed_plugin", None)
        registry.cache_clear()
    out, err = io.StringIO(), io.StringIO()
    hangs, code = False, 1
    signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _read(*arguments) if arguments[0] in ("import", "vectors") else run_command(list(arguments))
    except SystemExit as leave:
        code = leave.code if isinstance(leave.code, int) else 1
    except _TooLong:
        hangs = True
    except BaseException:
        err.write(traceback.format_exc())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if site in sys.path:
            sys.path.remove(site)
    return Result(code, out.getvalue(), err.getvalue(), hangs=hangs)
