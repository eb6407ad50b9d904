"""Cross-fitted evidence of n-grams, from naive Bayes and logistic regression on the training texts.

Shapes: G distinct n-grams, K folds, C classes; E = 1 for two classes, else C.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import tmeattn
from tmeattn import ngrams

if TYPE_CHECKING:
    from tmeattn_ngram_attn import Config


def prepare(config: Config, corpus: tmeattn.Corpus) -> dict[str, np.ndarray]:
    """Return keys_G of the n-grams (increasing), weights_GKE and bias_KE; fold k is fitted without part k."""
    split, classes = corpus.splits["train"], len(corpus.classes)
    counts = ngrams.count_ngrams(
        split,
        vocabulary_size=len(corpus.vocabulary),
        classes=classes,
        longest=config.ngrams,
        least=config.min_texts,
    )
    part_N = np.add.reduceat(split.tokens.astype(np.int64), split.offsets[:-1]) % config.folds
    labels = [1] if classes == 2 else list(range(classes))
    fits = [
        [fit(counts, split.labels == label, part_N != fold, config) for label in labels] for fold in range(config.folds)
    ]
    return {
        "keys": counts.keys_G,
        "weights": np.stack([np.stack([weights for weights, _ in row], axis=1) for row in fits], axis=1),
        "bias": np.array([[bias for _, bias in row] for row in fits], dtype=np.float32),
    }


def fit(
    counts: ngrams.NgramCounts, positive_N: np.ndarray, used_N: np.ndarray, config: Config
) -> tuple[np.ndarray, float]:
    """Fit one class against the others on the texts where `used_N` is True; return the weights (G,) and the bias."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    used = used_N[counts.text]
    text, column = counts.text[used], counts.column[used]
    cells = np.bincount(column * 2 + positive_N[text], minlength=len(counts.keys_G) * 2)
    ratio_G = ngrams.log_count_ratios(cells.reshape(-1, 2))[:, 1]
    bag = csr_matrix((ratio_G[column], (text, column)), shape=(len(used_N), len(ratio_G)))[used_N]
    # liblinear's own tolerance: that of scikit-learn takes twice as long, and the accuracy is the same.
    model = LogisticRegression(C=config.strength, solver="liblinear", dual=True, tol=0.1, max_iter=1000, random_state=0)
    model.fit(bag, positive_N[used_N])
    return (ratio_G * model.coef_[0]).astype(np.float32), float(model.intercept_[0])
