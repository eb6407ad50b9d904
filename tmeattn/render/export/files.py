"""A reproduction as files: tables as Markdown, CSV and LaTeX, figures as SVG and PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.render.export.documents import csv_text, latex, markdown
from tmeattn.render.export.figures import figure_bytes
from tmeattn.runs.files import OTHER_FOLDER, disk_errors, write_atomically

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
        with disk_errors("the export", path, hint=OTHER_FOLDER):
            write_atomically(path, content)
        written.append(path)
    return written
