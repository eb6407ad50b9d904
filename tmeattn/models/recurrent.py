"""The models `lstm` and `lstm-attn`: LSTM classifiers without and with attention (report, part 1).

Texts are padded at the end and never packed. A one-directional LSTM reads padding only after the last word, so padding
cannot change an earlier state, and torch processes unpacked input about twice as fast on the CPU. Shapes: B texts, T
tokens, D dimensions of a state, C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tmeattn.models.arithmetic import arithmetic_version
from tmeattn.models.configs import LstmAttnConfig, LstmConfig
from tmeattn.models.exporting import is_exporting
from tmeattn.models.layers import AttentionPooling, ClassifierHead, WordEmbedding, dropout
from tmeattn.models.lstm_shares import lstm_states
from tmeattn.specs import ModelOutput, Space


class LstmStates(nn.Module):
    """The word vectors, then an LSTM: (B, T) tokens -> (B, T, D) states."""

    def __init__(self, config: LstmConfig, space: Space) -> None:
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.input_dropout = config.input_dropout
        self.lstm = nn.LSTM(space.vector_size, config.hidden_size, batch_first=True)

    def forward(self, tokens_BT: Tensor) -> Tensor:
        x_BTD = dropout(self.embedding(tokens_BT), self.input_dropout, self.training, since=2)
        if arithmetic_version() >= 2 or is_exporting():
            return lstm_states(self.lstm, x_BTD)
        states_BTD: Tensor = self.lstm(x_BTD)[0]
        return states_BTD


class Lstm(nn.Module):
    """logits = W h_T + b, with h_T the state after the last word."""

    def __init__(self, config: LstmConfig, space: Space) -> None:
        super().__init__()
        self.states = LstmStates(config, space)
        self.classify = ClassifierHead(config.hidden_size, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        states_BTD = self.states(tokens_BT)
        last_B = mask_BT.sum(dim=1) - 1
        last_BD = states_BTD[torch.arange(last_B.shape[0], device=last_B.device), last_B]
        return ModelOutput(self.classify(last_BD))


class LstmAttention(nn.Module):
    """logits = W sum_t a_t h_t + b, with a = softmax(q . h) over the states of all words."""

    def __init__(self, config: LstmAttnConfig, space: Space) -> None:
        super().__init__()
        self.states = LstmStates(config, space)
        self.attend = AttentionPooling(config.hidden_size)
        self.classify = ClassifierHead(config.hidden_size, space.num_classes, config.dropout)

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        states_BTD = self.states(tokens_BT)
        pooled_BD, attention_BT = self.attend(states_BTD, mask_BT)
        return ModelOutput(self.classify(pooled_BD), attention_BT, values=(states_BTD,))


def build_lstm(config: LstmConfig, space: Space) -> nn.Module:
    """The model `lstm`."""
    return Lstm(config, space)


def build_lstm_attn(config: LstmAttnConfig, space: Space) -> nn.Module:
    """The model `lstm-attn`."""
    return LstmAttention(config, space)
