"""Give a run another name, such that no other run has it, also where several processes rename runs at once."""

from __future__ import annotations

from contextlib import nullcontext

from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import check_name
from tmeattn.runs.lock import naming


def rename_run(run: RunDirectory, name: str | None) -> None:
    """Set the user's own name for a run; None for no name.

    Raises:
        BadInput: it cannot be the name of the run (see `check_name`).
        EnvironmentProblem: the run or the folder of the runs cannot be written.
    """
    among_others = run.path.resolve().parent == runs_dir().resolve()
    with naming(runs_dir()) if among_others else nullcontext():
        if name:
            check_name(name, of=run)
        run.rename(name)
