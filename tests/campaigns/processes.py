"""Kills of the processes of one training: of a rank, of the launcher (rank 0), of all of them. Within seconds no
process is left, the state of the run is right, and `resume` leads to the weights and events of the undisturbed run.

    python -m tests.campaigns processes --cases 30 --minutes 60

With 30 cases each kind is tried ten times; a case takes about 15 seconds on two quiet cores. A busy computer fails no
case: what is waited for may take as long as there is progress, and "within seconds" is measured by how long an
undisturbed training takes here.
"""

from __future__ import annotations

import json
import os
import random
import signal
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .forked import Result, Running, start
from .patience import Patience, ticks
from .report import Options, Report
from .scenarios import equal, fresh, must, need, only_run, training_outcome, write_table

PROCESSES = 3
TRAIN = (
    "train", "lstm-attn", "--dataset", "toy.csv", "--vectors", "random", "--vector-size", "8", "--min-count", "1",
    "--hidden-size", "16", "--batch-size", "16", "--epochs", "6", "--patience", "0", "--threads", "1",
    "--device", "cpu", "--checkpoint-every", "7", "--alpha", "0.01", "--processes", str(PROCESSES),
)  # fmt: skip
TEXTS = 600
MOST_SECONDS = 10.0
"""A process that is left must end within this time and that of an undisturbed training, in which all of it starts anew
and which grows with what else runs; on a quiet computer it takes a tenth of a second."""


def run(options: Options) -> int:
    """Kill in turns a rank, the launcher and all, at a drawn step. Returns the exit code."""
    report, chance = Report("processes", options), random.Random(options.seed)
    template = options.work / "template"
    template.mkdir()
    write_table(template / "toy.csv", TEXTS, 0)
    folder = fresh(template, options.work)
    begin = time.monotonic()
    must(folder, *TRAIN)
    most = MOST_SECONDS + time.monotonic() - begin
    print(f"An undisturbed training takes {most - MOST_SECONDS:.1f} s.", flush=True)
    reference, steps = training_outcome(folder), _steps(only_run(folder))
    seconds: list[float] = []
    while not report.over:
        for kind, kill in KINDS.items():
            if options.only not in kind or report.over:
                continue
            at = chance.randrange(steps * 9 // 10)
            folder = fresh(template, options.work)
            with report.case(f"{kind}: killed after step {at}", folder):
                seconds.append(_case(folder, kill, at, chance, reference, most))
    if seconds:
        middle, most = statistics.median(seconds), max(seconds)
        print(f"processes: the others ended after {middle:.2f} s (median), {most:.2f} s (most)")
    return report.end()


def _case(folder: Path, kill: Callable[[Running, list[int], random.Random], int | None], at: int, chance: random.Random,
          reference: Any, most: float) -> float:  # fmt: skip
    """Train, kill, resume. Returns the seconds until no process was left, at most `most`."""
    training = start(folder, *TRAIN)
    try:
        return _disturbed(training, folder, kill, at, chance, reference, most)
    finally:
        for pid in (*_children(training.pid), training.pid):  # of a case that has failed
            with suppress(ProcessLookupError):
                if training.poll() is None:
                    os.kill(pid, signal.SIGKILL)


def _disturbed(training: Running, folder: Path, kill: Callable[[Running, list[int], random.Random], int | None],
               at: int, chance: random.Random, reference: Any, most: float) -> float:  # fmt: skip
    progress = Patience(lambda: ticks(training.pid))
    _wait(lambda: _reached(folder, at) or training.poll() is not None, "the training reaches the step", progress)
    need(training.poll() is None, "the training still runs", training.poll())
    ranks = _children(training.pid)
    need(len(ranks) == PROCESSES - 1, f"there are {PROCESSES - 1} other processes, not {len(ranks)}")
    killed_rank = kill(training, ranks, chance)
    begin = time.monotonic()
    still = Patience(lambda: [ticks(pid) for pid in (training.pid, *ranks)])
    _wait(lambda: training.poll() is not None and not any(map(_exists, ranks)), "no process is left", still)
    seconds = time.monotonic() - begin
    need(seconds < most, f"the others end within {most:.0f} seconds, not {seconds:.1f}")
    _check_end(training.wait(), killed_rank)
    (listed,) = json.loads(must(folder, "runs", "list", "--json").out)
    expected = "crashed" if killed_rank is None else "failed"
    need(listed["state"] == expected, f"the state is {expected}, not {listed['state']}")
    must(folder, "resume")
    equal(training_outcome(folder), reference)
    return seconds


def _check_end(result: Result, killed_rank: int | None) -> None:
    """One line names the rank that was killed, and the exit code is that of a problem of the computer."""
    if killed_rank is None:
        need(result.code == -signal.SIGKILL, "rank 0 was killed", result)
        return
    errors = [line for line in result.err.splitlines() if line.startswith("Error: ")]
    need(result.code == 3 and len(errors) == 1 and not result.has_traceback, "one line and exit code 3", result)
    need(f"Rank {killed_rank} on " in errors[0] and "SIGKILL" in errors[0], "the line names the rank", result)


def _kill_rank(training: Running, ranks: list[int], chance: random.Random) -> int | None:
    rank = chance.randrange(len(ranks))
    os.kill(ranks[rank], signal.SIGKILL)
    return rank + 1


def _kill_launcher(training: Running, ranks: list[int], chance: random.Random) -> int | None:
    training.signal(signal.SIGKILL)
    return None


def _kill_all(training: Running, ranks: list[int], chance: random.Random) -> int | None:
    everyone = [training.pid, *ranks]
    chance.shuffle(everyone)
    for pid in everyone:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return None


KINDS = {"rank": _kill_rank, "launcher": _kill_launcher, "all": _kill_all}


def _steps(run: Path) -> int:
    events = map(json.loads, (run / "events.jsonl").read_text().splitlines())
    return max(int(event["step"]) for event in events if event["kind"] == "checkpoint")


def _reached(folder: Path, at: int) -> bool:
    """Whether a log has an event of the step; of the beginning, its first event."""
    for path in (folder / "home" / "runs").glob("*/events.jsonl"):
        for line in path.read_text().splitlines():
            with suppress(ValueError):
                if json.loads(line).get("step", 0) >= at:
                    return True
    return False


def _children(pid: int) -> list[int]:
    """The other ranks, in the order in which they were started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(path.parent.name))
    return sorted(found)


def _exists(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _wait(condition: Callable[[], bool], promise: str, patience: Patience) -> None:
    while not condition():
        need(not patience.is_over, promise)
        time.sleep(0.01)
