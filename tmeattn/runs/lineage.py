"""Which runs a run descends from, and which runs descend from it: `--init` and `tmeattn resume --epochs`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.paths import existing_path, runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs, find_run
from tmeattn.runs.run_files import Extension, InitOrigin

MOST_ANCESTORS = 1000
"""Runs in a line of ancestors that are followed; a longer one can only be a circle of damaged files."""


@dataclass(frozen=True)
class Relative:
    """A run in the lineage of another.

    name:   its name now or, of a run that is not here, the name that it had.
    exists: whether it is in the runs folder, or where it was.
    epoch:  the epoch of the weights that were passed on.
    """

    id: str
    name: str | None
    exists: bool
    epoch: int


@dataclass(frozen=True)
class Lineage:
    """parents: the run that it started from, the run that this one started from, and so on.
    children: the runs in the runs folder that started from it, the oldest first.
    extensions: the trainings that went on behind the planned end, in their order."""

    parents: tuple[Relative, ...] = ()
    children: tuple[Relative, ...] = ()
    extensions: tuple[Extension, ...] = ()

    def document(self) -> dict[str, Any]:
        """The lineage as `--json` prints it."""
        found = asdict(self)
        return {
            **found,
            "extensions": [{key: value for key, value in one.items() if key != "format"} for one in self.extensions],
        }


def lineage(run: RunDirectory) -> Lineage:
    """The lineage of a run. Only the parents of the run itself are looked for at the paths that `--init` had."""
    parents: list[Relative] = []
    one: RunDirectory | None = run
    while one is not None and len(parents) < MOST_ANCESTORS:
        origin, parent = one.info.get("init"), parent_of(one)
        if origin is None:
            break
        name = origin["name"] if parent is None else parent.name
        parents.append(Relative(origin["run"], name, parent is not None, origin["epoch"]))
        one = parent
    children = [
        Relative(each.id, each.name, True, origin["epoch"])
        for each in reversed(all_runs())
        if (origin := each.info.get("init")) is not None and _is(run, origin)
    ]
    return Lineage(tuple(parents), tuple(children), tuple(run.info.get("extensions", ())))


def parent_of(run: RunDirectory) -> RunDirectory | None:
    """The run that a run started from; None where it started from none, or where that is not here any more."""
    origin = run.info.get("init")
    if origin is None:
        return None
    for path in (str(runs_dir() / Path(origin["run"]).name), str(run.config["train"].get("init") or "")):
        try:
            found = find_run(path) if existing_path(path) is not None else None
            if found is not None and _is(found, origin):
                return found
        except BadInput:  # it is damaged, or another file has its place
            continue
    return None


def own_id(run: RunDirectory) -> str:
    """The id that a run was given; the folder of an exported run may have another name."""
    return run.info.get("id", run.id)


def _is(run: RunDirectory, origin: InitOrigin) -> bool:
    """Whether a run is the one that another started from: also of the same time, as ids could be given twice."""
    return own_id(run) == origin["run"] and run.info["created"] == origin["created"]
