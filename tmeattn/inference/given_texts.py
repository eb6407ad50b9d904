"""The texts that a Python program gives: one string, or a list, a column or a series of them. No torch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tmeattn.errors import BadInput, shortened

_MISSING = ("NAType", "NaTType")
"""Names of the types of pandas' missing values."""


def given_texts(texts: Any, function: str) -> list[str]:
    """The texts as a list, checked.

    texts:    a list, a tuple, a generator, an array, a series or a column of strings; not one string.
    function: the name of the called function in messages.

    Raises:
        BadInput: this is not a sequence of texts, or one of them is no string or is empty.
    """
    return [_checked(text, f"Text {at}") for at, text in enumerate(as_list(texts, function))]


def given_text(text: str) -> str:
    """One text, checked. Raises `BadInput` as `given_texts` does."""
    return _checked(text, "The text")


def as_list(values: Any, function: str, what: str = "texts") -> list[Any]:
    """The values of a list, an array, a series, a column or any other iterable that has an order.

    Raises:
        BadInput: it is a table, a mapping, bytes, or nothing that can be iterated.
    """
    if isinstance(values, str):
        raise BadInput(f"{function} takes several {what}, and got one string.", hint=f"Give a list: {function}([text])")
    if isinstance(values, bytes | bytearray | memoryview):
        raise BadInput(f"{function} takes {what}, and got bytes.", hint='Decode them: data.decode("utf-8").')
    if isinstance(values, Mapping):
        raise BadInput(
            f"{function} takes {what}, and got a mapping.", hint=f"Give its values: {function}([*d.values()])"
        )
    if hasattr(values, "columns") and not isinstance(values, str):
        raise BadInput(
            f"{function} takes {what}, and got a table with the columns {_names(values)}.",
            hint=f'Give one of its columns: {function}(table["text"])',
        )
    if getattr(values, "ndim", 1) != 1:
        raise BadInput(
            f"{function} takes {what}, and got an array with {values.ndim} dimensions.", hint="Give one column."
        )
    for method in ("to_pylist", "to_list"):  # pyarrow; pandas and polars: elements are Python's own types
        if callable(convert := getattr(values, method, None)):
            return list(convert())
    if isinstance(values, os.PathLike) or not isinstance(values, Iterable):
        raise BadInput(
            f"{function} takes {what}, and got {_named(values)}.",
            hint="Give a list of strings; predict_file classifies the rows of a file."
            if isinstance(values, os.PathLike)
            else "Give a list of strings.",
        )
    return list(values)


def _checked(text: Any, which: str) -> str:
    if not isinstance(text, str):
        is_missing = text is None or type(text).__name__ in _MISSING or (isinstance(text, float) and math.isnan(text))
        hint = "A missing value is no text: leave it out, or replace it." if is_missing else None
        raise BadInput(f"{which} is of type {type(text).__name__}, not a string.", hint=hint)
    if not text.strip():
        raise BadInput(f"{which} is empty.", hint="Leave out texts that have only white space.")
    return str(text)


def _names(table: Any) -> str:
    try:
        columns = table.columns() if callable(table.columns) else table.columns
        names = getattr(table, "column_names", columns)  # pyarrow's columns are their data
        return shortened(", ".join(str(name) for name in names))
    except Exception:
        return "of a data frame"


def _named(value: Any) -> str:
    kind = type(value).__name__
    return f"an object of type {kind}" if kind != "NoneType" else "None"
