"""Several runs trained at the same time, each in a process of its own with its share of the cores.

Two trainings of one thread are faster than two trainings of two threads, one after the other, because no thread waits
for another; and they lose less beside other busy processes.

The processes read the requests and write the answers that `side_by_side_worker` describes.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tmeattn.child_processes import signal_that_ended
from tmeattn.child_python import child_environment, program_command
from tmeattn.config import TrainOptions
from tmeattn.cpu import available_cores, default_threads, wanted_threads
from tmeattn.errors import EnvironmentProblem, Interrupted, TmeattnError, error_with
from tmeattn.models.building import choose_device
from tmeattn.paths import runs_dir
from tmeattn.plurals import counted, plural
from tmeattn.run_config import RunConfig
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import Event, Listener
from tmeattn.training.distributed.place import started_place
from tmeattn.training.run_data import Narrate
from tmeattn.training.session import resume, start
from tmeattn.training.signals import stop_on_signals
from tmeattn.training.trainer import Diverged

MEMORY = 2 * 2**30
"""Bytes of free memory for each process, so that many cores and little memory do not end in the swap."""
_PROGRAM = "from tmeattn.training.side_by_side_worker import work; work()"
JOBS = "TMEATTN_JOBS"
"""The environment variable with the default of --jobs."""
MOST_NAMED = 5
"""Runs that a message names."""
_POLL_SECONDS = 0.2
_ENCODING = ("dataset", "drop_label", "merge_labels", "tokenizer", "vectors", "vector_size", "limit", "min_count")
"""The options that the encoded texts depend on."""


@dataclass(frozen=True)
class Job:
    """A run to train.

    key:     tells the jobs apart.
    title:   what the display calls it.
    resumes: a run to continue; None: a new run is made from config and name.
    watch_texts: the user's texts on the watch list of a new run.
    derived: options of a new run that the user has not given, and that follow from the number of its training texts.
    """

    key: str
    title: str
    config: RunConfig
    name: str | None = None
    trackers: tuple[str, ...] = ()
    resumes: RunDirectory | None = None
    watch_texts: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, Any]:
        """The options of a new run."""
        return {name: value for name, value in self.config.flat().items() if name not in self.derived}

    @property
    def data(self) -> str:
        """Equal for jobs that read the same encoded texts from the cache."""
        return repr([getattr(self.config.train, name) for name in _ENCODING])


@dataclass
class Outcome:
    """What has become of a job: the run where it was begun, and the error that ended it, or None."""

    run: RunDirectory | None
    error: TmeattnError | None = None


def jobs_at_once(options: Sequence[TrainOptions]) -> int:
    """How many of these runs are best trained at the same time on this computer; or the number in TMEATTN_JOBS.

    One for a single run, for runs of several processes, with --threads auto, and on a GPU; otherwise one for every
    core, or for every --threads cores, and for every 2 GiB of free memory.
    """
    if len(options) < 2 or started_place() is not None or any(map(_takes_all, options)):
        return 1
    wanted = os.environ.get(JOBS, "")
    if wanted.isdecimal() and int(wanted[:9]) > 0:
        return min(int(wanted[:9]), len(options))
    threads = max(each.threads if isinstance(each.threads, int) else wanted_threads() or 1 for each in options)
    return max(1, min(available_cores() // threads, _free_memory() // MEMORY, len(options)))


def train_here(job: Job, listener: Listener, narrate: Narrate) -> Outcome:
    """Train or continue the run of a job in this process. A training that diverges is in the outcome; every other error
    is raised."""
    run = job.resumes

    def remember(event: Event) -> None:
        nonlocal run
        if event["kind"] == "started":
            run = RunDirectory(runs_dir() / event["run"])

    listeners = [listener, remember]
    try:
        if job.resumes is not None:
            return Outcome(resume(job.resumes, listeners=listeners, narrate=narrate))
        return Outcome(start(job.config.model, job.options, name=job.name, listeners=listeners, narrate=narrate))
    except Diverged as error:
        return Outcome(run, error)


def kept_run(outcome: Outcome, narrate: Narrate) -> RunDirectory:
    """The run of a job whose training is over; one that diverged is reported and kept. Raises every other error."""
    if isinstance(outcome.error, Diverged) and outcome.run is not None:
        narrate(f"{outcome.error.message} The other runs continue.")
    elif outcome.error is not None:
        raise outcome.error
    assert outcome.run is not None
    return outcome.run


def _takes_all(options: TrainOptions) -> bool:
    """Whether a run uses more than one process, chooses its threads by measuring, or trains on a GPU."""
    return options.processes > 1 or options.threads == "auto" or choose_device(options.device).type != "cpu"


def _free_memory() -> int:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return 8 * MEMORY


@dataclass
class _Process:
    job: Job
    popen: subprocess.Popen[str]
    prepared: bool = False
    told: bool = False
    run: RunDirectory | None = None
    error: TmeattnError | None = None


@dataclass
class SideBySide:
    """Trains jobs in their order, `at_once` of them at the same time. Use as a context manager: at its end, the
    trainings that still run are stopped after a checkpoint.

    listener: called with the title of a job, gives the listener of its events.
    narrate:  called with the title of a job and a line about its preparation.
    announce: called with a line about all of them.
    """

    jobs: Sequence[Job]
    at_once: int
    listener: Callable[[str], Listener]
    narrate: Callable[[str, str], None]
    announce: Callable[[str], None] = lambda line: None
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._waiting = list(self.jobs)
        self._active: list[_Process] = []
        self._prepared: set[str] = set()
        self._answers: queue.Queue[tuple[_Process, dict[str, Any] | None]] = queue.Queue()

    def __enter__(self) -> SideBySide:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        self._stop(self._active)
        while self._active:
            self._take_answers()

    def wait(self, keys: Iterable[str]) -> list[Outcome]:
        """Train until these jobs are done. An error of one job does not end the others; it is in its outcome.

        Raises:
            Interrupted: a signal came; all trainings have stopped, each after a checkpoint. The message names the runs.
        """
        wanted = list(keys)
        with stop_on_signals() as flag:
            while self._active if flag else any(key not in self.outcomes for key in wanted):
                if flag:
                    self._waiting.clear()
                    self._tell_to_stop(str(flag.reason))
                self._start_some()
                self._take_answers()
        if flag:
            raise self._interruption()
        return [self.outcomes[key] for key in wanted]

    def _tell_to_stop(self, signal_name: str) -> None:
        untold = [process for process in self._active if not process.told]
        if untold and len(untold) == len(self._active):
            self.announce(
                f"{signal_name}: {plural(len(untold), 'the training stops', 'all trainings stop')} after this step, "
                "with a checkpoint. A second signal quits without."
            )
        self._stop(untold)

    def not_begun(self) -> list[Job]:
        """The jobs of which there is no run."""
        return [job for job in self.jobs if (one := self.outcomes.get(job.key)) is None or one.run is None]

    def _interruption(self) -> Interrupted:
        """What has become of the runs, and how they go on."""
        begun = [(job, one) for job in self.jobs if (one := self.outcomes.get(job.key)) is not None and one.run]
        stopped = [(job, one.run) for job, one in begun if isinstance(one.error, Interrupted) and one.run is not None]
        finished = [(job, one.run) for job, one in begun if one.error is None and one.run is not None]
        parts = [f"Stopped after a checkpoint: {_listed(stopped)}." if stopped else "The trainings were stopped."]
        if finished:
            parts.append(f"Finished before: {_listed(finished)}.")
        if unborn := self.not_begun():
            parts.append(f"Not begun: {_titles(unborn)}.")
        commands = "; ".join(f"tmeattn resume {run.id}" for _, run in stopped[:MOST_NAMED])
        more = " and so on" if len(stopped) > MOST_NAMED else ""
        hint = f"Resume {plural(len(stopped), 'the run', 'the runs')}: {commands}{more}" if stopped else None
        return Interrupted(" ".join(parts), hint=hint)

    def _start_some(self) -> None:
        """Start waiting jobs. Of those that read the same texts, the first encodes them, and the others wait for it."""
        for job in list(self._waiting):
            if len(self._active) >= self.at_once:
                return
            preparing = {process.job.data for process in self._active if not process.prepared}
            if job.data in preparing and job.data not in self._prepared:
                continue
            self._waiting.remove(job)
            self._active.append(self._start(job))

    def _start(self, job: Job) -> _Process:
        request = {
            "command": sys.argv,
            "model": job.config.model,
            "options": {**job.options, "threads": job.config.train.threads or default_threads(self.at_once)},
            "name": job.name,
            "trackers": list(job.trackers),
            "watch_texts": list(job.watch_texts),
            "resume": None if job.resumes is None else str(job.resumes.path),
        }
        popen = subprocess.Popen(
            program_command(_PROGRAM),
            env={**child_environment(), "PYTHONUTF8": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,  # Ctrl-C reaches this process alone, which stops the others
        )
        process = _Process(job, popen, run=job.resumes)
        threading.Thread(target=self._read, args=(process, json.dumps(request)), daemon=True).start()
        return process

    def _read(self, process: _Process, request: str) -> None:
        assert process.popen.stdin is not None
        assert process.popen.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            process.popen.stdin.write(request + "\n")
            process.popen.stdin.flush()
            for line in process.popen.stdout:
                self._answers.put((process, json.loads(line)))
        self._answers.put((process, None))

    def _take_answers(self) -> None:
        """Wait a moment for answers, and pass them on."""
        with contextlib.suppress(queue.Empty):
            process, message = self._answers.get(timeout=_POLL_SECONDS)
            while True:
                self._take(process, message)
                process, message = self._answers.get_nowait()

    def _take(self, process: _Process, message: dict[str, Any] | None) -> None:
        job = process.job
        if message is None:
            self._end(process)
        elif (event := message.get("event")) is not None:
            if event["kind"] in ("started", "resumed"):
                process.prepared = True
                self._prepared.add(job.data)
            if event["kind"] == "started":
                process.run = RunDirectory(runs_dir() / event["run"])
            self.listener(job.title)(event)
        elif "line" in message:
            if process.told:  # it speaks of the signal of this process, not of the user's
                return
            self.narrate(job.title, message["line"])
        elif "run" in message:
            process.run = RunDirectory(Path(message["run"]))
        else:
            process.error = _error(message["error"])

    def _end(self, process: _Process) -> None:
        code = process.popen.wait()
        self._active.remove(process)
        if (process.run is None and process.error is None) or code != 0:
            by = signal_that_ended(code)
            how = f"ended without a result (exit code {code})" if by is None else f"was ended by {by}"
            process.error = process.error or EnvironmentProblem(
                f"The process that trained {process.job.title} {how}.",
                hint="Run the same command again; if it happens again, train this run alone.",
            )
        self.outcomes[process.job.key] = Outcome(process.run, process.error)

    def _stop(self, processes: Iterable[_Process]) -> None:
        """Ask for a stop after a checkpoint; who is asked again stops at once."""
        for process in processes:
            process.told = True
            with contextlib.suppress(OSError):
                process.popen.terminate()


def _listed(runs: Sequence[tuple[Job, RunDirectory]]) -> str:
    named = [f"{job.title} (run {run.id})" for job, run in runs[:MOST_NAMED]]
    return ", ".join(named + _others(len(runs)))


def _titles(jobs: Sequence[Job]) -> str:
    return ", ".join([job.title for job in jobs[:MOST_NAMED]] + _others(len(jobs)))


def _others(count: int) -> list[str]:
    return [counted(count - MOST_NAMED, "other")] if count > MOST_NAMED else []


def _error(answer: Mapping[str, Any]) -> TmeattnError:
    """The error of a process, of a class with the same exit code."""
    if answer["kind"] == Diverged.__name__:
        return Diverged(answer["message"], hint=answer["hint"])
    return error_with(answer["exit_code"], answer["message"], answer["hint"])
