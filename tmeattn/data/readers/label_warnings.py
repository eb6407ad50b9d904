"""Warnings about the labels of a dataset: labels that look alike, and labels that are numbers of rows."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

from tmeattn.plurals import counted

FEWEST_FOR_NUMBERS = 8
"""With fewer labels, a table of a few rows may have a class for each."""
MOST_NAMED = 3


def label_warnings(labels: Sequence[str], texts: int) -> list[str]:
    """Warnings about the labels of a number of texts."""
    found = alike(labels)
    if numbers_of_rows(len(labels), texts):
        found.append(
            f"Warning: there are {len(labels):,} different labels for {texts:,} texts: they look like numbers of rows, "
            "not classes. --label-column names another column."
        )
    return found


def alike(labels: Iterable[str]) -> list[str]:
    """One warning for labels that differ only in case, spaces, invisible characters, the form of Unicode, or the
    notation of a number; empty for none."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for label in labels:
        groups[_key(label)].append(label)
    pairs = [group for group in groups.values() if len(group) > 1]
    if not pairs:
        return []
    listed = "; ".join(" and ".join(_visible(group)) for group in pairs[:MOST_NAMED])
    rest = f"; and {counted(len(pairs) - MOST_NAMED, 'more group')}" if len(pairs) > MOST_NAMED else ""
    return [f"Warning: labels that look alike are different classes: {listed}{rest}."]


def numbers_of_rows(labels: int, texts: int) -> bool:
    """Whether there are nearly as many labels as texts."""
    return labels >= FEWEST_FOR_NUMBERS and labels > texts / 2


def _key(label: str) -> str:
    text = unicodedata.normalize("NFKC", label)
    text = "".join(" " if char.isspace() else char for char in text if char.isspace() or not _invisible(char))
    text = unicodedata.normalize("NFKC", " ".join(text.split()).casefold())
    try:
        number = float(text)
    except ValueError:
        return text
    return repr(number) if number == number else text


def _invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Mn") and (
        unicodedata.category(char) != "Mn" or "\ufe00" <= char <= "\ufe0f"
    )


def _visible(labels: Sequence[str]) -> list[str]:
    """The labels in quotation marks; in ASCII where their difference is not visible."""
    shown = [label[:60] for label in labels[:4]]
    plain = {
        "".join(char for char in unicodedata.normalize("NFC", label) if not _invisible(char)).strip() for label in shown
    }
    hidden = len(plain) < len(shown) or any(map(_has_invisible, shown))
    return [ascii(label) if hidden else repr(label) for label in shown]


def _has_invisible(label: str) -> bool:
    return any(_invisible(char) or (char.isspace() and char != " ") for char in label)
