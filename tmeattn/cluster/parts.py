"""What a submitted command is made of: the trainings of several seeds, the shards of a prediction, or one command.

The script of a job has the command as its user typed it, with the run fixed: an id instead of `latest`, and for a new
training the id of the run that it makes. When the job begins again, the same script continues the same run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.runs.command_line import of_seed, without_option

PARTS = "train --seeds, predict --output and sweep"
WORK = ("train", "resume", "sweep", "predict", "explain", "evaluate", "mistakes", "faithfulness", "reproduce")
"""Commands that are work for a job."""
_ABOUT_STUDIES = frozenset({"show", "best", "list", "delete"})


@dataclass(frozen=True)
class Command:
    """A command line of tmeattn, understood.

    arguments: as typed.
    path:      the names of the command, such as ("train", "lstm-attn").
    values:    the values of its options and arguments; typed: the names of those that were typed.
    seeds:     the seeds of a training with --seeds.
    """

    arguments: tuple[str, ...]
    path: tuple[str, ...]
    values: Mapping[str, Any]
    typed: frozenset[str]
    seeds: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        return self.path[0]

    @property
    def is_training(self) -> bool:
        return self.name == "train"


@dataclass(frozen=True)
class Part:
    """A command line that a job runs.

    run:    the id of the run that it trains; None where it trains none.
    resume: the command line that continues this run.
    """

    arguments: tuple[str, ...]
    run: str | None = None
    resume: tuple[str, ...] = ()


def check_work(command: Command) -> None:
    """Check that a command is work for a job: it takes some time, and needs neither a terminal nor standard input.

    Raises:
        BadInput: it is not.
    """
    values, shown = command.values, " ".join(command.path)
    if command.name not in WORK or (
        command.name == "sweep" and command.path[1:2] and command.path[1] in _ABOUT_STUDIES
    ):
        hint = f"It is done at once: type it without submit. Jobs are {', '.join(WORK[:-1])} and {WORK[-1]}."
        if command.name in ("tui", "submit"):
            hint = "Submit train, sweep or predict, for example."
        raise BadInput(f"tmeattn {shown} is no work for a job.", hint=hint)
    if command.name == "reproduce" and values["listing"]:
        raise BadInput("tmeattn reproduce --list is no work for a job.", hint="It is done at once: leave submit out.")
    given = [values.get(name) for name in ("texts", "text", "file", "index")]
    reads_nothing = all(each in (None, (), "") for each in given) and not values.get("merge")
    if command.name in ("predict", "explain") and (reads_nothing or "-" in map(_name, given)):
        raise BadInput("A job has no standard input to read texts from.", hint="Give the texts with --file FILE.")


def _name(value: object) -> str:
    return str(value[0] if isinstance(value, tuple) and len(value) == 1 else value)


def check_tasks(command: Command, tasks: int | None) -> None:
    """Check that a command can be divided among the tasks of an array.

    Raises:
        BadInput: it cannot.
    """
    if tasks is None:
        return
    if command.is_training:
        if len(command.seeds) < tasks:
            raise BadInput(
                f"--array {tasks} is for more runs than there are: {len(command.seeds) or 1}.",
                hint=f"Add --seeds {tasks} to the training, or leave --array out.",
            )
    elif command.name == "predict":
        if command.values["output"] is None or str(command.values["output"]) == "-":
            raise BadInput("--array needs predict --output FILE.", hint="Name the file of the whole prediction.")
        for option in ("shard", "processes", "merge"):
            if option in command.typed:
                raise BadInput(
                    f"--array does not go with predict --{option}.",
                    hint=f"Leave --{option} out: each task of the array gets its own --shard.",
                )
        if command.values["file"] is None or str(command.values["file"]) == "-":
            raise BadInput("--array needs predict --file FILE.", hint="Standard input can be read only once.")
    elif command.name != "sweep":
        raise BadInput(f"--array divides {PARTS}, not {command.name}.", hint="Leave --array out.")


def parts(command: Command, run: str, *, position: tuple[int, int] | None, restarts: int) -> list[Part]:
    """The command lines of one task of a job.

    run:      the id of the run that a training makes; with several seeds, its beginning.
    position: the position of the task in its array, from 0, and the number of tasks.
    restarts: how often the job was queued again.
    """
    index, count = position or (0, 1)
    if command.is_training and command.seeds:
        every = [_training(command, run, seed) for seed in command.seeds]
        return every[index::count]
    if command.is_training:
        return [Part(command.arguments, run, _resume(command, run))]
    if command.name != "predict" or command.values.get("output") is None or "merge" in command.typed:
        return [Part(command.arguments)]
    added = [] if position is None else ["--shard", f"{index + 1}/{count}"]
    if _is_continued(command, shared=position is not None, restarts=restarts):
        added.append("--resume")
    return [Part(_with_options(command.arguments, added))]


def _training(command: Command, run: str, seed: int) -> Part:
    """The training of one of several seeds."""
    arguments = of_seed(command.arguments, seed, command.values.get("name"))
    return Part(arguments, f"{run}-{seed}", _resume(command, f"{run}-{seed}"))


def _resume(command: Command, run: str) -> tuple[str, ...]:
    tracked = [word for tracker in command.values.get("trackers") or () for word in ("--track", tracker)]
    return ("resume", run, *tracked, *(["--json"] if command.values.get("as_json") else []))


def _is_continued(command: Command, *, shared: bool, restarts: int) -> bool:
    """Whether a prediction continues what an earlier start of its job has left."""
    if "resume" in command.typed or ("force" in command.typed and not restarts):
        return False
    output = Path(command.values["output"])
    part_is_there = output.with_name(f"{output.name}.part").exists() if output.name else False
    return shared or "shard" in command.typed or "processes" in command.typed or part_is_there


def reference(command: Command) -> str | None:
    """The reference of the run that a command reads or continues, if that may mean another one when the job begins."""
    found = command.values.get("from_run") or command.values.get("run")
    if isinstance(found, tuple):  # of a command that takes several: none means the newest
        found = found[0] if len(found) == 1 else None if found else "latest"
    return found if found in ("latest", "best") else None


def with_run(command: Command, run: str) -> tuple[str, ...]:
    """The command line with this run in place of `reference(command)`.

    A command has the run as the option --run, a training and a sweep as --from, and the others as their argument.
    """
    names = len(command.path)
    if command.values.get("from_run"):
        return (*without_option(command.arguments, "--from"), "--from", run)
    if command.name in ("predict", "explain"):
        return (*command.path, "--run", run, *without_option(command.arguments[names:], "--run"))
    rest = list(command.arguments[names:])
    if "run" in command.typed:
        typed = command.values["run"]
        rest.remove(str(typed[0] if isinstance(typed, tuple) else typed))
    return (*command.path, run, *rest)


def _with_options(arguments: Sequence[str], added: Sequence[str]) -> tuple[str, ...]:
    """Options added behind the name of the command: texts may follow after `--`."""
    return (arguments[0], *added, *arguments[1:])
