"""Training processes that outlive the screens: this module starts them, resumes runs, and notices their end."""

from __future__ import annotations

import contextlib
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tmeattn.child_processes import signal_that_ended
from tmeattn.files import disk_errors
from tmeattn.paths import home, runs_dir
from tmeattn.render.numbers import flag
from tmeattn.runs import control
from tmeattn.runs.control import LOG
from tmeattn.runs.creation import ID_VARIABLE, new_id
from tmeattn.runs.detached import start_detached
from tmeattn.runs.directory import RunDirectory


@dataclass
class TrainingProcess:
    """A process that trains `run`, whose directory may not exist yet.

    log:       the file of its stderr.
    arguments: those of `tmeattn`.
    """

    run: RunDirectory
    popen: subprocess.Popen[bytes]
    log: Path
    arguments: Sequence[str] = ()

    @property
    def resumes(self) -> bool:
        """Whether it was started to continue the run."""
        return "resume" in self.arguments[:1]

    @property
    def did_not_start(self) -> bool:
        """Whether it failed before the run existed; its log has the reason."""
        return self.exit_code not in (None, 0) and not (self.run.path / "run.json").exists()

    @property
    def exit_code(self) -> int | None:
        """None while it runs. Reading it reaps an ended child, so that other programs see its end."""
        return self.popen.poll()

    @property
    def why_it_ended(self) -> str:
        """The error in its log, or how it ended otherwise."""
        code = self.exit_code or 0
        by_signal = signal_that_ended(code)
        ended = f"was killed ({by_signal})" if by_signal else f"ended with exit code {code}"
        return control.last_error(self.run) or f"The training process {ended}."


class TrainingProcesses:
    """The training processes of this session, by run.

    last_start: the process that `start` started last, also after its end; None before.
    """

    def __init__(self) -> None:
        self._processes: dict[str, TrainingProcess] = {}
        self.last_start: TrainingProcess | None = None

    def start(self, arguments: Sequence[str], model: str) -> TrainingProcess:
        """Run `tmeattn train ...` in the background.

        Raises:
            EnvironmentProblem: the log cannot be written, or the process cannot be started.
        """
        run = RunDirectory(runs_dir() / new_id(model))
        self.last_start = None
        self.last_start = self._run(run, arguments, home() / "logs" / f"{run.id}.log", {ID_VARIABLE: run.id})
        return self.last_start

    def resume(self, run: RunDirectory) -> TrainingProcess:
        """Run `tmeattn resume` in the background.

        Raises:
            EnvironmentProblem: as for `start`.
        """
        return self._run(run, ["resume", str(run.path)], run.path / LOG, {})

    def _run(
        self, run: RunDirectory, arguments: Sequence[str], log: Path, variables: Mapping[str, str]
    ) -> TrainingProcess:
        with disk_errors("the log of a training process", log):
            popen = start_detached(arguments, log, variables=variables)
        self._processes[run.id] = TrainingProcess(run, popen, log, arguments)
        return self._processes[run.id]

    def process(self, run: RunDirectory) -> TrainingProcess | None:
        """The process that this session started for a run; None where it started none."""
        return self._processes.get(run.id)

    def ended(self) -> list[TrainingProcess]:
        """The processes that have ended since the last call."""
        gone = [process for process in self._processes.values() if process.exit_code is not None]
        for process in gone:
            del self._processes[process.run.id]
        for process in [*self._processes.values(), *gone]:
            _adopt(process)
        return gone


def _adopt(process: TrainingProcess) -> None:
    """Move the log into the run directory once training has begun; a failure before that deletes the directory."""
    target = process.run.path / LOG
    if process.log != target and process.run.events_path.exists() and not target.exists():
        with contextlib.suppress(OSError):  # Windows does not move an open file
            process.log.rename(target)
            process.log = target


def train_arguments(model: str, given: Mapping[str, str], *, switches: Mapping[str, str], name: str = "") -> list[str]:
    """The arguments of `tmeattn train` for the given options.

    switches: by the name of a boolean option, the flag that switches it off.
    """
    arguments = ["train", model]
    for field, value in given.items():
        if field in switches:
            arguments.append(flag(field) if value == "true" else switches[field])
        else:
            arguments += [flag(field), value]
    return [*arguments, *(["--name", name] if name else [])]


def as_typed(arguments: Sequence[str]) -> str:
    """The command line as a user types it."""
    return shlex.join(["tmeattn", *arguments])
