"""A convolution over the words of texts.

torch's own wants the dimensions before the words and copies its input and output for that. Here the words stay where
they are: with zeros between the texts, the neighbours of all words at one distance are one matrix, which begins that
many rows later. So a convolution over W words is the sum of W matrix products, and its gradients are as many.

Shapes: B texts, T tokens, D dimensions of a vector, H of a state, W words of a window, N rows of all texts.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812

from tmeattn.models.arithmetic import arithmetic_version


class WordConvolution(nn.Conv1d):
    """States of words and their neighbours: (B, T, D) -> (B, T, H). Beyond a text's ends the vectors are zero.

    Its weights are those of `torch.nn.Conv1d`. In training on the CPU it is computed as matrix products, unless the run
    was begun in an earlier version of the arithmetic (`tmeattn.models.arithmetic`).
    """

    def __init__(self, width: int, states: int, window: int) -> None:
        super().__init__(width, states, window, padding=window // 2)

    def forward(self, x_BTD: Tensor) -> Tensor:
        products = self.training and arithmetic_version() >= 3 and x_BTD.device.type == "cpu"
        if products and x_BTD.dtype == self.weight.dtype and not torch.is_autocast_enabled("cpu"):
            states_BTH: Tensor = _Products.apply(x_BTD, self.weight, self.bias)  # type: ignore[no-untyped-call]
            return states_BTH
        return super().forward(x_BTD.transpose(1, 2)).transpose(1, 2)


class _Products(torch.autograd.Function):
    """The convolution as one matrix product for each place of the window."""

    @staticmethod
    def forward(ctx: Any, x_BTD: Tensor, weight_HDW: Tensor, bias_H: Tensor) -> Tensor:
        texts, tokens, width = x_BTD.shape
        window = weight_HDW.shape[2]
        x_ND = F.pad(x_BTD, (0, 0, window // 2, window // 2)).view(-1, width)
        weight_WDH = weight_HDW.permute(2, 1, 0).contiguous()
        states_BTH = x_BTD.new_empty(texts, tokens + window - 1, len(weight_HDW))
        rows = len(x_ND) - window + 1  # the last ones, and those between two texts, are cut off below
        states_NH = states_BTH.view(-1, len(weight_HDW))[:rows]
        torch.addmm(bias_H, x_ND[:rows], weight_WDH[0], out=states_NH)
        for place in range(1, window):
            states_NH.addmm_(x_ND[place : place + rows], weight_WDH[place])
        ctx.save_for_backward(x_ND, weight_HDW)
        return states_BTH[:, :tokens]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient_BTH: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        x_ND, weight_HDW = ctx.saved_tensors
        texts, tokens, states = gradient_BTH.shape
        window = weight_HDW.shape[2]
        rows = len(x_ND) - window + 1
        gradient_NH = F.pad(gradient_BTH, (0, 0, 0, window - 1)).view(-1, states)[:rows]
        parts = [x_ND[place : place + rows] for place in range(window)]
        x_BTD = None
        if ctx.needs_input_grad[0]:
            weight_WHD = weight_HDW.permute(2, 0, 1).contiguous()
            sums_ND = torch.zeros_like(x_ND)
            for place in range(window):
                sums_ND[place : place + rows].addmm_(gradient_NH, weight_WHD[place])
            x_BTD = sums_ND.view(texts, tokens + window - 1, -1)[:, window // 2 : window // 2 + tokens]
        weight_HDW = torch.stack([gradient_NH.t() @ part for part in parts], dim=2)
        return x_BTD, weight_HDW, gradient_NH.sum(dim=0)
