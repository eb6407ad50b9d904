"""Sweeps of 20 trials with two workers, of which one is killed: 20 trials must end, and none may be trained twice.

The study is in the journal file of the home folder, and in PostgreSQL where its server is installed.
"""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..support import postgres
from .forked import Running, command, start
from .report import Options, Report
from .scenarios import Broken, need

TRIALS = 20
_OPTIONS = (
    "--dataset", "table.csv", "--vectors", "random", "--vector-size", "8", "--min-count", "1", "--threads", "1",
    "--epochs", "4", "--patience", "0", "--checkpoint-every", "1", "--batch-size", "8",
    "--space", "lr=1e-3..1e-1:log", "--space", "dropout=0..0.5:0.1", "--trials", str(TRIALS),
)  # fmt: skip
_WORDS = ["soup", "train", "lamp", "chair", "garden", "hotel", "phone", "ticket"]
_LIMIT = 300.0
"""Seconds after which a sweep counts as one that does not end."""


def run(options: Options) -> int:
    """Sweep with each storage in turns, until the time is over. Returns the exit code."""
    report, chance = Report("sweep", options), random.Random(options.seed)
    with contextlib.ExitStack() as held:
        storages: dict[str, Callable[[], str | None]] = {"journal": lambda: None}
        if postgres.programs() is None:
            print(f"sweep: without PostgreSQL, because {postgres.MISSING}", flush=True)
        elif options.only in "postgresql":
            url = held.enter_context(postgres.server())
            storages["postgresql"] = lambda: url
        while not report.over:
            for kind, storage in storages.items():
                if options.only not in kind:
                    continue
                folder = options.work / f"{kind}-{report.cases}"
                with report.case(f"{kind}: a worker is killed", folder):
                    told = _sweep(folder, storage(), chance, f"study-{report.cases}")
                    print(f"sweep: {kind}: {told}", flush=True)
                shutil.rmtree(folder, ignore_errors=True)
    return report.end()


def _sweep(folder: Path, storage: str | None, chance: random.Random, study: str) -> str:
    """One sweep. Returns what happened in words."""
    _write_table(folder, chance)
    where = () if storage is None else ("--storage", storage)
    arguments = ("sweep", "simple-attn", *_OPTIONS, "--study", study, *where)
    workers = [start(folder, *arguments), start(folder, *arguments)]
    try:
        runs, trains = chance.randint(2, TRIALS // 2), chance.random() < 0.7
        _wait(lambda: _runs(folder) >= runs and (not trains or _has_checkpoint(folder, workers[0].pid)), workers)
        time.sleep(chance.uniform(0, 0.2))
        workers[0].signal(signal.SIGKILL)
        killed = workers[0].wait()
        need(killed.code == -signal.SIGKILL, "the worker was alive when it was killed", killed)
        other = workers[1].wait(_LIMIT)
    finally:
        for worker in workers:
            worker.signal(signal.SIGKILL)
    need(other.code == 0 and not other.has_traceback, "the other worker ends all trials", other)
    shown = command(folder, "sweep", "show", study, *where, "--json")
    need(shown.code == 0, "the study is shown", shown)
    return check_trials(folder, json.loads(shown.out))


def check_trials(folder: Path, document: dict[str, Any]) -> str:
    """Check that all trials have ended, each with one run that no other trial has, and that no other run exists."""
    trials = document["trials"]
    need([trial["number"] for trial in trials] == list(range(TRIALS)), f"there are {TRIALS} trials, not {len(trials)}")
    states = [trial["state"] for trial in trials]
    need(set(states) <= {"finished", "pruned"}, f"all trials have ended: {states}")
    runs = [run for trial in trials for run in trial["runs"]]
    need(len(runs) == len(set(runs)) == TRIALS, f"each trial has one run of its own: {runs}")
    made, resumed, again = {}, 0, 0
    for path in (folder / "home" / "runs").glob("*/run.json"):
        made[path.parent.name] = json.loads(path.read_text())["sweep"]["trial"]
        kinds = [json.loads(line)["kind"] for line in (path.parent / "events.jsonl").read_text().splitlines()]
        resumed, again = resumed + kinds.count("resumed"), again + kinds.count("started") - 1
    need(made == {trial["runs"][0]: trial["number"] for trial in trials}, f"no trial is trained twice: {made}")
    ended = f"{TRIALS} trials ended, {states.count('pruned')} of them pruned"
    return f"{ended}; runs resumed: {resumed}, begun again without a checkpoint: {again}"


def _write_table(folder: Path, chance: random.Random) -> None:
    folder.mkdir(parents=True)
    rows = [f"the {chance.choice(_WORDS)} is {'good' if i % 2 else 'bad'} near it {i},{i % 2}" for i in range(160)]
    (folder / "table.csv").write_text("text,label\n" + "\n".join(rows) + "\n")


def _runs(folder: Path) -> int:
    return len(list((folder / "home" / "runs").glob("*/run.json")))


def _has_checkpoint(folder: Path, pid: int) -> bool:
    """Whether a process trains a run that has a checkpoint."""
    for path in (folder / "home" / "runs").glob("*/status.json"):
        status = json.loads(path.read_text())
        if status["state"] == "running" and status["pid"] == pid:
            return (path.parent / "checkpoints" / "last.safetensors").exists()
    return False


def _wait(condition: Callable[[], bool], workers: list[Running]) -> None:
    end = time.monotonic() + _LIMIT
    while not condition():
        need(time.monotonic() < end, "the workers begin in time")
        for worker in workers:
            if (result := worker.poll()) is not None:
                raise Broken(f"a worker ended early: {result}")
        time.sleep(0.02)
