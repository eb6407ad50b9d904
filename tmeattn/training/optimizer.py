"""The optimizer of a run, and the clipping of its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.models.arithmetic import arithmetic_version

FACTOR = "factor"
"""The key of a group of parameters for its learning rate, as a multiple of --lr."""


def make_optimizer(model: nn.Module, options: TrainOptions) -> torch.optim.Optimizer:
    """AdamW, or SGD with or without momentum, over the trainable parameters, of which there may be none.

    Word vectors get no weight decay, because it would shrink the vectors of rare words, which seldom get a gradient.

    A model may have a method `learning_rates`, which is called with --lr and returns the learning rates of some of its
    parameters, by their names. In each step, they are multiplied by the same number as --lr.
    """
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not trained:
        return NothingToTrain(options.lr)
    groups = _groups(model, options)
    if options.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=options.lr, momentum=options.momentum)
    fused = arithmetic_version() >= 2 and all(parameter.is_floating_point() for parameter in trained)
    return torch.optim.AdamW(groups, lr=options.lr, fused=fused or None)


def _groups(model: nn.Module, options: TrainOptions) -> list[dict[str, Any]]:
    """The trainable parameters by their learning rate, as the factor of --lr, and by their weight decay; first those
    that have --lr itself."""
    vectors = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    own = getattr(model, "learning_rates", None)
    rates: Mapping[str, float] = own(options.lr) if callable(own) else {}
    groups: dict[tuple[float, bool], dict[str, Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            factor, decays = rates.get(name, options.lr) / options.lr, id(parameter) not in vectors
            decay = options.weight_decay if decays else 0.0
            new = {"params": [], "weight_decay": decay, **({FACTOR: factor} if factor != 1 else {})}
            groups.setdefault((factor, decays), new)["params"].append(parameter)
    return [groups[key] for key in sorted(groups, key=lambda key: (key[0] != 1, -key[0], not key[1]))]


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Set the learning rate of a step: `lr`, or a multiple of it where parameters have a rate of their own."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get(FACTOR, 1.0)


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
