"""Find runs: all of them, or one by its id, a prefix of it, its name, a path, `latest` or `best`."""

from __future__ import annotations

import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

from tmeattn.errors import BadInput, UnknownName, shortened
from tmeattn.paths import cache_dir, runs_dir
from tmeattn.plurals import listed
from tmeattn.runs.best import FIRST_RUN, NO_RUN, best_run
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.figures import SETTLED, figures_of
from tmeattn.runs.manifest import check_manifest
from tmeattn.runs.portable import unpack
from tmeattn.runs.summary import is_twin

MIN_PREFIX = 2
RESERVED_NAMES = {"latest", "best"}
LONGEST_NAME = 200
"""Characters of the longest name that a user can give a run."""


def all_runs(root: Path | None = None) -> list[RunDirectory]:
    """Every readable run in the runs folder, newest first; other and damaged folders are skipped."""
    root = root or runs_dir()
    found = []
    if root.is_dir():
        for path in root.iterdir():
            run = RunDirectory(path)
            try:
                found.append((run.info["created"], run))
            except (BadInput, OSError):
                continue
    return [run for _, run in sorted(found, key=lambda pair: pair[0], reverse=True)]


def damaged_runs(root: Path | None = None) -> dict[Path, str]:
    """The folders in the runs folder that cannot be read as runs, each with the reason."""
    root = root or runs_dir()
    found = {}
    for path in sorted(root.iterdir()) if root.is_dir() else []:
        try:
            _ = RunDirectory(path).info
        except BadInput as error:
            if path.is_dir():
                found[path] = error.message
    return found


def check_name(name: str, *, of: RunDirectory | None = None) -> None:
    """Check a user's name for the run `of` (None: a new run), so that `find_run` finds the run by it.

    Raises:
        BadInput: the name is reserved, begins with a dash, has characters that are not allowed, looks like the name or
            id of another run, or is the beginning of its id.
    """
    if name.startswith("-"):
        raise BadInput(f"{name!r} cannot be a run's name.", hint="A name that begins with a dash is read as an option.")
    if len(name) > LONGEST_NAME:
        raise BadInput(
            f"{shortened(name)!r} cannot be a run's name.", hint=f"Choose at most {LONGEST_NAME} characters."
        )
    if name in RESERVED_NAMES or "/" in name or "\\" in name or not name.isprintable():
        raise BadInput(
            f"{name!r} cannot be a run's name.", hint="No slashes, no control characters, not latest or best."
        )
    for run in all_runs():
        if of is not None and run.id == of.id:
            continue
        if _looks(name) in (_looks(run.name or ""), _looks(run.id)):
            raise BadInput(
                f"Another run is named {name!r} already.",
                hint=f"Choose another name, or rename that run: tmeattn runs rename {run.id} NEW",
            )
        if len(name) >= MIN_PREFIX and run.id.startswith(_looks(name)):
            raise BadInput(f"{name!r} cannot be a run's name.", hint=f"It is the beginning of the id {run.id}.")


def _looks(name: str) -> str:
    """Equal for names that look equal: letters with marks in one or two characters, letters of another width."""
    return unicodedata.normalize("NFKC", name)


def find_run(reference: str, *, dataset: str | None = None) -> RunDirectory:
    """Find a run: see `find_runs`."""
    (found,) = find_runs([reference], dataset=dataset)
    return found


def find_runs(references: Sequence[str], *, dataset: str | None = None) -> list[RunDirectory]:
    """Find runs, each by a path (folder or exported zip), `latest`, `best`, its id or a prefix of it, or its name. The
    runs folder is read at most once.

    `latest` and `best` consider only runs that have a checkpoint, and no runs with equal weights. `best` is the best on
    the dataset at hand (see `best_run`): `dataset`, or else that of the other references if they have a single one.

    Raises:
        UnknownName: no run fits.
        BadInput: several runs fit, or the path is not a run.
        SeveralDatasets: `best` can mean a run on each of several datasets.
    """
    runs = cache(all_runs)
    found = [None if reference == "best" else _find(reference, runs) for reference in references]
    others = {str(run.options["dataset"]) for run in found if run is not None}
    at_hand = others.pop() if dataset is None and len(others) == 1 else dataset
    return [_best(at_hand) if run is None else run for run in found]


def _best(dataset: str | None) -> RunDirectory:
    return _named_by_file("best") or _by_id("best") or best_run(dataset)


def _named_by_file(reference: str) -> RunDirectory | None:
    """The exported run in the file at the path `reference`; None where it is no such file."""
    as_path = _as_path(reference)
    if as_path is not None and as_path.is_file() and zipfile.is_zipfile(as_path):
        return unpack(as_path, cache_dir() / "imported")
    return None


def _find(reference: str, every_run: Callable[[], list[RunDirectory]]) -> RunDirectory:
    as_path = _as_path(reference)
    if (run := _named_by_file(reference) or _by_id(reference)) is not None:
        return run
    runs = every_run()
    by_id = {run.id: run for run in runs}
    if reference in by_id:
        return by_id[reference]
    if reference == "latest":
        return _newest(runs)
    named = [run for run in runs if run.name == reference]
    named = named or [run for run in runs if run.name and _looks(run.name) == _looks(reference)]
    if len(named) == 1:
        return named[0]
    if as_path is not None and as_path.is_dir() and (as_path / "run.json").exists():
        run = RunDirectory(as_path.resolve())
        _ = run.info
        check_manifest(run.path)
        return run
    fitting = named or [run for run in runs if len(reference) >= MIN_PREFIX and run.id.startswith(reference)]
    if len(fitting) > 1:
        listing = listed([run.id for run in fitting], 5)
        raise BadInput(f"{reference!r} fits {len(fitting)} runs: {listing}.", hint="Use a longer prefix or the id.")
    if not fitting:
        if reference.lower().endswith(".onnx"):
            raise _no_run_but_onnx(reference, exists=as_path is not None)
        if "/" in reference or "\\" in reference or as_path is not None:
            raise BadInput(
                f"{reference} is neither a run directory nor an exported run.",
                hint="Export a run: tmeattn runs export RUN model.zip",
            )
        if reference in {path.name for path in damaged_runs()}:
            _ = RunDirectory(runs_dir() / reference).info  # raises what is wrong with it
        names = [run.name for run in runs if run.name]
        raise UnknownName("run", reference, [*by_id, *names], list_command="tmeattn runs list")
    return fitting[0]


def _no_run_but_onnx(reference: str, *, exists: bool) -> BadInput:
    if not exists:
        return BadInput(
            f"There is no file {shortened(reference)}.", hint="Export a run: tmeattn runs export RUN model.onnx"
        )
    return BadInput(
        f"{shortened(reference)} is an ONNX file, which tmeattn predict takes and nothing else does.",
        hint="Name the run that was exported, or export it as a .zip, too.",
    )


def run_to_resume() -> RunDirectory:
    """The newest run whose training is not over, with or without a checkpoint: what `latest` means for `resume`. A run
    that its sweep has stopped is not meant to go on.

    If the training of all runs is over, the newest of them: to resume it reports that there is nothing to do.

    Raises:
        BadInput: there is no run.
    """
    runs = all_runs()
    if not runs:
        raise BadInput(NO_RUN, hint=FIRST_RUN)
    over = []
    for run in runs:
        state = run.state()
        if is_settled(run):
            continue
        if state != "finished" and not (state == "failed" and run.is_over()):
            return run
        over.append(run)
    return [*over, *runs][0]


def is_settled(run: RunDirectory) -> bool:
    """Whether a sweep has stopped a run that is not meant to go on."""
    return run.state() == "stopped" and figures_of(run.figures())["stop_reason"] in SETTLED


def _by_id(reference: str) -> RunDirectory | None:
    """The run with exactly that id, found without reading the others."""
    if not reference or reference.startswith(".") or "/" in reference or "\\" in reference or "\0" in reference:
        return None
    run = RunDirectory(runs_dir() / reference)
    try:
        _ = run.info
    except (BadInput, OSError):
        return None
    return run


def _as_path(reference: str) -> Path | None:
    """The file or folder at the path `reference`; None where none exists or it is not a valid path."""
    try:
        path = Path(reference).expanduser()
        return path if reference and path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None


def _with_checkpoint(runs: list[RunDirectory]) -> Iterator[RunDirectory]:
    """The runs that can be used, in the same order; each is looked at only when it is asked for."""
    return (run for run in runs if run.has_checkpoint() and not is_twin(run))


def _newest(runs: list[RunDirectory]) -> RunDirectory:
    run = next(_with_checkpoint(runs), None)
    if run is None:
        raise BadInput(NO_RUN, hint=FIRST_RUN)
    return run
