"""The prediction of one text. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Prediction:
    """The predicted class, its probability, and the probabilities of all classes by name."""

    label: str
    probability: float
    probabilities: dict[str, float]

    def with_top(self, count: int) -> Prediction:
        """The same with the probabilities of the `count` most probable classes only, the most probable first."""
        ranked = sorted(self.probabilities.items(), key=lambda pair: -pair[1])
        return Prediction(self.label, self.probability, dict(ranked[:count]))


def predictions_of(classes: Sequence[str], probabilities_NC: np.ndarray) -> list[Prediction]:
    """The predictions of N texts, of their class probabilities (N, C)."""
    predicted_N = probabilities_NC.argmax(axis=1).tolist() if len(probabilities_NC) else []
    return [
        Prediction(classes[best], row[best], dict(zip(classes, row, strict=True)))
        for best, row in zip(predicted_N, probabilities_NC.tolist(), strict=True)
    ]
