"""The results of `tmeattn faithfulness --planted`, ready to be shown. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tmeattn.faithfulness.results import Estimate

LEARNED = 0.95
"""The least accuracy on texts with a shortcut at which a model uses it. Their class does not depend on the rest of the
text, so a model that ignores the shortcut is right for half of them."""
ALONE = 0.2
"""The largest effect of one word of a pair, or of a word without its context, at which the whole shortcut counts."""


@dataclass(frozen=True)
class PlantedRun:
    """A trained model and the shortcut.

    accuracy: on texts that all have a shortcut.
    alone:    the share of texts whose class a word of the shortcut decides without the other one; None for one word.
    problem:  why the shortcut counts as not learned, as a clause without a full stop; None where it is learned.
    """

    run: str
    seed: int
    accuracy: float | None
    alone: float | None
    problem: str | None

    @property
    def learned(self) -> bool:
        return self.problem is None


@dataclass(frozen=True)
class PlantedRow:
    """A kind of shortcut and a model.

    count:       the number of shortcut words in a text: k of precision@k.
    texts:       on how many texts the precision was measured; words: their mean length.
    chance:      the precision of a random order of the words: the mean of k / words.
    precision:   by method, where at least one run has learned the shortcut: the share of shortcut words among the k
                 words of highest score. Its interval is over the texts, each with the mean of the seeds.
    passed_over: methods that do not work with the model, with the reason.
    """

    kind: str
    model: str
    count: int
    runs: tuple[PlantedRun, ...]
    texts: int
    words: float | None
    chance: float | None
    precision: dict[str, Estimate]
    passed_over: tuple[tuple[str, str], ...]

    @property
    def learned(self) -> bool:
        return any(run.learned for run in self.runs)

    @property
    def accuracy(self) -> float | None:
        """The mean over the runs that were trained to their end."""
        known = [run.accuracy for run in self.runs if run.accuracy is not None]
        return sum(known) / len(known) if known else None

    @property
    def status(self) -> str:
        """ "learned", "not learned", or of how many seeds."""
        learned = sum(run.learned for run in self.runs)
        if learned in (0, len(self.runs)):
            return "learned" if learned else "not learned"
        return f"learned by {learned} of {len(self.runs)} seeds"

    def document(self) -> dict[str, Any]:
        passed_over = [{"method": method, "reason": reason} for method, reason in self.passed_over]
        return asdict(self) | {
            "runs": [asdict(run) for run in self.runs],
            "status": self.status,
            "accuracy": self.accuracy,
            "passed_over": passed_over,
        }


@dataclass(frozen=True)
class PlantedResults:
    """Which methods find planted shortcuts.

    data:    the dataset whose texts were used.   classes: the two classes that the shortcuts give.
    planted: the shortcut words.   train_texts: the number of training texts.
    """

    data: str
    classes: tuple[str, str]
    planted: tuple[str, ...]
    train_texts: int
    rows: tuple[PlantedRow, ...]
    notes: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(row.kind for row in self.rows))

    @property
    def models(self) -> list[str]:
        return list(dict.fromkeys(row.model for row in self.rows))

    def methods(self, kind: str | None = None) -> list[str]:
        """The methods that were assessed, the control last; of all kinds, or of one."""
        rows = [row for row in self.rows if kind in (None, row.kind)]
        return sorted(dict.fromkeys(name for row in rows for name in row.precision), key=lambda name: name == "random")

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "data": self.data,
            "classes": list(self.classes),
            "planted": list(self.planted),
            "train_texts": self.train_texts,
            "least_accuracy": LEARNED,
            "rows": [row.document() for row in self.rows],
            "notes": list(self.notes),
        }
