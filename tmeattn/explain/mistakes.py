"""Texts that a run gets wrong with most confidence, and those that it is least certain of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tmeattn.data.sources import open_split
from tmeattn.explain.explain import explain_all
from tmeattn.explain.explanation import ExplainRequest, Explanation, Mistakes
from tmeattn.inference.classifier import TrainedClassifier

CHUNK = 256


def find_mistakes(
    classifier: TrainedClassifier,
    *,
    split: str = "validation",
    top: int = 5,
    method: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Mistakes:
    """Read a whole split of the run's dataset and explain `top` texts of either kind.

    Confidence is the probability of the class predicted; a text is the less certain, the less the probabilities of its
    two first classes differ.

    Raises:
        UnknownName, BadInput: no such split or method, or one that cannot serve the model.
    """
    dataset, found = open_split(classifier.config.train, split)
    rows = []
    for start in range(0, len(found.texts), CHUNK):
        rows.append(classifier.probabilities(found.texts[start : start + CHUNK]))
        progress(min(start + CHUNK, len(found.texts)), len(found.texts))
    probabilities_NC = np.concatenate(rows)
    labels_N = np.asarray(found.labels)
    ordered_NC = np.sort(probabilities_NC, axis=1)
    wrong_N = probabilities_NC.argmax(axis=1) != labels_N
    confident = [int(index) for index in np.argsort(-ordered_NC[:, -1], kind="stable") if wrong_N[index]][:top]
    uncertain = [int(index) for index in np.argsort(ordered_NC[:, -1] - ordered_NC[:, -2], kind="stable")[:top]]

    def explained(indices: list[int]) -> tuple[tuple[int, Explanation], ...]:
        requests = [
            ExplainRequest(found.texts[index], method, true_label=dataset.classes[found.labels[index]])
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
