"""Predictions in Parquet, which are written as JSON lines first, so that they can be continued and merged."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmeattn.inference.output_target import output_format

if TYPE_CHECKING:
    import polars as pl

CHUNK = 8192
"""Rows that are held at once."""
_MOST = 2**63


def require_parquet(output: Path | None) -> None:
    """Check that polars is installed where an output is a Parquet file, before anything is classified.

    Raises:
        ModuleNotFoundError: it is not.
    """
    if output_format(output) == "parquet":
        import polars  # noqa: F401


def to_parquet(lines: Path, target: Path, *, ranked: bool) -> None:
    """Write the predictions of a file of JSON lines, as `Encoder` writes them, to a file in Parquet.

    A kept column has the type of its values, and is text where they are of several types. `probabilities` has a field
    for each class; with `ranked` it is a list of labels with their probabilities, the most probable first.

    Raises:
        OSError: a file cannot be read or written.
    """
    from polars.io.plugins import register_io_source

    schema = _schema(lines, ranked=ranked)

    def frames(
        columns: list[str] | None, predicate: pl.Expr | None, most: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        for rows in _chunks(lines):
            frame = _frame(rows, schema, ranked=ranked)
            frame = frame if columns is None else frame.select(columns)
            yield frame if predicate is None else frame.filter(predicate)

    register_io_source(frames, schema=schema).sink_parquet(target)


def _chunks(lines: Path) -> Iterator[list[dict[str, Any]]]:
    with lines.open("rb") as file:
        while chunk := [json.loads(line) for line in itertools.islice(file, CHUNK)]:
            yield chunk


def _schema(lines: Path, *, ranked: bool) -> pl.Schema:
    """The types of the columns, from all rows."""
    import polars as pl

    kinds: dict[str, set[type]] = {}
    classes: dict[str, None] = {}
    for rows in _chunks(lines):
        for row in rows:
            classes.update(dict.fromkeys(row["probabilities"]))
            for name, value in row.items():
                if value is not None:
                    wide = isinstance(value, int) and not -_MOST <= value < _MOST
                    kinds.setdefault(name, set()).add(str if wide else type(value))
                else:
                    kinds.setdefault(name, set())
    types: dict[str, Any] = {name: _type(found) for name, found in kinds.items()}
    entry = pl.Struct({"label": pl.String, "probability": pl.Float64})
    types["probabilities"] = pl.List(entry) if ranked else pl.Struct(dict.fromkeys(classes, pl.Float64))
    return pl.Schema(types)


def _type(found: set[type]) -> type[pl.DataType]:
    import polars as pl

    if found == {bool}:
        return pl.Boolean
    if found == {int}:
        return pl.Int64
    return pl.Float64 if found and found <= {int, float} else pl.String


def _frame(rows: list[dict[str, Any]], schema: pl.Schema, *, ranked: bool) -> pl.DataFrame:
    import polars as pl

    columns: dict[str, pl.Series] = {}
    for name, kind in schema.items():
        values = [row[name] for row in rows]
        if name == "probabilities" and ranked:
            values = [[{"label": label, "probability": one} for label, one in value.items()] for value in values]
        elif kind == pl.String:
            values = [_text(value) for value in values]
        elif kind == pl.Float64:
            values = [None if value is None else float(value) for value in values]
        columns[name] = pl.Series(name, values, dtype=kind)
    return pl.DataFrame(columns)


def _text(value: Any) -> str | None:
    """A value as text that Parquet can hold."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()
