"""The results of `tmeattn faithfulness`, ready to be shown. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tmeattn.faithfulness.attention_results import AttentionTests

CONTROL = "random"
DELETE, WITH_UNKNOWN, INFILL = "delete", "unknown", "infill"
OPERATORS = (DELETE, WITH_UNKNOWN, INFILL)
"""Operators of erasure (`faithfulness.operators`)."""


@dataclass(frozen=True)
class Metric:
    """A metric of attribution methods.

    name:    its name in JSON and CSV files.
    heading: the heading of its column.
    higher:  whether a higher value is better; None: neither is better.
    about:   its definition, in a clause.
    family:  the name of the family (`FAMILIES`) that it belongs to.
    across:  whether its figures may be compared across models.
    """

    name: str
    heading: str
    higher: bool | None
    about: str
    family: str = "erasure"
    across: bool = False


HUMAN = "human"
"""The family of the metrics of plausibility: agreement with people, which is not faithfulness to the model."""
FAMILIES = {
    "erasure": "Raw erasure (words left out)",
    "ranks": "Rank correlations and time",
    "normalized": "Normalised erasure",
    "soft": "Soft erasure",
    HUMAN: "Plausibility: agreement with human rationales, which is not faithfulness",
}
"""The families of metrics, in the order of their tables, with their titles."""

METRICS = (
    Metric(
        "comprehensiveness",
        "compr.",
        True,
        "compr.: by how much the probability of the predicted class falls without the words of highest score, mean "
        "over 1, 5, 10, 20, 50 % of them",
    ),
    Metric("sufficiency", "suff.", False, "suff.: the same with those words alone (lower is better)"),
    Metric(
        "deletion",
        "deletion",
        False,
        "deletion: area under the probability as ever more words are left out, highest first (lower is better)",
    ),
    Metric("insertion", "insertion", True, "insertion: area as ever more words are added, highest first"),
    Metric("tau_gradient", "τ grad.", None, "τ: Kendall's rank correlation of absolute scores with gradients", "ranks"),
    Metric("tau_leave_one_out", "τ l.-o.-o.", None, "τ l.-o.-o.: the same with leave-one-out", "ranks"),
    Metric(
        "normalized_comprehensiveness",
        "norm. compr.",
        True,
        "norm. compr.: comprehensiveness between that of the worst order of the words (0) and of the best one (1)",
        "normalized",
        across=True,
    ),
    Metric(
        "normalized_sufficiency",
        "norm. suff.",
        False,
        "norm. suff.: the same of sufficiency (lower is better)",
        "normalized",
        across=True,
    ),
    Metric(
        "soft_comprehensiveness",
        "soft compr.",
        True,
        "soft compr.: share of the probability (above that of zero vectors) that is lost when parts of the word "
        "vectors are masked in proportion to the scores",
        "soft",
    ),
    Metric(
        "soft_sufficiency",
        "soft suff.",
        True,
        "soft suff.: share that stays when parts are kept in proportion to the scores (higher is better)",
        "soft",
    ),
    Metric("auprc", "AUPRC", True, "AUPRC: average precision of the scores for the annotated words", HUMAN),
    Metric("token_f1", "token F1", True, "token F1: F1 of the words of highest score, as many as are annotated", HUMAN),
    Metric(
        "iou_f1",
        "IOU F1",
        True,
        "IOU F1: F1 of contiguous spans that overlap with an annotated span by at least half",
        HUMAN,
    ),
)

MEASURES = ("comprehensiveness", "sufficiency")
"""The measures that operators of erasure have."""
SIGNIFICANT = 0.05
"""The rate of false discoveries at which a method is better than random rationales."""


@dataclass(frozen=True)
class Estimate:
    """A mean over texts with its 95 % bootstrap interval, and its difference from the mean of the control, with the
    interval of the difference (paired by text)."""

    mean: float
    low: float
    high: float
    over_control: float | None = None
    over_low: float | None = None
    over_high: float | None = None

    @property
    def differs(self) -> bool:
        """Whether the difference from the control is significant: its interval does not contain zero."""
        return self.over_low is not None and self.over_high is not None and not self.over_low <= 0 <= self.over_high


@dataclass(frozen=True)
class AgainstRandom:
    """A method against M random rationales of the same length, by one measure.

    drop:       normalised score drop: the lost share of the probability of the predicted class.
    win_rate:   the share of the random rationales that the method's is better than, mean over the texts.
    p:          (1 + #{random >= observed}) / (M + 1).
    p_adjusted: after Benjamini and Hochberg over the methods.
    effect:     effect size d; None without any spread.
    """

    drop: Estimate
    win_rate: Estimate
    p: float
    p_adjusted: float
    effect: float | None

    @property
    def better(self) -> bool:
        """Whether the method is better than random rationales by more than chance."""
        return self.p_adjusted <= SIGNIFICANT


@dataclass(frozen=True)
class OperatorResults:
    """All methods against random rationales, with one operator of erasure.

    share: the share of the words of a rationale; draws: M; texts: how many texts are compared.
    rows:  by method and measure.
    """

    operator: str
    share: float
    draws: int
    texts: int
    rows: dict[str, dict[str, AgainstRandom]]


@dataclass(frozen=True)
class BoundsCount:
    """How many texts have bounds of AOPC: by exhaustive search and by beam search.

    chosen:  the texts whose bounds were searched, evenly spaced over all.
    flat:    texts without a scale, because every order of their words has the same AOPC: by measure.
    widened: texts searched by beam in which the order of a method was better (or worse) than all that the beam found;
             their bounds include it.
    excess:  the most that such an order was outside of what the beam found, as an AOPC.
    """

    chosen: int
    exact: int
    beam: int
    flat: dict[str, int]
    widened: int
    excess: float


@dataclass(frozen=True)
class SoftSettings:
    """How soft erasure was measured: the mean keep rate, the masks of each text, and the number of texts without a
    figure, because the class is not less probable with zero vectors."""

    keep_rate: float
    draws: int
    flat: int = 0


@dataclass(frozen=True)
class MethodResults:
    """The results of a method: the estimates by the name of the metric, without those that are not defined for it, and
    the mean duration of an explanation in seconds."""

    method: str
    measures: dict[str, Estimate]
    seconds_per_text: float


@dataclass(frozen=True)
class TwinComparison:
    """The uniform-weights test: the accuracies of a run and of its twin with uniform attention, and the 95 % interval
    of their difference (paired bootstrap over the texts; it does not cover other seeds).

    twin: the id of the twin's run.
    """

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
class FaithfulnessResults:
    """How faithful the explanations of a run are, by attribution method.

    run:         the id of the run; name: the user's own name for it.
    data:        the source of the texts; texts: their number; words: the mean number of words that the model reads.
    accuracy:    on these texts, in [0, 1]; None for texts without a label.
    entropy:     attention entropy on these texts, in nats; None without attention.
    rows:        the results of each method, those of the control last.
    passed_over: methods that were not assessed, with the reason.
    twins:       the uniform-weights test; None where there is none, for the reason `no_twins`.
    bounds:      of normalised erasure; None where it was not measured, and so for `soft`.
    against_random: for each operator of erasure; disagreements: of the operators, one sentence each.
    attention_tests: None where they were not asked for.
    """

    run: str
    model: str
    data: str
    texts: int
    words: float
    accuracy: float | None
    entropy: Estimate | None
    rows: tuple[MethodResults, ...]
    passed_over: tuple[tuple[str, str], ...]
    twins: TwinComparison | None
    no_twins: str | None
    notes: tuple[str, ...] = ()
    bounds: BoundsCount | None = None
    against_random: tuple[OperatorResults, ...] = ()
    disagreements: tuple[str, ...] = ()
    soft: SoftSettings | None = None
    name: str | None = None
    attention_tests: AttentionTests | None = None

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return asdict(self) | {
            "rows": [asdict(row) for row in self.rows],
            "passed_over": [{"method": method, "reason": reason} for method, reason in self.passed_over],
            "notes": list(self.notes),
            "against_random": [_operator(one) for one in self.against_random],
            "disagreements": list(self.disagreements),
            "attention_tests": None if self.attention_tests is None else self.attention_tests.document(),
        }


def _operator(one: OperatorResults) -> dict[str, Any]:
    """As `--json` prints the figures of an operator: a list of methods."""
    rows = [{"method": method, **{name: asdict(row) for name, row in of.items()}} for method, of in one.rows.items()]
    return {"operator": one.operator, "share": one.share, "draws": one.draws, "texts": one.texts, "methods": rows}
