"""The most confident mistakes of a run, and the texts with the least certain predictions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tmeattn.data.sources import open_split
from tmeattn.explain.explain import explain_all
from tmeattn.explain.explanation import ExplainRequest, Explanation, Mistakes
from tmeattn.inference.classifier import TrainedClassifier

CHUNK = 256
"""Texts that are classified before the progress is reported."""


def find_mistakes(
    classifier: TrainedClassifier,
    *,
    split: str = "validation",
    top: int = 5,
    method: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Mistakes:
    """Classify a whole split of the run's dataset, and explain `top` texts of each kind.

    The confidence is the probability of the predicted class. A prediction is less certain the smaller the difference
    between its two highest probabilities.

    progress: called with the number of classified texts and the number of all texts.

    Raises:
        UnknownName: there is no such split or method.
        BadInput: the method is not compatible with the model, or the data has changed since the run was trained.
    """
    dataset, texts = open_split(classifier.run, classifier.config.train, split)
    rows = []
    for start in range(0, len(texts.texts), CHUNK):
        rows.append(classifier.probabilities(texts.texts[start : start + CHUNK]))
        progress(min(start + CHUNK, len(texts.texts)), len(texts.texts))
    probabilities_NC = np.concatenate(rows)
    labels_N = np.asarray(texts.labels)
    ordered_NC = np.sort(probabilities_NC, axis=1)
    wrong_N = probabilities_NC.argmax(axis=1) != labels_N
    confident = [int(index) for index in np.argsort(-ordered_NC[:, -1], kind="stable") if wrong_N[index]][:top]
    uncertain = [int(index) for index in np.argsort(ordered_NC[:, -1] - ordered_NC[:, -2], kind="stable")[:top]]

    def explained(indices: list[int]) -> tuple[tuple[int, Explanation], ...]:
        requests = [
            ExplainRequest(texts.texts[index], method, true_label=dataset.classes[texts.labels[index]])
            for index in indices
        ]
        return tuple(zip(indices, explain_all(classifier, requests), strict=True))

    return Mistakes(
        run=classifier.run.id,
        model=classifier.spec.name,
        dataset=dataset.name,
        split=split,
        texts=len(labels_N),
        wrong=int(wrong_N.sum()),
        confident=explained(confident),
        uncertain=explained(uncertain),
        note=classifier.limit_note,
    )
