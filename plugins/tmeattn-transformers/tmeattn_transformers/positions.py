"""From the tokens of tmeattn to the positions of an encoder, and back.

The encoder reads [CLS] pieces [SEP] padding; in what the model gives, all special tokens are in front of the pieces.

Shapes: B texts, T pieces, S = P + T positions with the P special tokens, H heads, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tmeattn.specs import FIRST_OWN_ID, PADDING, UNKNOWN
from tmeattn_transformers.attention import Recorded


class PieceEmbedding(nn.Embedding):
    """The embedding of a checkpoint, which takes token ids of tmeattn: (B, T) -> (B, T, D)."""

    def __init__(self, own: nn.Embedding, padding: int, unknown: int) -> None:
        super().__init__(own.num_embeddings, own.embedding_dim, _weight=own.weight.detach())
        self.padding, self.unknown = padding, unknown

    def forward(self, tokens_BT: Tensor) -> Tensor:
        own_BT = tokens_BT - FIRST_OWN_ID
        own_BT = own_BT.masked_fill(tokens_BT == UNKNOWN, self.unknown).masked_fill(tokens_BT == PADDING, self.padding)
        return F.embedding(own_BT, self.weight)


class Specials(NamedTuple):
    """The checkpoint's ids of the special tokens in front of a text, and behind it."""

    before: Sequence[int]
    after: Sequence[int]

    @property
    def count(self) -> int:
        return len(self.before) + len(self.after)

    def added(self, embedding: PieceEmbedding, tokens_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors (B, S, D) of [CLS] pieces [SEP] padding, and their padding mask (B, S)."""
        x_BTD, lengths_B = embedding(tokens_BT), mask_BT.sum(dim=1)
        batch, first, behind = x_BTD.shape[0], len(self.before), len(self.after)
        before_BPD = embedding.weight[list(self.before)].expand(batch, -1, -1)
        x_BSD = torch.cat([before_BPD.to(x_BTD), x_BTD, x_BTD.new_zeros(batch, behind, x_BTD.shape[2])], dim=1)
        rows_B = torch.arange(batch, device=x_BTD.device)
        for index, special in enumerate(self.after):
            x_BSD = x_BSD.index_put((rows_B, first + lengths_B + index), embedding.weight[special].to(x_BTD))
        mask_BS = torch.arange(x_BSD.shape[1], device=x_BTD.device) < (lengths_B + self.count)[:, None]
        return x_BSD, mask_BS

    def in_front(self, record: Recorded, mask_BT: Tensor) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...] | None]:
        """The maps and value vectors with all special tokens in front of the pieces."""
        lengths_B1, first, behind = mask_BT.sum(dim=1, keepdim=True), len(self.before), len(self.after)
        steps_T = torch.arange(mask_BT.shape[1], device=mask_BT.device)
        order_BS = torch.cat(
            [
                torch.arange(first, device=mask_BT.device).expand(mask_BT.shape[0], -1),
                first + lengths_B1 + torch.arange(behind, device=mask_BT.device),
                first + steps_T + behind * (steps_T >= lengths_B1),
            ],
            dim=1,
        )
        rows_B1S1 = order_BS[:, None, :, None]
        maps = tuple(
            map_BHSS.gather(2, rows_B1S1.expand_as(map_BHSS)).gather(3, order_BS[:, None, None, :].expand_as(map_BHSS))
            for map_BHSS in record.maps
        )
        if len(record.values) != len(record.maps) or not record.maps:
            return maps, None
        return maps, tuple(values.gather(2, rows_B1S1.expand_as(values)) for values in record.values)
