"""Whether the quotation marks of a TSV file are quoting or part of its texts: the file decides."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from tmeattn.data.readers.rows import RowProblem
from tmeattn.plurals import counted


class Quoting(Enum):
    """How quotation marks are read: as text, as quotes within one line, or as quotes that may span lines."""

    NONE = "none"
    LINE = "line"
    FILE = "file"


def tsv_quoting(path: Path, lines: Iterator[str], again: Iterator[str]) -> tuple[Quoting, str | None]:
    """The quoting of a TSV file, and a note for the user where a field begins with a quotation mark.

    Proof of quoting is that each quote that opens a field also closes it, in the same line, and that all rows then have
    the fields of the header; or that they have them only if quoted fields may have line breaks.

    lines, again: the lines of the file, twice.
    """
    opened = first_opened = first_open = 0
    plain_fits = True
    header: tuple[int, int] | None = None
    for number, line in enumerate(lines, start=1):
        bare = line.rstrip("\r\n")
        if not bare.strip(" "):
            continue
        plain = quoted = bare.count("\t") + 1
        if bare.startswith('"') or '\t"' in bare:
            opened += 1
            first_opened = first_opened or number
            fields = fields_of_line(line, Quoting.LINE)
            quoted = 0 if isinstance(fields, RowProblem) else len(fields)
        header = header or (plain, quoted)
        plain_fits = plain_fits and plain == header[0]
        if not quoted or (plain == header[0] and quoted != header[1]):  # a row that fits neither proves nothing
            first_open = first_open or number
    if not opened:
        return Quoting.NONE, None
    rows = f"{counted(opened, 'line')} (first: line {first_opened})"
    if not first_open:
        return Quoting.LINE, f"{path.name}: the quotes around fields in {rows} are read as quoting, not as text."
    if not plain_fits and _fits_over_lines(again):
        return Quoting.FILE, f"{path.name}: the quotes around fields in {rows} are read as quoting, not as text."
    return Quoting.NONE, (
        f"{path.name}: the quotation marks at the beginning of fields in {rows} are read as text, because line "
        f"{first_open} does not fit quoting."
    )


def fields_of_line(line: str, quoting: Quoting) -> list[str] | RowProblem:
    """The fields of one line of a TSV file."""
    bare = line.rstrip("\r\n")
    if quoting is Quoting.NONE or '"' not in bare:
        return bare.split("\t")
    try:
        return next(csv.reader([bare], delimiter="\t", strict=True))
    except csv.Error:
        return RowProblem("it opens a quote and does not close it at the end of the field, as other lines do")


def _fits_over_lines(lines: Iterator[str]) -> bool:
    """Whether all rows have as many fields as the header, if quoted fields may have line breaks."""
    try:
        counts = (len(row) for row in csv.reader(lines, delimiter="\t", strict=True) if row)
        return len(set(counts)) == 1
    except csv.Error:
        return False
