"""Batches in parts (--accumulate), the warm-up of the learning rate, and learning rates of a model's own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tmeattn.config import TrainOptions
from tmeattn.data.encoding.batches import Batch, Share
from tmeattn.training import checkpoint, schedule
from tmeattn.training.optimizer import make_optimizer, set_learning_rate
from tmeattn.training.session import start


def share(lengths):
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    texts = len(lengths)
    return Share(Batch(mask.long() * 7, mask, torch.arange(texts), np.arange(texts)), np.arange(texts))


def test_parts_have_every_text_once_and_no_padding_of_others():
    parts = share([2, 3, 9, 5, 1]).parts(3)
    assert [part.batch.indices.tolist() for part in parts] == [[0, 1], [2, 3], [4]]
    assert [part.batch.tokens_BT.shape[1] for part in parts] == [3, 9, 1]
    assert all(len(part.indices_W) == 5 for part in parts)
    assert sum(int(part.batch.mask_BT.sum()) for part in parts) == 20
    assert len(share([2, 3]).parts(7)) == 2


@pytest.mark.parametrize("more", [{}, {"balance": "weights", "alpha": 0.05, "alpha_warmup": 0.0}])
def test_parts_of_a_batch_give_the_weights_of_the_whole_batch(planted, more):
    options = {**planted, "epochs": 2, "dropout": 0.0, "input_dropout": 0.0, "lr": 0.02, **more}
    whole, parts = start("lstm-attn", options), start("lstm-attn", {**options, "accumulate": 5})
    one, other = (checkpoint.load(run.checkpoints, "last").tensors for run in (whole, parts))
    for name in one:
        if name.startswith("model."):
            torch.testing.assert_close(one[name], other[name], atol=2e-3, rtol=1e-2)
    logged, again = ([e for e in run.events() if e["kind"] == "epoch"][-1]["train"] for run in (whole, parts))
    assert logged["loss"] == pytest.approx(again["loss"], rel=1e-3)
    assert sum(logged["histogram"]["counts"]) == sum(again["histogram"]["counts"])


def rates(**more):
    options = TrainOptions(lr=1.0, epochs=2, **more)
    return [schedule.learning_rate(options, step, 10) for step in range(20)]


def test_the_learning_rate_rises_over_the_share_of_the_steps_and_then_falls_to_zero():
    linear = rates(warmup=0.25)
    assert linear[:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    assert linear[-1] == pytest.approx(1 / 15)
    assert rates(warmup=0.25, lr_schedule="constant")[3:] == pytest.approx([0.8, *[1.0] * 16])
    assert rates(warmup=0.0)[0] == 1.0
    assert rates(lr_schedule="constant") == [1.0] * 20
    assert rates()[:3] == pytest.approx([0.5, 0.95, 0.9])  # as in earlier versions


def test_parameters_have_the_learning_rates_that_the_model_names():
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.low, self.head = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)

        def learning_rates(self, lr):
            return {"low.weight": lr / 4, "low.bias": lr / 2}

    model = Model()
    optimizer = make_optimizer(model, TrainOptions(lr=0.5))
    set_learning_rate(optimizer, 0.1)
    of = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert optimizer.param_groups[0]["lr"] == 0.1  # what the event `step` shows
    assert [of[id(p)] for p in (model.low.weight, model.low.bias, model.head.weight)] == [0.025, 0.05, 0.1]
