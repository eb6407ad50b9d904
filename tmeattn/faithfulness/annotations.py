"""Texts with the words that annotators marked as the reasons for a label, whatever file they come from. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tmeattn.plurals import counted


@dataclass(frozen=True)
class Rationale:
    """A document, the `(start, end)` of each annotated span in characters, and its class in the file, if it has one."""

    text: str
    marked: tuple[tuple[int, int], ...]
    label: str | None = None

    def words(self, spans: tuple[tuple[int, int, str], ...]) -> np.ndarray:
        """(N,) bool: whether each of the words at `spans` overlaps with an annotated span."""
        return np.array([any(start < e and s < end for s, e in self.marked) for start, end, _ in spans], dtype=bool)


@dataclass(frozen=True)
class Annotations:
    """The annotated texts of a file.

    source: whose format it is, such as "ERASER".
    notes:  a sentence for each kind of thing that was left out, with its number, and on how the file was read.
    """

    rationales: list[Rationale]
    source: str
    notes: tuple[str, ...]


def note_of(number: int, one: str, many: str) -> list[str]:
    """A note that begins with a number; none for zero."""
    return [counted(number, one, many)] if number else []


def classes_of_labels(labels: Sequence[str], classes: Sequence[str]) -> tuple[dict[str, int], list[str]]:
    """The index of the run's class that each label of a file means, and a note on those that are not the same word.

    A label means the class of the same name, else the only one that is the same without regard to case, or the only one
    of which it is the beginning or that is the beginning of it: ERASER's NEG is `negative`.
    """
    found: dict[str, int] = {}
    notes = []
    for label in dict.fromkeys(labels):
        folded = label.strip().casefold()
        names = [name.strip().casefold() for name in classes]
        alike = [at for at, name in enumerate(names) if name == folded]
        begun = [at for at, name in enumerate(names) if folded and (name.startswith(folded) or folded.startswith(name))]
        if label in classes:
            found[label] = list(classes).index(label)
        elif len(one := alike or begun) == 1:
            found[label] = one[0]
            notes.append(f"{label} is read as {classes[one[0]]}")
    return found, [f"Labels of the file: {', '.join(notes)}."] if notes else []
