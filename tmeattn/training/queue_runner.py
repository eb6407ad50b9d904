"""The runner of the queue of trainings: it trains one after another, each in a process of its own.

There is one runner at a time. The trainings outlive a runner that is killed: the next runner waits for them, or resumes
what was killed with it. A training that fails ends only itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tmeattn.child_processes import signal_that_ended
from tmeattn.errors import BadInput, Interrupted
from tmeattn.files import disk_errors
from tmeattn.os_errors import reason
from tmeattn.paths import home, runs_dir
from tmeattn.runs.control import LOG, log_tail
from tmeattn.runs.creation import ID_VARIABLE, new_id
from tmeattn.runs.detached import start_detached
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.lock import is_trained
from tmeattn.runs.queue import (
    OVER,
    PATIENCE,
    ItemState,
    QueueItem,
    as_typed,
    has_runner,
    running_queue,
    settle,
    take_next,
)
from tmeattn.training.signals import StopFlag, stop_on_signals

EVERY = 0.5
"""Seconds between two looks at a training."""
Tell = Callable[[str], None]


def start_runner() -> None:
    """Start a runner as a process that outlives this one, unless there is one.

    Raises:
        EnvironmentProblem: its log cannot be written, or it cannot be started.
    """
    if has_runner(PATIENCE):
        return
    log = home() / "logs" / "queue.log"
    with disk_errors("the log of the queue", log):
        start_detached(["runs", "queue", "start"], log)


def work(tell: Tell) -> int:
    """Train what is in the queue, until it is empty. Returns how many trainings failed.

    tell: called with a line for each training that begins or ends.

    Raises:
        BadInput: another process works on the queue, or the queue is damaged.
        Interrupted: a signal came. The training was stopped after a checkpoint, and the next runner continues it.
        EnvironmentProblem: the queue cannot be written.
    """
    failed = 0
    with contextlib.ExitStack() as held, stop_on_signals() as flag:
        if not held.enter_context(running_queue()):
            raise BadInput("Another process trains the queue.", hint="See what it does: tmeattn runs queue")
        while (item := take_next(lambda one: new_id(_model(one)), held.close)) is not None:
            state, message = _train(item, flag, tell)
            settle(item["number"], state, message)
            if state in OVER:
                tell(f"{item['run']} {state}{f': {message}' if message else ''}.")
            failed += state == "failed"
            if flag:
                raise Interrupted(
                    f"{flag.reason}: the queue was stopped.", hint="It goes on with: tmeattn runs queue start"
                )
    return failed


def _model(item: QueueItem) -> str:
    return item["arguments"][1] if len(item["arguments"]) > 1 else "run"


def _train(item: QueueItem, flag: StopFlag, tell: Tell) -> tuple[ItemState, str | None]:
    """Train an item to its end; what has become of it, and why."""
    run = RunDirectory(runs_dir() / (item["run"] or ""))
    if _exists(run):
        _wait_for(run, flag)  # the runner that began it was killed, and the training was not
        if flag:
            return "running", None
        state = run.state()
        if state in ("finished", "failed"):
            return _outcome(run, 0 if state == "finished" else 1)
        arguments = ["resume", str(run.path)]
        tell(f"Resuming {run.id}: {as_typed(item)}")
    else:
        arguments = item["arguments"]
        tell(f"Training {run.id}: {as_typed(item)}")
    log = run.path / LOG if _exists(run) else home() / "logs" / f"{run.id}.log"
    try:
        process = _start(run, arguments, Path(item["folder"]), log)
    except OSError as error:
        return "failed", f"it cannot be started: {reason(error)}"
    code = _wait(process, flag)
    _adopt(run, log)
    if flag and code == Interrupted.exit_code:
        return "running", None  # the next runner goes on
    return _outcome(run, code)


def _start(run: RunDirectory, arguments: list[str], folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Raises `OSError`."""
    variables = {ID_VARIABLE: run.id}
    if os.environ.get("TMEATTN_HOME"):  # perhaps relative to this process's folder
        variables["TMEATTN_HOME"] = str(home().absolute())
    return start_detached(arguments, log, folder=folder, variables=variables)


def _wait(process: subprocess.Popen[bytes], flag: StopFlag) -> int:
    """Wait for the end of a training; after a signal, let it stop with a checkpoint."""
    told = False
    while True:
        try:
            return process.wait(EVERY)
        except subprocess.TimeoutExpired:
            if flag and not told:
                told = True
                process.send_signal(signal.SIGTERM)


def _wait_for(run: RunDirectory, flag: StopFlag) -> None:
    """Wait until no process trains a run."""
    while not flag and is_trained(run):
        time.sleep(EVERY)


def _exists(run: RunDirectory) -> bool:
    return (run.path / "run.json").exists()


def _adopt(run: RunDirectory, log: Path) -> None:
    """Move the log into the run's folder, where the screens look for it first."""
    if log.parent != run.path and _exists(run):
        with contextlib.suppress(OSError):
            os.replace(log, run.path / LOG)  # noqa: PTH105


def _outcome(run: RunDirectory, code: int) -> tuple[ItemState, str | None]:
    if code == 0:
        return "finished", None
    if code == Interrupted.exit_code:
        return "stopped", f"it was stopped; tmeattn resume {run.id} continues it" if _exists(run) else "it was stopped"
    lines = [line for line in log_tail(run, 3) if line.startswith("Error")] or log_tail(run, 1)
    by_signal = signal_that_ended(code)
    return "failed", f"it was ended by {by_signal}" if by_signal else lines[-1] if lines else f"exit code {code}"
