"""Table files: CSV, TSV, JSON lines, Parquet, plain text, fastText. Rows are streamed: a file may exceed the memory."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

from tmeattn.data.readers.delimited import open_delimited
from tmeattn.data.readers.json_lines import open_json_lines
from tmeattn.data.readers.line_texts import open_lines
from tmeattn.data.readers.parquet import open_parquet
from tmeattn.data.readers.rows import Table
from tmeattn.data.readers.text_io import DECOMPRESSORS, open_stream
from tmeattn.errors import BadInput

FORMATS = {
    "csv": "csv", "tsv": "tsv", "tab": "tsv", "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl",
    "parquet": "parquet", "pq": "parquet", "txt": "txt",
}  # fmt: skip
"""The format by the end of a file's name; all but Parquet may also be `.gz`, `.bz2` or `.xz`."""
OTHERS = {
    (".xlsx", ".xls", ".xlsm", ".ods", ".numbers"): "Save it as CSV (UTF-8) in the spreadsheet program.",
    (".zst", ".lz4", ".z", ".lzma", ".br", ".rar", ".7z", ".cab"): "Unpack it first.",
    (".arrow", ".feather", ".orc", ".avro", ".h5", ".pkl", ".pickle", ".npy", ".sqlite", ".db"): (
        "Convert it to Parquet, CSV or JSON lines."
    ),
}
"""What to do with files of other kinds, by the end of their names."""


def format_of(path: Path) -> str | None:
    """The format that the name of a file implies; None for an unknown name."""
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if suffixes and f".{suffixes[-1]}" in DECOMPRESSORS:
        suffixes.pop()
        return None if not suffixes or FORMATS.get(suffixes[-1]) == "parquet" else FORMATS.get(suffixes[-1])
    return FORMATS.get(suffixes[-1]) if suffixes else None


def open_table(path: Path, kind: str | None = None, *, stream: BinaryIO | None = None, arriving: bool = False) -> Table:
    """Open the table in a file, or in a `stream` that can be read only once; `kind` overrides the file's name.

    A path that can be read only once, such as a named pipe, is read as a stream.

    arriving: the rows of a stream are used as they arrive: the columns and the quoting are decided from its first row.

    Raises:
        BadInput: the format is unknown, the file cannot be read or is empty, or it is not a table of that format.
    """
    kind = kind or format_of(path)
    if kind is None:
        raise BadInput(
            f"{path} is in no known format: its name must end in .csv, .tsv, .jsonl, .parquet or .txt.",
            hint=next(
                (hint for endings, hint in OTHERS.items() if path.suffix.lower() in endings),
                "Rename it, or convert it.",
            ),
        )
    piped = stream is not None or is_pipe(path)
    if kind == "parquet":
        if piped:
            raise BadInput("A Parquet file cannot be read from a pipe.", hint="Give the path of the file.")
        return open_parquet(path)
    if piped and stream is None:
        stream = open_stream(path)
    if kind == "jsonl":
        return open_json_lines(path, stream, arriving=arriving)
    if kind == "txt":
        return open_lines(path, stream)
    return open_delimited(path, kind, stream, arriving=arriving)


def is_pipe(path: Path) -> bool:
    """Whether a path is a pipe, a socket or a device, so that it can be read only once; False where it is missing."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
