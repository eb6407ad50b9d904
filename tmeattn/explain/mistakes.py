"""The most confident mistakes of a run, and the texts with the least certain predictions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

from tmeattn.data.chosen_texts import choose_texts
from tmeattn.data.data_options import DataOptions
from tmeattn.errors import BadInput
from tmeattn.explain.explain import explain_all
from tmeattn.explain.explanation import ExplainRequest, Explanation, Mistakes
from tmeattn.inference.classifier import TrainedClassifier

CHUNK = 256
"""Texts that are classified before the progress is reported."""


def find_mistakes(
    classifier: TrainedClassifier,
    *,
    split: str | None = None,
    data: DataOptions | None = None,
    top: int = 5,
    method: str | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    narrate: Callable[[str], None] = lambda line: None,
) -> Mistakes:
    """Classify texts, and explain `top` texts of each kind. Of data without labels only the least certain ones.

    The confidence is the probability of the predicted class. A prediction is less certain the smaller the difference
    between its two highest probabilities.

    split:    of the run's dataset. Not used with `data`, which names any texts (see `choose_texts`).
    progress: called with the number of classified texts and the number of all texts.

    Raises:
        UnknownName: there is no such dataset, split or method.
        BadInput: the method is not compatible with the model, or the run's own data has changed since it was trained.
    """
    options = data or DataOptions(split=split)
    chosen = choose_texts(classifier.run, classifier.config.train, options, narrate)
    if not len(chosen):
        raise BadInput(f"{chosen.dataset}, {chosen.split}: there is no text.")
    rows, texts = [], chosen.taken()
    while part := list(islice(texts, CHUNK)):
        rows.append(classifier.probabilities(part))
        progress(sum(map(len, rows)), len(chosen))
    probabilities_NC = np.concatenate(rows)
    labels_N = probabilities_NC.argmax(axis=1) if chosen.labels_N is None else chosen.labels_N
    ordered_NC = np.sort(probabilities_NC, axis=1)
    wrong_N = probabilities_NC.argmax(axis=1) != labels_N
    confident = [int(at) for at in np.argsort(-ordered_NC[:, -1], kind="stable") if wrong_N[at]][:top]
    uncertain = [int(at) for at in np.argsort(ordered_NC[:, -1] - ordered_NC[:, -2], kind="stable")[:top]]

    def explained(places: list[int]) -> tuple[tuple[int, Explanation], ...]:
        labels = [None if chosen.labels_N is None else classifier.classes[int(labels_N[at])] for at in places]
        requests = [
            ExplainRequest(chosen.text(at), method, true_label=label) for at, label in zip(places, labels, strict=True)
        ]
        indices = [int(chosen.rows_N[at]) for at in places]
        return tuple(zip(indices, explain_all(classifier, requests), strict=True))

    return Mistakes(
        run=classifier.run.id,
        model=classifier.spec.name,
        dataset=Path(chosen.dataset).name,
        split=chosen.split,
        texts=len(chosen),
        wrong=None if chosen.labels_N is None else int(wrong_N.sum()),
        confident=explained(confident),
        uncertain=explained(uncertain),
        note=" ".join(chosen.notes) or None,
    )
