"""Blocks of lines of a GloVe or word2vec text file: a word and its numbers a line.

A block of regular lines is parsed as a table, which is fast; other blocks are parsed line by line.
Shapes: N words of a block, D numbers a word.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.library_output import library_output_kept
from tmeattn.limits import COLUMNS

if TYPE_CHECKING:
    import polars as pl

LINE_HINT = "Each line must be a word and its numbers, separated by spaces or tabs."


MOST_DIGITS = 15
"""The most digits of a number that the first line states."""
MOST_SPACES = 100
"""The most spaces in a word."""
BLANKS = b" \t\r"
_MANY_BLANKS = re.compile(rb"[ \t]+")
_AT_AN_END = re.compile(rb"(?m)^ | ?\r?$")


class VectorFormat(NamedTuple):
    """size: numbers a word.   stated_count: words of the file where its first line states it (word2vec), or None."""

    size: int
    stated_count: int | None


def vector_format(path: Path, block: bytes) -> VectorFormat | None:
    """The format that the first non-empty line of a block shows; None where the block has no such line.

    Raises:
        BadInput: the line is not a word with numbers.
    """
    number, line = next(
        ((number, stripped) for number, line in enumerate(block.split(b"\n"), 1) if (stripped := line.strip(BLANKS))),
        (0, b""),
    )
    if not line:
        return None
    pieces = _MANY_BLANKS.sub(b" ", line).split(b" ", COLUMNS.value + 1)
    if len(pieces) == 2 and all(piece.isdigit() for piece in pieces):
        if max(map(len, pieces)) > MOST_DIGITS:
            raise BadInput(
                f"{path}, line {number}: it states a number of more than {MOST_DIGITS} digits.", hint=LINE_HINT
            )
        if int(pieces[1]) > COLUMNS.value:
            raise COLUMNS.refusal(f"{path}, line {number}: it states vectors of {int(pieces[1]):,} numbers, more than")
        if int(pieces[1]) > 0:
            return VectorFormat(int(pieces[1]), int(pieces[0]))
    if len(pieces) > COLUMNS.value + 1:
        raise COLUMNS.refusal(f"{path}, line {number}: it has more numbers than")
    size = 0
    while size < len(pieces) - 1 and _is_number(pieces[-1 - size]):
        size += 1
    if size == 0:
        raise BadInput(f"{path}, line {number}: it is not a word followed by numbers.", hint=LINE_HINT)
    return VectorFormat(size, None)


def parse_block(path: Path, block: bytes, first_line: int, form: VectorFormat) -> tuple[pl.Series, np.ndarray]:
    """The words and vectors_ND (float32) of a block of lines.

    first_line: the number in the file of the block's first line.

    Raises:
        BadInput: a line is not a word with its numbers; the message gives the line.
    """
    if form.stated_count is not None and first_line == 1:  # the first line of a word2vec file is no vector
        _, _, rest = block.lstrip(BLANKS + b"\n").partition(b"\n")
        first_line += block.count(b"\n") - rest.count(b"\n")
        block = rest
    block = _with_single_spaces(block)
    if b"\r" in block:
        raise BadInput(
            f"{path} has carriage returns inside of lines.", hint="Convert its line ends: tr '\\r' '\\n' < OLD > NEW"
        )
    table = _parse_table(block, form.size)
    return table if table is not None else _parse_lines(path, block, first_line, form.size)


def _with_single_spaces(block: bytes) -> bytes:
    """The block with one space between a word and its numbers, and none at the ends of a line."""
    if b"\t" in block or b"  " in block:
        block = _MANY_BLANKS.sub(b" ", block)
    if b"\r" in block or b" \n" in block or b"\n " in block or block[:1] == b" " or block[-1:] == b" ":
        block = _AT_AN_END.sub(b"", block)
    return block


def _parse_table(block: bytes, size: int) -> tuple[pl.Series, np.ndarray] | None:
    """Parse the block as a table; None where a line is irregular or a number does not fit float32."""
    import polars as pl

    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    if block.count(b" ") != size * lines:  # polars would hold every field of a long line
        return None
    columns = [str(place) for place in range(size)]
    try:
        with library_output_kept():
            table = pl.read_csv(
                block,
                separator=" ",
                has_header=False,
                quote_char=None,
                schema={"word": pl.String, **dict.fromkeys(columns, pl.Float32)},
            )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError):
        return None
    vectors_ND = table.select(columns).to_numpy()
    if (
        len(table) != lines
        or table["word"].has_nulls()
        or vectors_ND.dtype != np.float32
        or not np.isfinite(vectors_ND).all()
    ):
        return None
    return table["word"].alias("index"), np.ascontiguousarray(vectors_ND)


def _parse_lines(path: Path, block: bytes, first_line: int, size: int) -> tuple[pl.Series, np.ndarray]:
    import polars as pl

    words, vectors = [], []
    for number, line in enumerate(block.split(b"\n"), start=first_line):
        if stripped := line.strip(BLANKS):
            word, numbers = _split_line(path, number, stripped, size)
            words.append(word)
            vectors.append(_parse_numbers(path, number, numbers))
    return pl.Series("index", words, pl.String), np.array(vectors, dtype=np.float32).reshape(-1, size)


def _split_line(path: Path, number: int, line: bytes, size: int) -> tuple[str, bytes]:
    """The word of a line, and its numbers as text."""
    spaces = line.count(b" ")
    if spaces == size:
        word, _, numbers = line.partition(b" ")
    else:
        # Some words of GloVe 840B contain spaces (". . ."), so the numbers are counted from the right.
        word, *rest = line.rsplit(b" ", size)
        if len(rest) < size or spaces > size + MOST_SPACES or _is_number(word.rpartition(b" ")[2]):
            raise _line_error(path, number, f"it has {spaces:,} numbers; expected are {size:,}")
        numbers = b" ".join(rest)
    try:
        return word.decode(), numbers
    except UnicodeDecodeError as error:
        raise _line_error(path, number, "the word is not UTF-8") from error


def _parse_numbers(path: Path, number: int, numbers: bytes) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(piece) for piece in numbers.split(b" ")], dtype=np.float32)
    except ValueError as error:
        raise _line_error(path, number, str(error)[:200]) from error
    if not np.isfinite(vector).all():
        raise _line_error(path, number, "a number is NaN, infinite, or too large for float32")
    return vector


def _line_error(path: Path, number: int, problem: str) -> BadInput:
    return BadInput(f"{path}, line {number}: {problem}.", hint=f"Correct or remove this line. {LINE_HINT}")


def _is_number(piece: bytes) -> bool:
    try:
        float(piece)
    except ValueError:
        return False
    return True
