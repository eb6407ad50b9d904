"""A model without trainable parameters has an optimizer that does nothing, and does not wait for torch's compiler."""

from __future__ import annotations

import subprocess
import sys

import torch

from tmeattn.config import TrainOptions
from tmeattn.training.checkpoint import training_tensors
from tmeattn.training.optimizer import NothingToTrain, make_optimizer


def test_a_model_without_trainable_parameters_has_nothing_to_train() -> None:
    model = torch.nn.Linear(2, 2).requires_grad_(False)
    optimizer = make_optimizer(model, TrainOptions(lr=0.5))
    assert isinstance(optimizer, NothingToTrain)
    optimizer.param_groups[0]["lr"] = 0.25
    optimizer.zero_grad(set_to_none=True)
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert set(training_tensors(model, optimizer)) == {"model.weight", "model.bias"}


def test_other_models_have_an_optimizer_of_torch() -> None:
    assert isinstance(make_optimizer(torch.nn.Linear(2, 2), TrainOptions()), torch.optim.AdamW)


def test_without_trainable_parameters_the_compiler_of_torch_is_not_imported() -> None:
    program = (
        "import sys, torch; from tmeattn.config import TrainOptions; from tmeattn.training.optimizer import *\n"
        "optimizer = make_optimizer(torch.nn.ReLU(), TrainOptions()); optimizer.zero_grad(); optimizer.step()\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
