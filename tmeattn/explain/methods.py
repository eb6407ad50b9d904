"""Attribution methods: each scores every token that the model read. Registered like any plugin's explainer."""

from __future__ import annotations

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.explain.classifier import Classifier, EncodedText


def attention(classifier: Classifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The model's own pooling weights, summing to one over each text. They do not depend on `target`.

    Raises:
        BadInput: the model pools without attention.
    """
    scores = []
    for reading in classifier.read([text.ids_T for text in texts]):
        if reading.weights_T is None:
            raise BadInput(
                f"The model {classifier.spec.name!r} has no pooling attention to show.",
                hint="Use --method leave-one-out, which works for every model.",
            )
        scores.append(reading.weights_T)
    return scores


def leave_one_out(classifier: Classifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """How much the log-odds of the class fall when one token is left out (Li, Monroe and Jurafsky 2016).

    Positive: the token speaks for the class. A text of one token is compared with an unknown word.
    """
    scores = []
    for text in texts:
        without = [np.delete(text.ids_T, index) for index in range(len(text.ids_T))]
        whole, *rest = classifier.read([text.ids_T, *without])
        about = int(whole.logits_C.argmax()) if target is None else target
        odds = log_odds(whole.logits_C, about)
        scores.append(np.array([odds - log_odds(reading.logits_C, about) for reading in rest]))
    return scores


def log_odds(logits_C: np.ndarray, target: int) -> float:
    """ln(p / (1 - p)) of a class, from its logits, without overflow."""
    others = np.delete(logits_C.astype(np.float64), target)
    return float(logits_C[target] - np.logaddexp.reduce(others))
