"""The model: `lstm-attn` with sparsemax or 1.5-entmax in the place of softmax."""

import torch
from entmax import entmax15, sparsemax
from torch import nn

import tmeattn
from tmeattn import layers


def masked_sparse(function, scores_BT, mask_BT):
    """`sparsemax` or `entmax15` over the real words of each text; exactly zero on padding.

    The score of padding is below that of every real word by more than the range of scores with non-zero weights (2 for
    entmax15, 1 for sparsemax). It is finite, because a difference of infinities is NaN.
    """
    lowest_B1 = scores_BT.masked_fill(~mask_BT, torch.inf).amin(dim=1, keepdim=True)
    highest_B1 = scores_BT.masked_fill(~mask_BT, -torch.inf).amax(dim=1, keepdim=True)
    shifted_BT = scores_BT - highest_B1  # does not change the weights, and keeps differences exact
    return function(torch.where(mask_BT, shifted_BT, lowest_B1 - highest_B1 - 4.0), dim=1)


class LstmEntmax(nn.Module):
    """See `tmeattn_entmax.Config` for the formula."""

    def __init__(self, config, space):
        super().__init__()
        self.states = tmeattn.LstmStates(config, space)
        self.query_D = nn.Parameter(torch.randn(config.hidden_size) * 0.1)
        self.classify = layers.ClassifierHead(config.hidden_size, space.num_classes, config.dropout)
        self.weights, self.temperature = config.weights, config.temperature

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        states_BTD = self.states(tokens_BT)
        scores_BT = states_BTD @ self.query_D / self.temperature
        if self.weights == "softmax":
            attention_BT = layers.masked_softmax(scores_BT, mask_BT)
        else:
            function = sparsemax if self.weights == "sparsemax" else entmax15
            attention_BT = layers.final_weights(masked_sparse(function, scores_BT, mask_BT))
        pooled_BD = torch.einsum("bt,btd->bd", attention_BT, states_BTD)
        return tmeattn.ModelOutput(self.classify(pooled_BD), attention_BT, values=(states_BTD,))
