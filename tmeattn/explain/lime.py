"""LIME: the scores of a text are the weights of a sparse linear model of the classifier, fitted to the text with words
left out.

Shapes: N samples, W words.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch

from tmeattn.explain.methods import log_odds
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText

LEAST_SAMPLES, SAMPLES_PER_WORD = 200, 5
PENALTY = 0.01
"""The factor of the sum of the absolute weights in the Lasso regression."""


def lime(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """LIME (Ribeiro et al. 2016): a Lasso regression of the log-odds on the presence of each word.

    There are five samples for each word, and at least 200. A sample leaves out each word with probability 1/2. Its
    weight in the regression is exp(-d^2 / 2), where d is its cosine distance to the text. The random seed depends only
    on the token ids, so the scores of a text are repeatable; the global random state of torch is not used.
    """
    return [_lime(classifier, text, target) for text in texts]


def _lime(classifier: TrainedClassifier, text: EncodedText, target: int | None) -> np.ndarray:
    from sklearn.linear_model import Lasso

    words = len(text.units)
    explained_class = int(classifier.logits([text.ids_T]).argmax()) if target is None else target
    generator = torch.Generator().manual_seed(zlib.crc32(text.ids_T.tobytes()))
    samples = max(LEAST_SAMPLES, SAMPLES_PER_WORD * words)
    kept_NW = torch.bernoulli(torch.full((samples, words), 0.5), generator=generator).bool().numpy()
    odds_N = log_odds(classifier.logits([text.units[kept_W] for kept_W in kept_NW]), explained_class)
    distance_N = 1 - np.sqrt(kept_NW.mean(axis=1))  # the cosine of a vector of zeros and ones and one of ones
    fit = Lasso(alpha=PENALTY).fit(kept_NW.astype(np.float64), odds_N, sample_weight=np.exp(-(distance_N**2) / 2))
    return text.of_tokens(np.asarray(fit.coef_, dtype=np.float64))
