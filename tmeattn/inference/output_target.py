"""Where predictions may be written: the ending of the name, and the kinds of files that are refused."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from pathlib import Path

from tmeattn.errors import BadInput, shortened
from tmeattn.files import disk_error
from tmeattn.os_errors import ELSEWHERE

OUTPUT_FORMATS = {
    "": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
"""The format of the predictions by the ending of the file's name."""

PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
"""Endings of packed files, which are read but not written."""


def output_format(output: Path | None) -> str | None:
    """The format of predictions in a file of this name: "jsonl", "csv", "tsv" or "parquet"; None: of no known one.

    output: None for standard output. A name such as `.csv`, which has no ending for `Path`, means that format too.
    """
    if output is None:
        return "jsonl"
    ending = output.name if output.name.lower() in OUTPUT_FORMATS else output.suffix
    return OUTPUT_FORMATS.get(ending.lower())


def row_format(output: Path | None) -> str:
    """The format of the rows while they are written: those of Parquet are JSON lines until all are there."""
    return "jsonl" if (form := output_format(output)) in (None, "parquet") else str(form)


def check_output_name(output: Path | None, option: str = "--output") -> None:
    """Check that predictions can be written in the format that the name of a file implies.

    option: the option that names the file, for the message.

    Raises:
        BadInput: they cannot.
    """
    if output is None:
        return
    if not output.name:
        raise BadInput(f"{option}: there is no name of a file.", hint="Give one, such as predictions.jsonl.")
    if output_format(output) is None:
        packed = output.suffix.lower() in PACKED and output_format(output.with_suffix("")) is not None
        raise BadInput(
            f"{option}: {shortened(output)} must end in .jsonl, .csv, .tsv or .parquet.",
            hint=f"Write {shortened(output.stem)} and pack it then."
            if packed
            else f"Predictions cannot be written as {shortened(output.suffix)}.",
        )


def check_target(path: Path, table_path: Path) -> None:
    """Refuse the input itself, links, folders and devices.

    Raises:
        BadInput: the file is one of these.
        EnvironmentProblem: it cannot be looked at, such as for a missing permission.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise disk_error("the predictions", path, error, elsewhere=ELSEWHERE) from None
    if _is_input(path, table_path):
        raise BadInput(f"{path} is the file that is read.", hint="Choose another name.")
    if stat.S_ISLNK(found.st_mode):
        raise BadInput(
            f"{path} is a symbolic link, and predictions are written only to a regular file.",
            hint="Give the path of the file itself; --output - is standard output.",
        )
    if not stat.S_ISREG(found.st_mode):
        kind = "folder" if stat.S_ISDIR(found.st_mode) else "device, pipe or socket"
        raise BadInput(
            f"{path} is a {kind}, and predictions are written only to a regular file.",
            hint="Choose another name; --output - is standard output.",
        )


def _is_input(path: Path, table_path: Path) -> bool:
    """Whether two paths are one file, by whatever names and links."""
    with contextlib.suppress(OSError, ValueError):
        here = path.stat()
        there = table_path.stat() if table_path.exists() else os.fstat(sys.stdin.fileno())
        return os.path.samestat(here, there)
    return False
