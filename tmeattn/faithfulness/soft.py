"""Soft erasure: parts of word vectors are masked in proportion to the scores (Zhao and Aletras 2023), at a fixed mean
share that is the same for every method (pi-Soft, Huang and Chan, arXiv 2601.03089).

Without a fixed share, a method whose scores are larger keeps (or erases) more of the text, and seems better for it.
Shapes: N words, B sequences, T positions, D dimensions of a word vector, S draws.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np

from tmeattn.inference.classifier import TrainedClassifier

KEEP_RATE = 0.5
DRAWS = 2
"""Masks of each text; the probabilities are means over them."""


def shares(scores_N: np.ndarray, mean: float) -> np.ndarray:
    """(N,) shares in [0, 1] in proportion to the scores, with the given mean: min(1, c * score) with the one c that
    reaches the mean.

    Scores below zero are evidence against the class and count as zero. If the positive scores are too few to reach the
    mean at a share of 1, the rest is spread evenly over the other words.
    """
    positive_N = np.maximum(scores_N, 0.0)
    wanted = mean * len(scores_N)
    support = int((positive_N > 0).sum())
    if support <= wanted:
        rest = (wanted - support) / max(len(scores_N) - support, 1)
        return np.array([1.0 if score > 0 else rest for score in scores_N])
    order_N = np.argsort(-positive_N, kind="stable")
    sorted_N = positive_N[order_N] / positive_N[order_N[0]]
    tails_N = np.cumsum(sorted_N[::-1])[::-1]
    # With the `full` highest at 1, the others get c = (wanted - full) / (sum of their scores).
    full_N = np.arange(len(sorted_N))
    scale_N = np.divide(wanted - full_N, tails_N, out=np.full(len(tails_N), 2.0), where=tails_N > 0)
    fits_N = (scale_N * sorted_N <= 1 + 1e-12) & (wanted > full_N)
    full = int(np.argmax(fits_N))
    shares_N = np.minimum(sorted_N * scale_N[full], 1.0)
    shares_N[:full] = 1.0
    result_N: np.ndarray = np.empty_like(shares_N)
    result_N[order_N] = shares_N
    return result_N


def uniforms(ids_N: np.ndarray, size: int, draws: int = DRAWS) -> np.ndarray:
    """(S, N, D) numbers from 0 to 1 for the masks of a text, with a seed from its token ids: the same for every
    method."""
    rng = np.random.default_rng([zlib.crc32(ids_N.tobytes()), 0x50F7])
    return rng.random((draws, len(ids_N), size), dtype=np.float32)


def soft_erasure(
    classifier: TrainedClassifier, ids: Sequence[np.ndarray], scores: Sequence[Sequence[np.ndarray]], keep_rate: float
) -> list[list[dict[str, float]]]:
    """The measures (`soft_metrics`) of the scores of several methods on each text: by method, by text.

    Sufficiency: each element of the vector of a word is kept with the probability of the word's share, of mean
    `keep_rate`. Comprehensiveness: each element is masked with the probability of the word's share, of mean
    1 - `keep_rate`, so as much is kept. Masked elements are zero.

    The model must have a word embedding (`TrainedClassifier.embedding`).
    """
    embedding = classifier.embedding
    if embedding is None:
        raise ValueError("soft erasure needs a model that looks up its words in one nn.Embedding")
    sequences: list[np.ndarray] = []
    masks: list[np.ndarray] = []
    for at, ids_N in enumerate(ids):
        drawn_SND = uniforms(ids_N, embedding.embedding_dim)
        own = [np.ones_like(drawn_SND[0], dtype=bool), np.zeros_like(drawn_SND[0], dtype=bool)]
        for method in scores:
            keep_N, mask_N = shares(method[at], keep_rate), shares(method[at], 1 - keep_rate)
            own += [*(drawn_SND < keep_N[:, None]), *(drawn_SND >= mask_N[:, None])]
        sequences += [ids_N] * len(own)
        masks += own
    found: list[list[dict[str, float]]] = [[] for _ in scores]
    for rows_KC in np.split(classifier.masked_probabilities(sequences, masks), len(ids)):
        whole, zero, *rest = rows_KC[:, rows_KC[0].argmax()]
        means_M2 = np.array(rest).reshape(len(scores), 2, DRAWS).mean(axis=2)
        for of_method, (kept, masked) in zip(found, means_M2, strict=True):
            of_method.append(soft_metrics(float(whole), float(zero), float(kept), float(masked)))
    return found


def soft_metrics(whole: float, zero: float, kept: float, masked: float) -> dict[str, float]:
    """Soft normalised sufficiency and comprehensiveness, from probabilities of the predicted class: for the whole text,
    for zero vectors in place of all words, and for the vectors kept and masked by the scores.

    Both are in [0, 1], and higher is better: comprehensiveness is the share of the fall to zero vectors that the masks
    cause, and sufficiency is the share of this fall that the kept elements avoid. NaN where the probability does not
    fall with zero vectors, because there is no scale.
    """
    scale = whole - zero
    if scale <= 0:
        return {"soft_comprehensiveness": math.nan, "soft_sufficiency": math.nan}
    fall_kept, fall_masked = (min(max(whole - one, 0.0) / scale, 1.0) for one in (kept, masked))
    return {"soft_comprehensiveness": fall_masked, "soft_sufficiency": 1 - fall_kept}
