"""Rows of Parquet files, read in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tmeattn.data.readers.rows import Row, Table, check_columns
from tmeattn.errors import BadInput
from tmeattn.limits import Unpacking


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
            frame = pl.scan_parquet(file, glob=False, hive_partitioning=False).select(columns)
            for batch in frame.collect_batches(chunk_size=2**13, maintain_order=True):
                for values in batch.iter_rows():
                    unpacking.count(sum(len(value) for value in values if isinstance(value, str)))
                    number += 1
                    yield number, values

    return Table(path, "parquet", tuple(schema), "row", select, _class_names(path))


def _class_names(path: Path) -> dict[str, Sequence[str]]:
    """The names of integer labels, where the `datasets` library has written them into the file."""
    import polars as pl

    try:
        with path.open("rb") as file:
            features = json.loads(pl.read_parquet_metadata(file)["huggingface"])["info"]["features"]
        return {
            column: feature["names"]
            for column, feature in features.items()
            if isinstance(feature, dict) and "names" in feature
        }
    except (pl.exceptions.PolarsError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open the file here: polars would read its name as a pattern, a home folder or an address."""
    import polars as pl

    try:
        with path.open("rb") as file:
            yield file
    except (pl.exceptions.PolarsError, OSError) as error:
        reason = getattr(error, "strerror", None) or (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise BadInput(
            f"{path} cannot be read as a Parquet file: {reason}.",
            hint="Write the file again, or convert it to CSV or JSON lines.",
        ) from error
