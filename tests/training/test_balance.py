"""Rare classes made up for: weights in the loss, and draws of the sampler."""

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812

from tmeattn.data.encoding.batches import BucketedBatches
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.specs import ModelOutput
from tmeattn.training.objective import class_weights, objective


def split_of(labels):
    count = len(labels)
    return EncodedSplit(np.arange(count, dtype=np.int32), np.arange(count + 1), np.array(labels), np.arange(count))


def test_weights_make_every_class_count_alike():
    labels = [0] * 90 + [1] * 9 + [3]
    weights_C = class_weights(split_of(labels), 4)
    totals = [float(weights_C[label] * labels.count(label)) for label in (0, 1, 3)]
    np.testing.assert_allclose(totals, [100 / 3] * 3, rtol=1e-6)
    assert torch.isfinite(weights_C).all()


def test_the_loss_is_the_weighted_mean():
    logits_BC, labels_B = torch.tensor([[2.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), torch.tensor([0, 1, 1])
    mask_BT, weights_C = torch.ones(3, 2, dtype=torch.bool), torch.tensor([0.5, 2.0])
    each_B = F.cross_entropy(logits_BC, labels_B, reduction="none")
    found = objective(ModelOutput(logits_BC), labels_B, mask_BT, 0.0, weights_C)
    expected = (each_B * weights_C[labels_B]).sum() / weights_C[labels_B].sum()
    assert torch.allclose(found.cross_entropy, expected)
    plain = objective(ModelOutput(logits_BC), labels_B, mask_BT, 0.0)
    assert torch.allclose(plain.cross_entropy, each_B.mean())


def test_balanced_sampling_draws_every_class_equally_often():
    split = split_of([0] * 900 + [1] * 90 + [3] * 10)
    batches = BucketedBatches(split, 16, 5, seed=3, balanced=True)
    drawn = np.concatenate(batches.plan(0))
    assert len(drawn) == len(split)
    shares = np.bincount(split.labels[drawn], minlength=4) / len(drawn)
    np.testing.assert_allclose(shares, [1 / 3, 1 / 3, 0, 1 / 3], atol=0.06)
    assert (np.concatenate(batches.plan(0)) == drawn).all()  # fixed by seed and epoch
    assert (np.concatenate(batches.plan(1)) != drawn).any()
