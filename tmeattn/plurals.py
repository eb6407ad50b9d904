"""Counts with their nouns in messages: "1 text", "2,300 texts", and lists that are cut."""

from __future__ import annotations

from collections.abc import Sequence


def plural(number: float, noun: str, many: str | None = None) -> str:
    """The noun alone, in the form that goes with a number: `plural(2, "is", "are")` is "are".

    many: the form for every number but 1; by default, the noun with an s.
    """
    return noun if number == 1 else f"{noun}s" if many is None else many


def counted(number: float, noun: str, many: str | None = None) -> str:
    """A whole number and its noun: `counted(2300, "text")` is "2,300 texts". See `plural`."""
    whole = round(number)
    return f"{whole:,} {plural(whole, noun, many)}"


def listed(names: Sequence[object], most: int) -> str:
    """Names with commas. A list of more than `most` ends with the count of those left out: "a, b and 13 others"."""
    shown = ", ".join(map(str, names[:most]))
    rest = len(names) - most
    return f"{shown} and {counted(rest, 'other')}" if rest > 0 else shown
