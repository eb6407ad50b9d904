"""The results of the tests of attention itself, ready to be shown. No torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from tmeattn.faithfulness.results import Estimate

ORDERS = {
    "attention": "highest weight first",
    "gradient": "highest gradient of the predicted class's log-odds with respect to the weight first",
    "attention x gradient": "highest product of the two first",
    "random": "random order",
}
"""The orders in which weights are erased; the last is the control."""


@dataclass(frozen=True)
class OrderResults:
    """Erasure of weights in one order.

    first:    the share of texts whose decision flips when only the first weight is erased.
    flips:    the share of texts whose decision flips before all weights are erased.
    fraction: the share of the weights of a text that are erased when its decision first flips; 1 where it never does.
    """

    order: str
    first: Estimate
    flips: Estimate
    fraction: Estimate


@dataclass(frozen=True)
class WeightErasure:
    """How many attention weights must be erased until the decision flips (Serrano and Smith 2019).

    steps: the number of shares of the weights that were tried; None: every number of weights.
    """

    texts: int
    steps: int | None
    rows: tuple[OrderResults, ...]


@dataclass(frozen=True)
class CurvePoint:
    """The largest Jensen-Shannon divergence (in nats) between changed and original attention, where predictions change
    by at most `allowed` in total variation distance. None: no adversary stays within it."""

    allowed: float
    per_text: Estimate | None
    one_model: float | None


@dataclass(frozen=True)
class Adversary:
    """A state of the trained adversary: its factor, and its means over the texts.

    tvd:   total variation distance of the predictions from the model's.
    jsd:   Jensen-Shannon divergence of the attention from the model's, in nats.
    agree: the share of texts with the same decision.
    """

    factor: float
    tvd: float
    jsd: float
    agree: float


@dataclass(frozen=True)
class AdversarialAttention:
    """How far attention can move while predictions stay.

    exact:      whether `per_text` is the exact maximum (two classes), not only a lower bound of it.
    steps, training_texts: of the training of `one_model`; 0 where none was trained.
    """

    texts: int
    curve: tuple[CurvePoint, ...]
    exact: bool
    adversaries: tuple[Adversary, ...]
    steps: int
    training_texts: int


@dataclass(frozen=True)
class AttentionTests:
    """The tests of a model's attention. Where one does not apply, it is None and `reasons` has a sentence."""

    erasure: WeightErasure | None
    adversarial: AdversarialAttention | None
    reasons: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """As `--json` prints it."""
        found = asdict(self) | {"reasons": list(self.reasons)}
        for name, lists in (("erasure", ("rows",)), ("adversarial", ("curve", "adversaries"))):
            if found[name] is not None:
                found[name] |= {key: list(found[name][key]) for key in lists}
        return found
