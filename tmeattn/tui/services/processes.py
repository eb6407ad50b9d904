"""Training in processes of their own, which outlive the screens: started, resumed, asked to stop, and looked after."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.files import disk_errors
from tmeattn.paths import home, runs_dir
from tmeattn.render.numbers import flag
from tmeattn.runs.control import LOG, REQUESTS, take_request
from tmeattn.runs.directory import ID_VARIABLE, RunDirectory, new_id


@dataclass
class TrainingProcess:
    """A process that trains `run` (whose folder may not be there yet); what it says on stderr goes to `log`.

    resumes: whether it was started to continue the run.
    """

    run: RunDirectory
    process: subprocess.Popen[bytes]
    log: Path
    resumes: bool = False

    @property
    def exit_code(self) -> int | None:
        """None while it runs. Asking also takes a dead child from the process table, so that others see it is gone."""
        return self.process.poll()


class TrainingProcesses:
    """The processes that this session started."""

    def __init__(self) -> None:
        self._workers: dict[str, TrainingProcess] = {}

    def start(self, arguments: Sequence[str], model: str) -> TrainingProcess:
        """Run `tmeattn train ...` in the background.

        Raises:
            EnvironmentProblem: the log cannot be written, or no process be made.
        """
        run = RunDirectory(runs_dir() / new_id(model))
        return self._run(run, arguments, home() / "logs" / f"{run.id}.log", {ID_VARIABLE: run.id})

    def resume(self, run: RunDirectory) -> TrainingProcess:
        """Run `tmeattn resume` in the background. A request that nobody read is withdrawn, or it would stop at once.

        Raises:
            EnvironmentProblem: as for `start`.
        """
        for request in REQUESTS:
            take_request(run, request)
        return self._run(run, ["resume", str(run.path)], run.path / LOG, {})

    def _run(
        self, run: RunDirectory, arguments: Sequence[str], log: Path, variables: Mapping[str, str]
    ) -> TrainingProcess:
        with disk_errors("the log of a training process", log):
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as file:
                process = subprocess.Popen(
                    [sys.executable, "-m", "tmeattn", *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=file,
                    env={**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", **variables},
                    **_detached(),
                )
        self._workers[run.id] = TrainingProcess(run, process, log, resumes=arguments[0] == "resume")
        return self._workers[run.id]

    def worker(self, run: RunDirectory) -> TrainingProcess | None:
        """The process that this session started for a run."""
        return self._workers.get(run.id)

    def ended(self) -> list[TrainingProcess]:
        """Processes that have ended since the last call."""
        gone = [worker for worker in self._workers.values() if worker.exit_code is not None]
        for worker in gone:
            del self._workers[worker.run.id]
        for worker in [*self._workers.values(), *gone]:
            _adopt(worker)
        return gone


def _detached() -> dict[str, Any]:
    """What keeps a child alive when its terminal closes."""
    if os.name == "posix":
        return {"start_new_session": True}
    flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS  # type: ignore[attr-defined,unused-ignore]
    return {"creationflags": flags}


def _adopt(worker: TrainingProcess) -> None:
    """Move the log into the run's folder as soon as training has begun (before, a failure deletes that folder)."""
    target = worker.run.path / LOG
    if worker.log != target and worker.run.events_path.exists() and not target.exists():
        with contextlib.suppress(OSError):  # Windows moves no open file: it stays where it is
            worker.log.rename(target)
            worker.log = target


def train_arguments(model: str, given: Mapping[str, str], *, switches: Mapping[str, str], name: str = "") -> list[str]:
    """The arguments of `tmeattn train` for the options that were given.

    switches: for fields that are switched on and off, the flag that switches off.
    """
    arguments = ["train", model]
    for field, value in given.items():
        if field in switches:
            arguments.append(flag(field) if value == "true" else switches[field])
        else:
            arguments += [flag(field), value]
    return [*arguments, *(["--name", name] if name else [])]


def shown(arguments: Sequence[str]) -> str:
    """The command line as a user would type it."""
    return shlex.join(["tmeattn", *arguments])
