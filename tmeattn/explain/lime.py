"""LIME: the scores of a text are the weights of a sparse linear model of the classifier, fitted to the text with words
left out.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor

from tmeattn.explain.methods import log_odds
from tmeattn.inference.classifier import BATCH, EncodedText, TrainedClassifier

LEAST_SAMPLES, SAMPLES_PER_WORD = 200, 5


def lime(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """LIME (Ribeiro et al. 2016), computed by captum: a Lasso regression of the log-odds on the presence of each word.

    There are five samples for each word, and at least 200. A sample leaves out each word with probability 1/2, and
    samples near the text have a higher weight. The random seed depends only on the token ids, so the scores of a text
    are repeatable.
    """
    return [_lime(classifier, text, target) for text in texts]


def _lime(classifier: TrainedClassifier, text: EncodedText, target: int | None) -> np.ndarray:
    from captum.attr import Lime

    explained_class = int(classifier.logits([text.ids_T]).argmax()) if target is None else target

    def odds(kept_NT: Tensor) -> Tensor:
        sequences = [text.ids_T[kept_T] for kept_T in kept_NT.bool().cpu().numpy()]
        return torch.from_numpy(log_odds(classifier.logits(sequences), explained_class)).float()

    words = len(text.ids_T)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(zlib.crc32(text.ids_T.tobytes()))
        scores_1T = Lime(odds).attribute(
            torch.ones(1, words),
            baselines=torch.zeros(1, words),
            n_samples=max(LEAST_SAMPLES, SAMPLES_PER_WORD * words),
            perturbations_per_eval=BATCH,
        )
    return np.asarray(scores_1T[0].double().numpy())
