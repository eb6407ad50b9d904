"""Counts with their nouns in messages: "1 text", "2,300 texts"."""

from __future__ import annotations


def plural(number: float, noun: str, many: str | None = None) -> str:
    """The noun alone, in the form that goes with a number: `plural(2, "is", "are")` is "are".

    many: the form for every number but 1; by default, the noun with an s.
    """
    return noun if number == 1 else f"{noun}s" if many is None else many


def counted(number: float, noun: str, many: str | None = None) -> str:
    """A whole number and its noun: `counted(2300, "text")` is "2,300 texts". See `plural`."""
    whole = round(number)
    return f"{whole:,} {plural(whole, noun, many)}"
