"""What is exported becomes files: a reproduction in all its formats, other things in that of the file's ending."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.files import OTHER_FOLDER, disk_errors, write_atomically
from tmeattn.render.export.figures import figure_bytes
from tmeattn.render.export.reproduction import csv_text, latex, markdown

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Result


def check_folder(folder: Path) -> None:
    """Make the folder and hold it to be writable, before anything is computed that should end up in it.

    Raises:
        EnvironmentProblem: it is a file, or cannot be made or written.
    """
    with disk_errors("the export", folder, hint=OTHER_FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / ".tmeattn", b"")
        (folder / ".tmeattn").unlink()


def check_ending(path: Path, endings: Iterable[str]) -> None:
    """Refuse a file whose ending stands for no known format, or whose folder is not there, before anything is computed.

    Raises:
        BadInput: listing the endings that are known.
        EnvironmentProblem: naming the folder.
    """
    known = list(endings)
    if path.suffix.lower() not in known:
        *first, last = known
        raise BadInput(f"--export: {path} must end in {', '.join(first)} or {last}.")
    if not path.absolute().parent.is_dir():
        raise EnvironmentProblem(
            f"Cannot write the export: there is no folder {path.absolute().parent}.", hint="Make it, or choose another."
        )


def write_file(path: Path, content: bytes) -> None:
    """Replace a file.

    Raises:
        EnvironmentProblem: no space, no permission, no such folder.
    """
    with disk_errors("the export", path, hint=OTHER_FOLDER):
        write_atomically(path, content)


def write(result: Result, folder: Path) -> list[Path]:
    """Write everything that a result has and return the files.

    Raises:
        EnvironmentProblem: no space, no permission, or no matplotlib for a figure.
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
