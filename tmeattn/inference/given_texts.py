"""What a Python program gives: texts as one string, or as a list, a column or a series; names, lists. No torch."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tmeattn.errors import BadInput, shortened
from tmeattn.plurals import counted

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
    return _checked(text, "The text", empty="Give a text with at least one word.")


def as_list(values: Any, function: str, what: str = "texts") -> list[Any]:
    """The values of a list, an array, a series, a column or any other iterable that has an order.

    Raises:
        BadInput: it is a table, a mapping, bytes, or nothing that can be iterated.
    """
    if isinstance(values, str):
        raise BadInput(f"{function} takes several {what}, and got one string.", hint=f"Give a list: {function}([text])")
    if isinstance(values, bytes | bytearray | memoryview):
        raise BadInput(f"{function} takes {what}, and got bytes.", hint='Decode them: data.decode("utf-8").')
    if isinstance(values, set | frozenset):
        raise BadInput(
            f"{function} takes {what} in order, and got a set, which has none.",
            hint=f"Give a list: {function}(sorted({what}))",
        )
    if isinstance(values, Mapping):
        raise BadInput(
            f"{function} takes {what}, and got a mapping.", hint=f"Give its values: {function}([*d.values()])"
        )
    if callable(getattr(values, "collect_schema", None)) and callable(getattr(values, "collect", None)):  # polars
        raise BadInput(
            f"{function} takes {what}, and got a frame that is not computed yet.",
            hint=f'Compute it, and give one of its columns: {function}(frame.collect()["text"])',
        )
    if hasattr(values, "columns"):
        names = _names(values)
        shown = shortened(", ".join(names)) if names else "of a data frame"
        column = names[0] if names and "text" not in names else "text"
        raise BadInput(
            f"{function} takes {what}, and got a table with the columns {shown}.",
            hint=f"Give one of its columns: {function}(table[{shortened(repr(column))}])",
        )
    if getattr(values, "ndim", 1) != 1:
        raise BadInput(
            f"{function} takes {what}, and got an array with {counted(values.ndim, 'dimension')}.",
            hint="Give one column." if values.ndim else "Give its text: array.item()",
        )
    for method in ("to_pylist", "to_list"):  # pyarrow; pandas and polars: elements are Python's own types
        if callable(convert := getattr(values, method, None)):
            return list(convert())
    if isinstance(values, os.PathLike) or not isinstance(values, Iterable):
        raise BadInput(
            f"{function} takes {what}, and got {_named(values)}.",
            hint="Give a list of strings; predict_file classifies the rows of a file."
            if isinstance(values, os.PathLike)
            else f"Give a list{' of strings' if what == 'texts' else ''}.",
        )
    return list(values)


def several(values: Any, function: str, what: str) -> list[Any]:
    """The values of a list, or a list of one string or function that is given in its place. Raises as `as_list`."""
    return [values] if isinstance(values, str) or callable(values) else as_list(values, function, what)


def check_type(value: Any, kind: Any, function: str, what: str, *, hint: str | None = None) -> None:
    """Check that a value has a type, such as `str | None`; a truth value is no number.

    what: of the value in messages, such as "the name of a model".

    Raises:
        BadInput: it is something else.
    """
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadInput(f"{function} takes {what}, and got {_named(value)}.", hint=hint)


def is_missing(value: Any) -> bool:
    """Whether a value stands for none: None, NaN, or the missing value of pandas."""
    return value is None or type(value).__name__ in _MISSING or (isinstance(value, float) and math.isnan(value))


def _checked(text: Any, which: str, empty: str = "Leave out texts that have only white space.") -> str:
    if not isinstance(text, str):
        hint = "A missing value is no text: leave it out, or replace it." if is_missing(text) else None
        if isinstance(text, bytes):
            hint = 'Decode it: data.decode("utf-8").'
        raise BadInput(f"{which} is of type {type(text).__name__}, not a string.", hint=hint)
    if not text.strip():
        raise BadInput(f"{which} is empty.", hint=empty)
    return str(text)


def _names(table: Any) -> list[str]:
    """The names of the columns of a table; empty where they cannot be listed."""
    try:
        columns = table.columns() if callable(table.columns) else table.columns
        names = getattr(table, "column_names", columns)  # pyarrow's columns are their data
        return [str(name) for name in names]
    except Exception:
        return []


def _named(value: Any) -> str:
    kind = type(value).__name__
    return f"an object of type {kind}" if kind != "NoneType" else "None"
