"""The JSON document of an evaluation: what `tmeattn evaluate --json` prints and `tmeattn.load(run).evaluate()` returns.
No torch.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from tmeattn.evaluation.quality import Quality
from tmeattn.evaluation.word_order import ShuffledWords


class EvaluationDocument(Quality):
    """The evaluation of a run's best weights on labelled texts.

    dataset:            the name or path of the data.
    split:              train, validation, test, or all.
    limit:              of the run's `--limit`, if only the texts were measured that it keeps; else None.
    notes:              sentences: which texts were taken, how labels were matched, which texts were left out.
    texts:              the number of texts evaluated.
    loss:               cross-entropy plus the entropy penalty, in nats.
    cross_entropy:      in nats.
    accuracy:           in [0, 1].
    entropy:            mean attention entropy in nats; None without attention.
    normalized_entropy: mean of the entropy divided by ln(number of words), in [0, 1]; None without attention.
    heads:              of self-attention, the mean entropy of each head of each layer, in nats.
    attention_texts:    the number of texts on which the attention entropy was measured.
    accuracy_interval:  95 % interval of the accuracy (Wilson 1927).
    confusion:          numbers of texts by the true class, then by the predicted class; with more than 100 classes only
                        those that are not zero.
    shuffled_words:     the same texts with shuffled words, if it was requested.
    """

    run: str
    model: str
    dataset: str
    split: str
    limit: int | None
    texts: int
    notes: NotRequired[list[str]]
    loss: float
    cross_entropy: float
    accuracy: float
    entropy: float | None
    normalized_entropy: float | None
    heads: NotRequired[list[list[float]]]
    attention_texts: NotRequired[int]
    accuracy_interval: tuple[float, float]
    confusion: dict[str, dict[str, int]]
    shuffled_words: NotRequired[ShuffledWords]


class PredictedDocument(TypedDict):
    """The predictions of a run for texts without labels.

    dataset, split, limit, texts, notes: as in `EvaluationDocument`.
    predicted:       by class, the number of texts with that prediction.
    mean_confidence: the mean probability of the predicted class, in [0, 1].
    """

    run: str
    model: str
    dataset: str
    split: str
    limit: int | None
    texts: int
    notes: list[str]
    predicted: dict[str, int]
    mean_confidence: float
