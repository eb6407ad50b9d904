"""The model itself: a torch module that takes `(config, space)` and returns a `ModelOutput`."""

import torch
from torch import nn

from tmeattn.models.layers import WordEmbedding, masked_softmax
from tmeattn.specs import ModelOutput


class AdditiveAttention(nn.Module):
    def __init__(self, config, space):
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.score = nn.Sequential(
            nn.Linear(space.vector_size, config.score_size), nn.Tanh(), nn.Linear(config.score_size, 1, bias=False)
        )
        self.classify = nn.Linear(space.vector_size, space.num_classes)

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        x_BTD = self.embedding(tokens_BT)
        attention_BT = masked_softmax(self.score(x_BTD).squeeze(-1), mask_BT)
        pooled_BD = torch.einsum("bt,btd->bd", attention_BT, x_BTD)
        return ModelOutput(self.classify(pooled_BD), attention_BT)
