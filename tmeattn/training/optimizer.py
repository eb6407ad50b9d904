"""The optimizer of a run, and the clipping of its gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.models.arithmetic import arithmetic_version


def make_optimizer(model: nn.Module, options: TrainOptions) -> torch.optim.Optimizer:
    """AdamW, or SGD with or without momentum, over the trainable parameters, of which there may be none.

    Word vectors get no weight decay, because it would shrink the vectors of rare words, which seldom get a gradient.
    """
    vectors = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
    without_decay = {id(parameter) for parameter in vectors}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        return NothingToTrain(options.lr)
    groups = [
        {"params": [p for p in trained if id(p) not in without_decay], "weight_decay": options.weight_decay},
        {"params": [p for p in trained if id(p) in without_decay], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if options.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=options.lr, momentum=options.momentum)
    fused = arithmetic_version() >= 2 and all(parameter.is_floating_point() for parameter in trained)
    return torch.optim.AdamW(groups, lr=options.lr, fused=fused or None)


class NothingToTrain(torch.optim.Optimizer):
    """The optimizer of a model without trainable parameters. torch's own would import torch's compiler, which takes
    longer than all else that such a run does before its first step."""

    def __init__(self, lr: float) -> None:
        self.param_groups = [{"params": [], "lr": lr}]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """There are no gradients."""

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """There are no weights to change."""

    def state_dict(self) -> dict[str, Any]:
        """The learning rate alone."""
        return {"state": {}, "param_groups": self.param_groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """There is no state."""


def clip_gradients(model: nn.Module, most: float) -> float:
    """The norm of all gradients. Where it is larger than `most`, they are scaled down to it; with 0 they never are.

    The result is that of `torch.nn.utils.clip_grad_norm_`, which multiplies them in every step, mostly by one.
    """
    norm = nn.utils.get_total_norm([each.grad for each in model.parameters() if each.grad is not None])
    value = norm.item()
    if 0 < most < 1.001 * value + 1e-5:  # close to 1, torch's own rounding decides
        nn.utils.clip_grads_with_norm_(model.parameters(), most, norm)
    return value
