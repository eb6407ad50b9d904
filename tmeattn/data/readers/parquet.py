"""Rows of Parquet files, read in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tmeattn.data.readers.rows import Row, Table, check_columns
from tmeattn.errors import BadInput, shortened
from tmeattn.files import read_error
from tmeattn.library_output import library_output_kept
from tmeattn.limits import Unpacking
from tmeattn.plurals import counted

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS, MOST_BYTES = 512, 2**24
"""The most rows, and about the most bytes of them, that are made Python objects at once."""
_UNREADABLE: tuple[type[BaseException], ...] = (OSError, ValueError, KeyError, TypeError, AttributeError)


def open_parquet(path: Path) -> Table:
    """The table in a Parquet file.

    Raises:
        BadInput: it cannot be read as one.
    """
    import polars as pl
    import polars.selectors as cs

    with _opened(path) as file:
        schema = pl.read_parquet_schema(file)
    check_columns(path, "schema", len(schema))

    def select(names: Sequence[str]) -> Iterator[Row]:
        number = 0
        unpacking = Unpacking(str(path))
        unpacking.packed = path.stat().st_size
        # Selectors take names as they are. `select` reads a string such as "*" or "^.*$" as a pattern.
        columns = [cs.by_name(name) for name in names]
        with _opened(path) as file:
            whole = pl.scan_parquet(file, glob=False, hive_partitioning=False)
            rows = whole.select(pl.len()).collect().item()
            frame = whole.select(columns)
            for batch in frame.collect_batches(chunk_size=2**13, maintain_order=True):
                for values in batch.iter_rows(buffer_size=_rows_at_once(batch)):
                    unpacking.count(sum(len(value) for value in values if isinstance(value, str)))
                    number += 1
                    yield number, values
            if number != rows:  # a panic ends the batches without an error
                raise _damaged(path, f"{number:,} of its {counted(rows, 'row')} can be read")

    return Table(path, "parquet", tuple(schema), "row", select, _class_names(path))


def _rows_at_once(batch: pl.DataFrame) -> int:
    """How many rows of a batch are made Python objects together: polars holds equal texts once, and Python each."""
    import polars as pl

    texts = [
        column.alias("") for column in batch.get_columns() if column.dtype == pl.String
    ]  # the name would be a pattern
    lengths = [column.str.len_bytes().max() for column in texts]
    longest = max((int(length) for length in lengths if isinstance(length, int)), default=0)
    return max(1, min(MOST_ROWS, MOST_BYTES // (longest + 1)))


def _class_names(path: Path) -> dict[str, Sequence[str]]:
    """The names of integer labels, where the `datasets` library has written them into the file."""
    import polars as pl

    try:
        with path.open("rb") as file, library_output_kept():
            features = json.loads(pl.read_parquet_metadata(file)["huggingface"])["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if isinstance(feature, dict) and "names" in feature
        }
    except _UNREADABLE + _polars_errors():
        return {}


def _polars_errors() -> tuple[type[BaseException], ...]:
    """What polars raises for a damaged file; a panic is no `Exception`."""
    import polars as pl

    return pl.exceptions.PolarsError, pl.exceptions.PanicException


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open the file here: polars would read its name as a pattern, a home folder or an address."""
    try:
        with path.open("rb") as file, library_output_kept():
            yield file
    except OSError as error:
        if error.errno:
            raise read_error(path, error) from error
        raise _damaged(path, error) from error
    except _polars_errors() as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, problem: object) -> BadInput:
    first = next(iter(str(problem).splitlines()), "") or type(problem).__name__
    return BadInput(
        f"{path} cannot be read as a Parquet file: {shortened(first)}.",
        hint="Write the file again, or convert it to CSV or JSON lines.",
    )
