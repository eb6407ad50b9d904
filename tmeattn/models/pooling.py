"""Models that pool the word vectors themselves: order does not matter to them (report, part 1)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.models.configs import MeanConfig, SimpleAttnConfig
from tmeattn.models.layers import AttentionPooling, Classifier, WordEmbedding, masked_mean
from tmeattn.specs import ModelOutput, Space


class MeanOfEmbeddings(nn.Module):
    """logits = W mean_t(x_t) + b."""

    def __init__(self, config: MeanConfig, space: Space) -> None:
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.input_dropout = config.input_dropout
        self.classify = Classifier(space.vector_size, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        x_BTD = F.dropout(self.embedding(tokens_BT), self.input_dropout, self.training)
        return ModelOutput(self.classify(masked_mean(x_BTD, mask_BT)))


class SimpleAttention(nn.Module):
    """logits = W sum_t a_t x_t + b, with a = softmax(q . x)."""

    def __init__(self, config: SimpleAttnConfig, space: Space) -> None:
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.input_dropout = config.input_dropout
        self.attend = AttentionPooling(space.vector_size)
        self.classify = Classifier(space.vector_size, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        x_BTD = F.dropout(self.embedding(tokens_BT), self.input_dropout, self.training)
        pooled_BD, attention_BT = self.attend(x_BTD, mask_BT)
        return ModelOutput(self.classify(pooled_BD), attention_BT)


def build_mean(config: MeanConfig, space: Space) -> nn.Module:
    return MeanOfEmbeddings(config, space)


def build_simple_attn(config: SimpleAttnConfig, space: Space) -> nn.Module:
    return SimpleAttention(config, space)
