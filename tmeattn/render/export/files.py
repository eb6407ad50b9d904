"""Writing exported files: a reproduced result in all its formats, and the checks before anything is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.errors import BadInput, shortened
from tmeattn.files import check_new_folder, check_place, disk_errors, rewrite
from tmeattn.os_errors import ELSEWHERE
from tmeattn.render.export.figures import figure_bytes
from tmeattn.render.export.reproduction import csv_text, latex, markdown

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Result


def check_folder(folder: Path) -> None:
    """Create the folder and check that it is writable, before anything is computed for it.

    Raises:
        BadInput: it is a file, or below one.
        EnvironmentProblem: it cannot be created or written.
    """
    check_new_folder(folder)
    with disk_errors("the export", folder, elsewhere=ELSEWHERE):
        folder.mkdir(parents=True, exist_ok=True)
        rewrite(folder / ".tmeattn", b"")
        (folder / ".tmeattn").unlink()


def check_ending(path: Path, endings: Iterable[str]) -> None:
    """Check the ending and the folder of a file, before anything is computed for it.

    Raises:
        BadInput: the ending is of no known format (the message lists the known ones), or the folder does not exist.
    """
    known = list(endings)
    if path.name.lower() in known:
        raise BadInput(f"--export: {shortened(path)} is an ending without a name.", hint="Put a name before it.")
    if path.suffix.lower() not in known:
        *first, last = known
        raise BadInput(f"--export: {shortened(path)} must end in {', '.join(first)} or {last}.")
    check_place(path, replaces=True)


def check_endings(paths: Iterable[Path], endings: Iterable[str]) -> None:
    """`check_ending` for each of several files."""
    known = list(endings)
    for path in paths:
        check_ending(path, known)


def write_each(paths: Iterable[Path], write: Callable[[Path], object]) -> None:
    """Write each of several files once, and tell on stderr that it is written."""
    from tmeattn.render.console import safe, stderr_console

    for path in dict.fromkeys(paths):
        write(path)
        stderr_console().print(safe(f"Wrote {path}"), soft_wrap=True)


def check_no_input(paths: Iterable[Path], *inputs: object) -> None:
    """Check that no export replaces a file that the command reads.

    inputs: their paths; what is no path of a file, such as the name of a dataset, is passed over.

    Raises:
        BadInput: it does.
    """
    for path, one in product(paths, inputs):
        with suppress(OSError, ValueError, TypeError):
            if path.samefile(one):  # type: ignore[arg-type]
                raise BadInput(f"--export: {shortened(path)} is a file that is read.", hint="Choose another name.")


def write_file(path: Path, content: bytes) -> None:
    """Write a file atomically; an existing one is replaced.

    Raises:
        EnvironmentProblem: no space, no permission, or no such folder.
    """
    with disk_errors("the export", path, elsewhere=ELSEWHERE):
        rewrite(path, content)


def write(result: Result, folder: Path) -> list[Path]:
    """Write the tables and the figure of a result, and return the paths of the files.

    Raises:
        EnvironmentProblem: no space, no permission, or no matplotlib for the figure.
    """
    files: dict[str, bytes] = {}
    if result.rows:
        files |= {
            "md": markdown(result).encode(),
            "csv": csv_text(result).encode(),
            "tex": latex(result).encode(),
        }
    if result.panels:
        files |= {"svg": figure_bytes(result, "svg"), "png": figure_bytes(result, "png")}
    written = []
    for suffix, content in files.items():
        path = folder / f"{result.name}.{suffix}"
        write_file(path, content)
        written.append(path)
    return written
