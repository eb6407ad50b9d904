"""The tests of attention itself: `tmeattn faithfulness --attention-tests`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tmeattn.faithfulness.adversarial_attention import adversarial_attention
from tmeattn.faithfulness.attention_results import AttentionTests
from tmeattn.faithfulness.weight_erasure import erase_weights
from tmeattn.faithfulness.weights import reason_against_changes
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.spacing import evenly_spaced

TEXTS, TRAINING_TEXTS = 100, 1000
"""The maximum numbers of texts that are tested, and that the trained adversary learns from; evenly spaced."""

Progress = Callable[[int, int], None]


def attention_tests(
    classifier: TrainedClassifier,
    texts: Sequence[EncodedText],
    training: Sequence[str],
    *,
    progress: Progress = lambda done, total: None,
) -> AttentionTests:
    """Run the tests that apply to the model.

    texts:    as the model reads them, each with a word.
    training: texts of the training split, for the trained adversary.
    """
    reason = reason_against_changes(classifier)
    if reason is not None:
        return AttentionTests(None, None, (f"No tests of attention: {reason}.",))
    chosen = [texts[index] for index in evenly_spaced(len(texts), TEXTS)]
    erasure = erase_weights(classifier, chosen)
    reasons = [] if erasure is not None else ["No erasure of weights: no text has two words."]
    if classifier.spec.attention != "pool":
        reasons.append(
            f"No adversarial attention: the model {classifier.spec.name!r} does not pool by attention, so no single "
            "set of weights is compared."
        )
        return AttentionTests(erasure, None, tuple(reasons))
    learnt: list[np.ndarray] = [
        classifier.token_ids(training[index]) for index in evenly_spaced(len(training), TRAINING_TEXTS)
    ]
    return AttentionTests(erasure, adversarial_attention(classifier, chosen, learnt, progress=progress), tuple(reasons))
