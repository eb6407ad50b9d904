"""The results of `tmeattn faithfulness`, ready to be shown. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

CONTROL = "random"


@dataclass(frozen=True)
class Measure:
    """A figure of a method: its name in files, a heading, whether more of it is better (None: neither), and what it
    is, in a clause."""

    name: str
    heading: str
    higher: bool | None
    about: str


MEASURES = (
    Measure(
        "comprehensiveness",
        "compr.",
        True,
        "compr.: by how much the predicted class's probability falls without the words of highest score, mean over "
        "1, 5, 10, 20, 50 % of them",
    ),
    Measure("sufficiency", "suff.", False, "suff.: the same with those words alone (lower is better)"),
    Measure(
        "deletion",
        "deletion",
        False,
        "deletion: area under the probability as ever more words are left out, highest first (lower is better)",
    ),
    Measure("insertion", "insertion", True, "insertion: as ever more are put in"),
    Measure("tau_gradient", "τ grad.", None, "τ: Kendall's rank correlation of absolute scores with gradients"),
    Measure("tau_leave_one_out", "τ l.-o.-o.", None, "τ l.-o.-o.: and with leave-one-out"),
    Measure("auprc", "AUPRC", True, "AUPRC: average precision of the scores for the words that people marked"),
    Measure(
        "token_f1", "token F1", True, "token F1: of as many words as people marked in the text, those of highest score"
    ),
    Measure("iou_f1", "IOU F1", True, "IOU F1: the same for stretches of words of which at least half are shared"),
)


@dataclass(frozen=True)
class Estimate:
    """A mean over texts with its 95 % interval (bootstrap), and how far it lies above the control's, paired by text."""

    mean: float
    low: float
    high: float
    over_control: float | None = None
    over_low: float | None = None
    over_high: float | None = None

    @property
    def differs(self) -> bool:
        """Whether the control is outside of what chance explains."""
        return self.over_low is not None and self.over_high is not None and not self.over_low <= 0 <= self.over_high


@dataclass(frozen=True)
class MethodRow:
    """A method's figures by the name of the measure (a measure that is not defined for it is left out), and what a
    text took it."""

    method: str
    measures: dict[str, Estimate]
    seconds_per_text: float


@dataclass(frozen=True)
class Twins:
    """The uniform-weights test: accuracies of a run and of its twin, and the run's advantage with its 95 % interval
    (paired bootstrap over the texts; other seeds are not covered)."""

    twin: str
    texts: int
    accuracy: float
    twin_accuracy: float
    low: float
    high: float

    @property
    def difference(self) -> float:
        return self.accuracy - self.twin_accuracy


@dataclass(frozen=True)
class Faithfulness:
    """How far the methods' explanations of a run can be believed.

    data:    what the texts are; texts: how many; words: their mean length as read.
    entropy: of the model's attention on them, in nats; None without attention.
    passed_over: methods that could not serve, with the reason.
    twins, no_twins: the uniform-weights test, or why there is none.
    """

    run: str
    model: str
    data: str
    texts: int
    words: float
    accuracy: float | None
    entropy: Estimate | None
    rows: tuple[MethodRow, ...]
    passed_over: tuple[tuple[str, str], ...]
    twins: Twins | None
    no_twins: str | None
    notes: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self) | {
            "rows": [asdict(row) for row in self.rows],
            "passed_over": [{"method": method, "reason": reason} for method, reason in self.passed_over],
            "notes": list(self.notes),
        }
