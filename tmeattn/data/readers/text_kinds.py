"""Warnings about texts of which a model of words learns little: mostly digits, mostly links, in several scripts or
languages. Each text is looked at once, while it is read, and its kind is kept in two bytes.

Shapes: N texts.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence

import numpy as np

from tmeattn.data.label_names import counted_labels
from tmeattn.data.readers.languages import LANGUAGES, NONE, SCRIPTS, language_of, script_of
from tmeattn.errors import shortened
from tmeattn.plurals import counted, plural
from tmeattn.spacing import midpoints

PLAIN, DIGITS, LINKS = 0, 1, 2
"""Kinds of texts."""
WARN_SHARE = 0.01
"""The share of texts of mostly digits, or of mostly links, from which on there is a warning."""
MIXED_SHARE = 0.05
"""The share of texts in another script or language from which on they are mixed."""
FEWEST_MIXED = 2
MOST_HEAD, MOST_CHARACTERS = 256, 2**16
"""Bytes at the beginning of each text that are looked at, and characters of one that begins with digits or links."""
MOST_PLACES = 1000
MOST_NAMED = 3
"""Classes that a warning names, and scripts or languages but one."""
MOST_LANGUAGE_TEXTS = 1000
"""Texts whose language is told, evenly spaced."""
FEW_DIGITS = 8
"""A beginning with fewer digits than one of so many bytes is not counted exactly."""
_NO_DIGITS = bytes(byte for byte in range(256) if not 0x30 <= byte <= 0x39)
_LINK = re.compile(r"(?:https?://|ftp://|www\.)\S+", re.IGNORECASE)
_DIGIT, _SOLID = re.compile(r"\d"), re.compile(r"\S+")
_MENDING = "a model of words learns each language from its own texts alone: train one model for each"


class TextKinds:
    """Collects the kinds of texts, in the order in which they are added."""

    def __init__(self) -> None:
        self._kinds, self._scripts = array("B"), array("B")
        self._places: dict[int, str] = {}

    def add(self, text: str, data: bytes, where: str) -> None:
        """Look at one text. data: its first `MOST_HEAD` bytes or more, in UTF-8.   where: its place in the source."""
        kind = kind_of(text, data)
        if kind != PLAIN and len(self._places) < MOST_PLACES:
            self._places[len(self._kinds)] = where
        self._kinds.append(kind)
        self._scripts.append(script_of(text))

    def warnings(
        self, rows_N: np.ndarray, labels_N: np.ndarray, classes: Sequence[str], text_of: Callable[[int], str]
    ) -> list[str]:
        """The warnings about N of the texts.

        rows_N: their numbers, in the order of adding.   labels_N: their indices into `classes`.
        text_of: returns the text with a number.
        """
        if not len(rows_N):
            return []
        kinds_N = np.frombuffer(self._kinds, dtype=np.uint8)[rows_N]
        scripts_N = np.frombuffer(self._scripts, dtype=np.uint8)[rows_N]
        found = [
            line
            for kind, name in ((DIGITS, "digits"), (LINKS, "links"))
            if (line := self._mostly(name, rows_N[kinds_N == kind], labels_N[kinds_N == kind], len(rows_N), classes))
        ]
        if scripts := _mixed(scripts_N, labels_N, SCRIPTS, classes, without=NONE):
            found.append(
                f"Warning: the texts are in several scripts: {scripts}. --tokenizer unicode reads all scripts, but "
                f"{_MENDING}."
            )
        most = int(np.argmax(np.bincount(scripts_N)))
        if languages := self._languages(rows_N[scripts_N == most], labels_N[scripts_N == most], classes, text_of):
            found.append(f"Warning: the texts seem to be in several languages: {languages}: {_MENDING}.")
        return found

    def _mostly(
        self, name: str, rows: np.ndarray, labels: np.ndarray, texts: int, classes: Sequence[str]
    ) -> str | None:
        if len(rows) < WARN_SHARE * texts or not len(rows):
            return None
        place = self._places.get(int(rows[0]))
        first = f", first: {shortened(place, 80)}" if place is not None else ""
        counts = {classes[label]: int((labels == label).sum()) for label in np.unique(labels).tolist()}
        named, many = counted_labels(counts, counts, MOST_NAMED), plural(len(rows), "consists", "consist")
        remedy = (
            "--text-column names another column."
            if len(rows) > texts / 2
            else "Remove such rows from the file, or name another column with --text-column."
        )
        return (
            f"Warning: {len(rows):,} of {counted(texts, 'text')} {many} mostly of {name} ({named}{first}), of which a "
            f"model of words learns little. {remedy}"
        )

    def _languages(
        self, rows_N: np.ndarray, labels_N: np.ndarray, classes: Sequence[str], text_of: Callable[[int], str]
    ) -> str:
        chosen = np.asarray(midpoints(len(rows_N), MOST_LANGUAGE_TEXTS), dtype=np.int64)
        if not len(chosen):
            return ""
        told = [language_of(text_of(row)) for row in rows_N[chosen].tolist()]
        known = np.array([language is not None for language in told])
        languages = np.array([language or 0 for language in told])[known]
        mixed = _mixed(languages, labels_N[chosen][known], LANGUAGES, classes)
        if not mixed or len(chosen) == len(rows_N):
            return mixed
        return f"of {counted(len(chosen), 'text')}, {mixed}"


def _mixed(
    codes_N: np.ndarray, labels_N: np.ndarray, names: Sequence[str], classes: Sequence[str], without: int | None = None
) -> str:
    """As in "700 in Latin, 250 in Cyrillic ('good' (240), 'bad' (10))"; empty where they are not mixed."""
    if without is not None:
        labels_N, codes_N = labels_N[codes_N != without], codes_N[codes_N != without]
    counts = np.bincount(codes_N, minlength=len(names))
    ordered = [code for code in np.argsort(-counts, kind="stable").tolist() if counts[code]]
    fewest = max(FEWEST_MIXED, MIXED_SHARE * len(codes_N))
    if sum(counts[code] >= fewest for code in ordered) < 2:
        return ""
    parts = []
    for code in ordered[: MOST_NAMED + 1]:
        if counts[code] < fewest:
            break
        of_class = np.bincount(labels_N[codes_N == code], minlength=len(classes))
        by_class = {name: int(number) for name, number in zip(classes, of_class, strict=True) if number}
        parts.append(f"{counts[code]:,} in {names[code]} ({counted_labels(by_class, by_class, MOST_NAMED)})")
    return "; ".join(parts)


def kind_of(text: str, data: bytes) -> int:
    """Whether more than half of a text, without its white space, is digits or links. data: see `add`."""
    head = data[:MOST_HEAD]
    if b"://" not in head and b"www." not in head and b"WWW." not in head:
        digits = len(head.translate(None, _NO_DIGITS))
        if FEW_DIGITS * digits <= len(head) and (text.isascii() or not _DIGIT.search(text, 0, 16)):
            return PLAIN
    kind = _exact_kind(text[:MOST_HEAD])
    return kind if kind == PLAIN or len(text) <= MOST_HEAD else _exact_kind(text[:MOST_CHARACTERS])


def _exact_kind(text: str) -> int:
    solid = sum(map(len, _SOLID.findall(text)))
    without = _LINK.sub(" ", text)
    rest = sum(map(len, _SOLID.findall(without)))
    if 2 * (solid - rest) > solid:
        return LINKS
    return DIGITS if 2 * len(_DIGIT.findall(without)) > solid else PLAIN
