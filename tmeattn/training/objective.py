"""What training minimises: cross-entropy + alpha * mean attention entropy (report, part 1: entropy penalty).

It is the same for every model: the penalty is on the attention that a `ModelOutput` contains.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.models.layers import attention_entropy
from tmeattn.specs import ModelOutput


class Loss(NamedTuple):
    """total: scalar to differentiate; cross_entropy: scalar; entropy_B: attention entropy of each text in nats."""

    total: Tensor
    cross_entropy: Tensor
    entropy_B: Tensor | None


class Whole(NamedTuple):
    """A batch of which several processes have a share each.

    texts: their number.   weight: the sum of the weights of their classes; without weights, their number.
    """

    texts: int
    weight: float


def objective(
    output: ModelOutput,
    labels_B: Tensor,
    mask_BT: Tensor,
    alpha: float,
    weights_C: Tensor | None = None,
    whole: Whole | None = None,
) -> Loss:
    """The loss of one batch. With `alpha` 0 the entropy is computed without a gradient.

    weights_C: weight of the texts of each class in the mean cross-entropy; None: all weights are equal.
    whole:     the texts are a share of this batch, and `total` and `cross_entropy` are summands of those of the batch.
    """
    if whole is None:
        cross_entropy = F.cross_entropy(output.logits_BC, labels_B, weights_C)
    else:
        cross_entropy = F.cross_entropy(output.logits_BC, labels_B, weights_C, reduction="sum") / whole.weight
    with torch.set_grad_enabled(alpha > 0 and torch.is_grad_enabled()):
        entropy_B = attention_entropy(output, mask_BT)
    total = cross_entropy
    if alpha > 0 and entropy_B is not None:
        mean_entropy = entropy_B.mean() if whole is None else entropy_B.sum() / whole.texts
        total = cross_entropy + alpha * mean_entropy
    return Loss(total, cross_entropy, entropy_B)


def class_weights(split: EncodedSplit, classes: int) -> torch.Tensor:
    """(C,) float32: weights that give every class the same share of the loss; their mean over the texts is 1."""
    counts_C = np.bincount(split.labels, minlength=classes)
    return torch.from_numpy(len(split) / (np.count_nonzero(counts_C) * np.maximum(counts_C, 1))).float()
