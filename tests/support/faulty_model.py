"""A small model with one fault, which its option names, for the checks of models."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from tmeattn.config import ModelConfig
from tmeattn.models.layers import WordEmbedding, masked_softmax
from tmeattn.specs import ModelOutput, ModelSpec, Space


class Config(ModelConfig):
    """A model with a fault."""

    fault: str = Field("", description="What is wrong.")


class Model(nn.Module):
    def __init__(self, config: Any, space: Space) -> None:
        super().__init__()
        self.fault = config.fault
        self.embedding = WordEmbedding(space)
        self.score = nn.Linear(space.vector_size, 1, bias=False)
        self.classify = nn.Linear(space.vector_size, space.num_classes)
        if self.fault == "frozen":
            self.requires_grad_(False)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        long_B1 = mask_BT.sum(1, keepdim=True) > 4
        x_BTD = self.embedding(tokens_BT)
        weights_BT = masked_softmax(self.score(x_BTD).squeeze(-1), mask_BT)
        logits_BC = self.classify(torch.einsum("bt,btd->bd", weights_BT, x_BTD))
        match self.fault:
            case "logits of long texts":
                logits_BC = logits_BC.masked_fill(long_B1, torch.nan)
            case "weights of long texts":
                weights_BT = torch.where(long_B1, weights_BT / 2, weights_BT)
            case "weights in batches":
                weights_BT = weights_BT / len(weights_BT)
            case "gradient":
                logits_BC = logits_BC + (0 * logits_BC).sqrt()
        return ModelOutput(logits_BC, weights_BT)


SPEC = ModelSpec("faulty", "A model", f"{__name__}:Config", f"{__name__}:Model", "pool")
