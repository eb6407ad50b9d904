"""The model: a torch module, built from `(config, space)`, that returns a `tmeattn.ModelOutput`.

Names of tensors end in their shape: B texts, T tokens, D dimensions of a word vector, C classes.
"""

import torch
from torch import nn

import tmeattn
from tmeattn import layers


class AdditiveAttention(nn.Module):
    """See `tmeattn_additive_attn.Config` for the formula."""

    def __init__(self, config, space):
        super().__init__()
        self.embedding = layers.WordEmbedding(space)
        self.score = nn.Sequential(
            nn.Linear(space.vector_size, config.score_size), nn.Tanh(), nn.Linear(config.score_size, 1, bias=False)
        )
        self.classify = nn.Linear(space.vector_size, space.num_classes)

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        x_BTD = self.embedding(tokens_BT)
        attention_BT = layers.masked_softmax(self.score(x_BTD).squeeze(-1), mask_BT)
        pooled_BD = torch.einsum("bt,btd->bd", attention_BT, x_BTD)
        return tmeattn.ModelOutput(self.classify(pooled_BD), attention_BT, values=(x_BTD,))
