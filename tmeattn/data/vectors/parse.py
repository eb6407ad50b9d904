"""Lines of a GloVe or word2vec text file: a word and its numbers, parsed fast where they are regular."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import numpy as np

from tmeattn.errors import BadInput

if TYPE_CHECKING:
    import polars as pl


class Layout(NamedTuple):
    """The width of the vectors, and the number of rows where the first line states it (word2vec)."""

    size: int
    stated: int | None


def layout(path: Path, block: bytes) -> Layout | None:
    """What the first line that holds anything tells; None where the block holds none.

    Raises:
        BadInput: it is no word followed by numbers.
    """
    line = next(filter(None, (line.rstrip(b" \r") for line in block.split(b"\n"))), None)
    if line is None:
        return None
    pieces = line.split(b" ")
    if len(pieces) == 2 and all(piece.isdigit() for piece in pieces) and int(pieces[1]) > 0:
        return Layout(int(pieces[1]), int(pieces[0]))
    size = 0
    while size < len(pieces) - 1 and _is_number(pieces[-1 - size]):
        size += 1
    if size == 0:
        raise BadInput(f"{path}, line 1: not a word followed by numbers, separated by single spaces.")
    return Layout(size, None)


def parsed(path: Path, block: bytes, first: int, about: Layout) -> tuple[pl.Series, np.ndarray]:
    """The words and vectors_ND (float32) of a block of lines, the first of which has the number `first`.

    Raises:
        BadInput: a line is no word with its numbers; the message gives its number.
    """
    if about.stated is not None and first == 1:  # the first block: its first line is no vector
        _, _, rest = block.lstrip(b"\r\n").partition(b"\n")
        first += block.count(b"\n") - rest.count(b"\n")
        block = rest
    fast = _fast(block, about.size)
    return fast if fast is not None else _careful(path, block, first, about.size)


def _fast(block: bytes, size: int) -> tuple[pl.Series, np.ndarray] | None:
    """The block as a table; None where a line departs from the regular, or a number from float32."""
    import polars as pl

    columns = [str(place) for place in range(size)]
    block = block.replace(b" \n", b"\n")  # fastText ends each line with a space
    try:
        table = pl.read_csv(
            block,
            separator=" ",
            has_header=False,
            quote_char=None,
            schema={"word": pl.String, **dict.fromkeys(columns, pl.Float32)},
        )
    except (pl.exceptions.PolarsError, ValueError):
        return None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    vectors_ND = table.select(columns).to_numpy()
    if (
        len(table) != lines
        or table["word"].has_nulls()
        or vectors_ND.dtype != np.float32
        or not np.isfinite(vectors_ND).all()
    ):
        return None
    return table["word"].alias("index"), np.ascontiguousarray(vectors_ND)


def _careful(path: Path, block: bytes, first: int, size: int) -> tuple[pl.Series, np.ndarray]:
    import polars as pl

    words, vectors = [], []
    for number, line in enumerate(block.split(b"\n"), start=first):
        if stripped := line.rstrip(b" \r"):
            word, numbers = _row(path, number, stripped, size)
            words.append(word)
            vectors.append(_vector(path, number, numbers))
    return pl.Series("index", words, pl.String), np.array(vectors, dtype=np.float32).reshape(-1, size)


def _row(path: Path, number: int, line: bytes, size: int) -> tuple[str, bytes]:
    """The word of a row, and its numbers still as text."""
    spaces = line.count(b" ")
    if spaces == size:
        word, _, numbers = line.partition(b" ")
    else:
        # Some words of GloVe 840B contain spaces (". . ."), so the numbers are counted from the right.
        word, *rest = line.rsplit(b" ", size)
        if len(rest) < size or _is_number(word.rpartition(b" ")[2]):
            raise BadInput(f"{path}, line {number}: {spaces} numbers where the first row has {size}.")
        numbers = b" ".join(rest)
    try:
        return word.decode(), numbers
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}, line {number}: not UTF-8.") from error


def _vector(path: Path, number: int, numbers: bytes) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(piece) for piece in numbers.split(b" ")], dtype=np.float32)
    except ValueError as error:
        raise BadInput(f"{path}, line {number}: {error}.") from error
    if not np.isfinite(vector).all():
        raise BadInput(f"{path}, line {number}: NaN, infinite, or beyond float32.")
    return vector


def _is_number(piece: bytes) -> bool:
    try:
        float(piece)
    except ValueError:
        return False
    return True


def numbered(path: Path, file: IO[bytes], size: int) -> Iterator[bytes]:
    """The file in parts of `size` bytes."""
    with naming(path):
        while part := file.read(size):
            yield part


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn what can go wrong while reading the file into an error that names it."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"The word vectors {path} cannot be read: {reason}.") from error
