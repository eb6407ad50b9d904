"""The model `nb-logreg`: logistic regression over n-grams with naive-Bayes weights (Wang and Manning 2012).

It is the baseline for every model with attention. Shapes: B texts, T tokens, N n-grams of a text, G distinct n-grams,
K columns of weights (1 for two classes, else one for each class), C classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.data.encoding.corpus import Corpus
from tmeattn.models.configs import NbLogregConfig
from tmeattn.models.ngrams import count_ngrams, first_occurrences, log_count_ratios, look_up, ngram_keys
from tmeattn.specs import ModelOutput, Space


def prepare_nb_logreg(config: NbLogregConfig, corpus: Corpus) -> dict[str, Any]:
    """Fit the training split; return keys_G of the n-grams, weights_GK and bias_K.

    Each column is a regression of one class against the others. Its weights contain the naive-Bayes ratios as a factor.
    """
    from scipy.sparse import csr_matrix

    split, classes = corpus.splits["train"], len(corpus.classes)
    counts = count_ngrams(
        split,
        vocabulary_size=len(corpus.vocabulary),
        classes=classes,
        longest=config.ngrams,
        least=config.min_texts,
    )
    ratios_GC = log_count_ratios(counts.texts_GC)
    columns = []
    for label in [1] if classes == 2 else range(classes):
        values = ratios_GC[counts.column, label]
        bag = csr_matrix((values, (counts.text, counts.column)), shape=(len(split), len(counts.keys_G)))
        fit = regression(config.strength).fit(bag, split.labels == label)
        columns.append((ratios_GC[:, label] * fit.coef_[0], fit.intercept_[0]))
    return {
        "keys": counts.keys_G,
        "weights": np.stack([weights for weights, _ in columns], axis=1).astype(np.float32),
        "bias": np.array([bias for _, bias in columns], dtype=np.float32),
    }


def regression(strength: float) -> Any:
    """scikit-learn's logistic regression, solved in its dual form; strength: the inverse of the L2 penalty.

    The tolerance is liblinear's own default for this form. With scikit-learn's, which is a thousand times smaller, the
    fit takes twice as long, and the accuracy is the same.
    """
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=strength, solver="liblinear", dual=True, tol=0.1, max_iter=1000, random_state=0)


class NbLogreg(nn.Module):
    """logits = b + sum over the distinct n-grams g of the text of w_g. It has no trainable parameters."""

    keys_G: Tensor
    weights_GK: Tensor

    def __init__(self, config: NbLogregConfig, space: Space) -> None:
        super().__init__()
        self.ngrams, self.vocabulary_size, self.classes = config.ngrams, space.vocabulary_size, space.num_classes
        # A checkpoint has the prepared arrays already, so the state dict does not repeat them.
        self.register_buffer("keys_G", torch.from_numpy(space.prepared["keys"]), persistent=False)
        self.register_buffer("weights_GK", torch.from_numpy(space.prepared["weights"]), persistent=False)
        self.bias_K = nn.Parameter(torch.from_numpy(space.prepared["bias"]), requires_grad=False)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        keys_BTN = ngram_keys(tokens_BT, mask_BT, vocabulary_size=self.vocabulary_size, longest=self.ngrams)
        keys_BN = keys_BTN.flatten(1)
        index_BN, known_BN = look_up(keys_BN, self.keys_G)
        counted_BN = known_BN & first_occurrences(keys_BN)
        scores_BK = (self.weights_GK[index_BN] * counted_BN.unsqueeze(-1)).sum(dim=1) + self.bias_K
        if self.classes == 2:
            scores_BK = torch.cat([-scores_BK / 2, scores_BK / 2], dim=1)
        return ModelOutput(scores_BK)


def build_nb_logreg(config: NbLogregConfig, space: Space) -> nn.Module:
    """The model `nb-logreg`."""
    return NbLogreg(config, space)
