"""A run directory: the only interface between a training process and everything that shows or uses a run.

run.json         resolved configuration, versions, data fingerprint, command: written once, before the data is read
meta.json        name, notes and tags, which the user may change
status.json      state, process, heartbeat, progress: replaced every second while a process trains the run
events.jsonl     see `tmeattn.runs.events`
control/         requests, read between steps: see `tmeattn.runs.control`
run.lock         locked by the process that trains the run: see `tmeattn.runs.lock`
checkpoints/     last, previous, best (.safetensors)
vocabulary.json  the words of the model's vocabulary

`tmeattn.runs.creation` creates the directory. The types of the three JSON files are in `tmeattn.runs.run_files`.
"""

from __future__ import annotations

import errno
import os
import shlex
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from tmeattn.errors import MOST_QUOTED, BadInput
from tmeattn.files import disk_errors, open_regular, read_json, rewrite, to_json, write_atomically
from tmeattn.os_errors import advice, number_of, reason
from tmeattn.plurals import counted, plural
from tmeattn.runs.control import process_alive
from tmeattn.runs.event_reader import last_ending, read_events, stream_events
from tmeattn.runs.event_types import EventKind
from tmeattn.runs.events import Ending, Event, diverged, ending, finished
from tmeattn.runs.leftovers import put_right
from tmeattn.runs.manifest import set_entry
from tmeattn.runs.run_files import DataInfo, RunInfo, RunMeta, RunStatus, State, StoredConfig
from tmeattn.runs.typed_json import matches, valid_fields

FORMAT = 1
LATEST = 2.0**36
"""Seconds since 1970 after which no run can have been created: the year 4147."""
MOST_STEPS = 4096
"""Step events that a page about a run keeps."""
_PAGE: tuple[EventKind, ...] = (
    "started",
    "resumed",
    "entropy",
    "threads",
    "epoch",
    "warning",
    "stopped",
    "finished",
    "failed",
)
_FIGURES: tuple[EventKind, ...] = ("started", "resumed", "epoch", "stopped", "finished", "failed")


@dataclass(frozen=True)
class RunDirectory:
    """One run on disk. A damaged `meta.json`, `status.json` or `events.jsonl` is read without what is damaged."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def events_path(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def vocabulary_path(self) -> Path:
        return self.path / "vocabulary.json"

    @cached_property
    def info(self) -> RunInfo:
        """The content of run.json.

        Raises:
            BadInput: this is not a run directory, or it has a format that this version does not read.
        """
        info = read_json(self.path / "run.json")
        if info is None or "config" not in info:
            raise _no_run(self.path)
        if info.get("format") != FORMAT:
            versions = info.get("versions")
            maker = versions.get("tmeattn") if isinstance(versions, dict) else None
            raise BadInput(
                f"The run {self.id} has format {info.get('format')!r}; this tmeattn reads format {FORMAT}.",
                hint=f"It was made by tmeattn {maker or 'of another version'}.",
            )
        if not matches(info, RunInfo) or not 0 <= info["created"] < LATEST or not _is_possible(info["data"]):
            raise BadInput(f"{self.path} is no run directory: its run.json is damaged.")
        return cast(RunInfo, info)

    @property
    def config(self) -> StoredConfig:
        """The configuration of the run."""
        return self.info["config"]

    @property
    def options(self) -> dict[str, object]:
        """All options of the run by name: the model's own, then those of training."""
        return {**self.config["model_options"], **self.config["train"]}

    @property
    def data(self) -> DataInfo:
        """The data that the run is trained on."""
        return self.info["data"]

    def meta(self) -> RunMeta:
        """The content of meta.json, without fields of a wrong type."""
        return cast(RunMeta, valid_fields(read_json(self.path / "meta.json") or {}, RunMeta))

    @property
    def name(self) -> str | None:
        """The user's own name for the run."""
        return self.meta().get("name")

    @property
    def reference(self) -> str:
        """How a user names the run in a command line: by its name, quoted for the shell, or else by its id."""
        name = self.name
        typed = name and not name.startswith("-") and len(name) <= MOST_QUOTED
        return shlex.quote(name if name and typed else self.id)

    def rename(self, name: str | None) -> None:
        """Set the user's own name for the run.

        Raises:
            EnvironmentProblem: meta.json cannot be written.
        """
        self._write_meta("the name", {"name": name})

    def set_tags(self, tags: list[str]) -> None:
        """Replace the user's tags of the run.

        Raises:
            EnvironmentProblem: meta.json cannot be written.
        """
        self._write_meta("the tags", {"tags": tags})

    def _write_meta(self, what: str, changed: RunMeta) -> None:
        content = to_json({**self.meta(), **changed})
        with disk_errors(what, self.path):
            set_entry(self.path, "meta.json", None)
            rewrite(self.path / "meta.json", content, durable=True)
            set_entry(self.path, "meta.json", content)

    def status(self) -> RunStatus:
        """The content of status.json, without fields of a wrong type; the state `created` where there is none."""
        status = valid_fields(read_json(self.path / "status.json") or {}, RunStatus)
        return cast(RunStatus, {"state": "created", **status})

    def write_status(self, status: RunStatus) -> None:
        write_atomically(self.path / "status.json", to_json(status))

    def state(self, events: list[Event] | None = None) -> State:
        """The state of the run, with what its process could not write any more: see `settled_state`.

        events: those of the log, where they were read already.
        """
        status = self.status()
        written = status["state"]
        if written == "finished" or (written in ("running", "created") and process_alive(status)):
            return written
        return self.settled_state(written, last_ending(self.events_path) if events is None else ending(events))

    def settled_state(self, written: State, by_log: Ending | None) -> State:
        """`observed_state`. The status of a finished run that was not replaced at the end is put right."""
        state = observed_state(written, by_log)
        if state == "finished" and written not in ("finished", "created"):
            put_right(self, self.status())
        return state

    def events(self, *kinds: EventKind) -> list[Event]:
        """The events of the log that count, all or those of some kinds."""
        return read_events(self.events_path, kinds or None)

    def page_events(self) -> list[Event]:
        """The events that one page about the run shows, in bounded memory: without watched texts and checkpoints, and
        with step events only before the second epoch, of which at most `MOST_STEPS` are kept, evenly spaced."""
        events = self.events(*_PAGE)
        if sum(event["kind"] == "epoch" for event in events) > 1:
            return events
        steps: list[Event] = []
        every = 1
        for at, event in enumerate(stream_events(self.events_path, ("step",))):
            if at % every == 0:
                steps.append(event)
            if len(steps) > MOST_STEPS:
                steps, every = steps[::2], 2 * every
        return [*events, *steps]

    def problems(self, damaged_lines: int = 0) -> list[str]:
        """What is damaged in the run's files and is read without it: one sentence a file.

        damaged_lines: those of the event log, where it was read.
        """
        found = damage(self.path / "meta.json", read_json(self.path / "meta.json"), RunMeta)
        found += damage(self.path / "status.json", read_json(self.path / "status.json"), RunStatus)
        return found + self.log_problems(damaged_lines)

    def log_problems(self, damaged_lines: int) -> list[str]:
        """What is damaged in the event log, as `problems` names it."""
        found = []
        if os.path.lexists(self.events_path) and not self.events_path.is_file():
            found.append("events.jsonl is no file; the run has no events.")
        elif damaged_lines:
            lines, are = counted(damaged_lines, "line"), plural(damaged_lines, "is", "are")
            found.append(f"events.jsonl is damaged; {lines} of it cannot be read and {are} ignored.")
        return found

    def figures(self, damaged: Callable[[], None] = lambda: None) -> Iterator[Event]:
        """The events that a list of runs needs: beginnings, epochs and ends, one by one. The epochs come without their
        histograms, so that a long log takes little memory. `damaged` is called for each damaged line."""
        for event in stream_events(self.events_path, _FIGURES, damaged):
            if event["kind"] == "epoch":
                for part in (event["train"], event["validation"]):
                    part["histogram"] = None
                    part.pop("heads", None)
            yield event

    def is_finished(self) -> bool:
        """Whether the run was trained to its end."""
        return finished(self.events("finished", "resumed"))

    def is_over(self) -> bool:
        """Whether there is nothing to continue: the run was trained to its end, or diverged."""
        events = self.events("finished", "resumed", "failed")
        return finished(events) or diverged(events)

    def has_best(self) -> bool:
        """Whether the weights of the best epoch exist."""
        return (self.checkpoints / "best.safetensors").exists()

    def has_checkpoint(self) -> bool:
        return any((self.checkpoints / f"{name}.safetensors").exists() for name in ("best", "last", "previous"))

    def delete(self) -> None:
        """Delete the directory.

        Raises:
            EnvironmentProblem: it cannot be deleted.
        """
        with disk_errors("the run", self.path, verb="delete"):
            shutil.rmtree(self.path)


def _is_possible(data: DataInfo) -> bool:
    """Whether a model can have been trained on data that are described so."""
    classes = data["classes"]
    return 0 < len(classes) == len(set(classes)) and data["vector_size"] > 0


def _no_run(path: Path) -> BadInput:
    """Why a directory cannot be read as a run."""
    try:
        open_regular(path / "run.json").close()
    except ValueError:  # the name is no name of a file
        pass
    except OSError as error:
        if number_of(error) not in (errno.ENOENT, errno.ENOTDIR, errno.EINVAL):
            return BadInput(f"{path / 'run.json'} cannot be read: {reason(error)}.", hint=advice(error, "read"))
    return BadInput(f"{path} is no run directory: it has no readable run.json.")


def damage(path: Path, value: dict[str, Any] | None, fields: Any) -> list[str]:
    """The sentence about a damaged JSON file from its content; nothing for a file that is whole or does not exist."""
    if value is not None and len(valid_fields(value, fields)) == len(value):
        return []
    return [f"{path.name} is damaged; what cannot be read in it is ignored."] if os.path.lexists(path) else []


def observed_state(written: State, by_log: Ending | None) -> State:
    """The state of a run that no process trains, from the state in its status and how its log ends.

    The log is written before the status: a process that was killed in between leaves the status behind. An exported run
    has a log only.
    """
    if by_log == "finished" and written in ("stopped", "failed"):  # all was done but the last status
        return by_log
    if written not in ("running", "created"):
        return written
    return by_log or ("crashed" if written == "running" else written)
