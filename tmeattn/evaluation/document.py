"""The JSON document of an evaluation: what `tmeattn evaluate --json` prints and `tmeattn.load(run).evaluate()` returns.
No torch.
"""

from __future__ import annotations

from typing import NotRequired

from tmeattn.evaluation.quality import Quality
from tmeattn.evaluation.word_order import ShuffledWords


class EvaluationDocument(Quality):
    """The evaluation of a run's best weights on a split of its dataset.

    limit:              of the run's `--limit`; None: the split was not shortened.
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
