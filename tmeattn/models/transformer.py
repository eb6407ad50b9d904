"""The model `transformer`: blocks of self-attention over word vectors (report, part 2; Vaswani et al. 2017).

From part to whole: `SelfAttention`, `Block`, the CLS token, positional encodings, `Transformer`. Shapes: B texts,
T tokens, S positions (T, or T + 1 with CLS in front), D dimensions of a word vector, H heads, K dimensions of a head,
C classes.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.errors import BadInput
from tmeattn.models.configs import TransformerConfig
from tmeattn.models.exporting import is_exporting
from tmeattn.models.layers import ClassifierHead, WordEmbedding, dropout, final_weights, masked_mean, masked_softmax
from tmeattn.plurals import counted
from tmeattn.specs import ModelOutput, Space


class Attended(NamedTuple):
    """What a layer of self-attention did: the map (B, H, S, S) with a row per query, and the vectors V (B, H, S, K) of
    which it takes weighted sums."""

    map_BHSS: Tensor
    value_BHSK: Tensor


class SelfAttention(nn.Module):
    """softmax(Q K^T / sqrt(K)) V for each head; (B, S, D) -> (B, S, D).

    Wide heads (as in the report) have K = D, narrow heads K = D / H. The heads are concatenated and projected back to
    D; a single wide head is not projected. One matrix product computes Q, K and V.
    """

    def __init__(self, width: int, heads: int, narrow: bool) -> None:
        super().__init__()
        if narrow and width % heads:
            raise BadInput(
                f"--heads {heads} does not divide the vector width {width}, which --narrow-heads share.",
                hint="Choose a divisor, or wide heads: --no-narrow-heads.",
            )
        self.heads, self.head_width = heads, width // heads if narrow else width
        inner = heads * self.head_width
        self.query_key_value = nn.Linear(width, 3 * inner)
        self.project = nn.Linear(inner, width) if heads > 1 or narrow else nn.Identity()

    def forward(self, x_BSD: Tensor, key_mask_BS: Tensor | None, need_map: bool) -> tuple[Tensor, Attended | None]:
        """Return the new states (B, S, D) and, with `need_map`, the attention map and the value vectors.

        `key_mask_BS` is True at real positions, which queries may attend to, and False on padding, like `mask_BT` (and
        the opposite of torch's `key_padding_mask`). None: all positions are real. Without `need_map`, torch's fused
        kernel runs, which is faster and returns no map.
        """
        batch, length, _ = x_BSD.shape
        qkv = self.query_key_value(x_BSD).view(batch, length, 3, self.heads, self.head_width)
        query_BHSK, key_BHSK, value_BHSK = qkv.permute(2, 0, 3, 1, 4)
        mask = None if key_mask_BS is None else key_mask_BS[:, None, None, :]
        attended = None
        if need_map:
            scores_BHSS = query_BHSK @ key_BHSK.transpose(-2, -1) * self.head_width**-0.5
            if mask is None:
                map_BHSS = final_weights(torch.softmax(scores_BHSS, dim=-1))
            else:
                map_BHSS = masked_softmax(scores_BHSS, mask)
            attended = Attended(map_BHSS, value_BHSK)
            states_BHSK = map_BHSS @ value_BHSK
        else:
            states_BHSK = F.scaled_dot_product_attention(query_BHSK, key_BHSK, value_BHSK, attn_mask=mask)
        return self.project(states_BHSK.transpose(1, 2).reshape(batch, length, -1)), attended

    def projected(self, value_BHSK: Tensor) -> Tensor:
        """The value vectors after each head's part of the projection: (B, H, S, D). Their sum, weighted by the maps, is
        the output without the projection's bias."""
        if isinstance(self.project, nn.Identity):
            return value_BHSK
        parts_DHK = self.project.weight.view(-1, self.heads, self.head_width)
        return torch.einsum("bhsk,dhk->bhsd", value_BHSK, parts_DHK)


class Block(nn.Module):
    """x = dropout(norm(x + attention(x))); x = dropout(norm(x + MLP(x))). The MLP has `mlp_ratio * D` hidden units."""

    def __init__(self, width: int, config: TransformerConfig) -> None:
        super().__init__()
        self.dropout = config.dropout
        self.attention = SelfAttention(width, config.heads, config.narrow_heads)
        self.norm_attention = nn.LayerNorm(width)
        hidden = config.mlp_ratio * width
        self.mlp = nn.Sequential(nn.Linear(width, hidden), nn.ReLU(inplace=True), nn.Linear(hidden, width))
        self.norm_mlp = nn.LayerNorm(width)

    def forward(self, x_BSD: Tensor, key_mask_BS: Tensor | None, need_map: bool) -> tuple[Tensor, Attended | None]:
        attended_BSD, attended = self.attention(x_BSD, key_mask_BS, need_map)
        x_BSD = dropout(self.norm_attention(x_BSD + attended_BSD), self.dropout, self.training)
        x_BSD = dropout(self.norm_mlp(x_BSD + self.mlp(x_BSD)), self.dropout, self.training)
        return x_BSD, attended


class ClsToken(nn.Module):
    """The CLS vector of the report: a learned linear map of a fixed random vector; () -> (D,)."""

    fixed_D: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("fixed_D", torch.randn(width))
        self.linear = nn.Linear(width, width, bias=False)

    def forward(self) -> Tensor:
        cls_D: Tensor = self.linear(self.fixed_D)
        return cls_D


def sinusoidal(count: int, width: int, base: float) -> Tensor:
    """Positional encodings of the first `count` positions: (count, width), float32.

        p_t[2i]     = sin(t / base^(2i / width))
        p_t[2i + 1] = cos(t / base^(2i / width))

    Both dimensions of a pair have the same exponent, so that for an even width p_s . p_t depends only on the distance
    |s - t|. Source: Vaswani et al. 2017, section 3.5, with base 10000; the report uses 1000.
    """
    dimension_D = torch.arange(width, dtype=torch.float64)
    angle_TD = torch.arange(count, dtype=torch.float64)[:, None] * base ** (-(dimension_D - dimension_D % 2) / width)
    return torch.where(dimension_D % 2 == 0, angle_TD.sin(), angle_TD.cos()).float()


class Transformer(nn.Module):
    """Blocks over word vectors with positional encodings; the classifier reads the mean of the last states, or CLS.

    Only words have positional encodings: CLS is in front of them and has none.
    """

    positions_TD: Tensor

    def __init__(self, config: TransformerConfig, space: Space) -> None:
        super().__init__()
        self.config, width = config, space.vector_size
        self.embedding = WordEmbedding(space)
        if config.positions == "learned":
            self.positions = nn.Embedding(config.max_positions, width)
            nn.init.normal_(self.positions.weight, std=0.02)
        self.register_buffer("positions_TD", torch.empty(0, width), persistent=False)
        self.cls = ClsToken(width) if config.pool == "cls" else None
        self.blocks = nn.ModuleList(Block(width, config) for _ in range(config.layers))
        self.classify = ClassifierHead(width, space.num_classes, 0.0)  # the last block has applied dropout

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> ModelOutput:
        x_BSD = dropout(self.embedding(tokens_BT), self.config.input_dropout, self.training)
        if self.config.positions != "none":
            x_BSD = x_BSD + self._positions(tokens_BT.shape[1])
        mask_BS = mask_BT
        if self.cls is not None:
            x_BSD = torch.cat([self.cls().expand(x_BSD.shape[0], 1, -1), x_BSD], dim=1)
            mask_BS = F.pad(mask_BT, (1, 0), value=True)
        # The fused kernel is faster without a mask.
        key_mask_BS = None if not is_exporting() and bool(mask_BT.all()) else mask_BS
        layers: list[Attended] = []
        for block in self.blocks:
            x_BSD, attended = block(x_BSD, key_mask_BS, need_maps)
            if attended is not None:
                layers.append(attended)
        pooled_BD = masked_mean(x_BSD, mask_BT) if self.cls is None else x_BSD[:, 0]
        logits_BC = self.classify(pooled_BD)
        if not need_maps:
            return ModelOutput(logits_BC)
        maps = tuple(each.map_BHSS for each in layers)
        if self.training:  # which has no use for the values
            return ModelOutput(logits_BC, maps=maps)
        pairs = zip(self.blocks, layers, strict=True)
        values = tuple(block.attention.projected(each.value_BHSK) for block, each in pairs)  # type: ignore[union-attr, operator]
        return ModelOutput(logits_BC, maps=maps, values=values)

    def _positions(self, length: int) -> Tensor:
        """Positional encodings of the first T positions: (T, D).

        Raises:
            BadInput: the text is longer than the learned encodings.
        """
        if self.config.positions == "learned":
            if not is_exporting() and length > self.config.max_positions:
                raise BadInput(
                    f"A text of {length} words is longer than the "
                    f"{counted(self.config.max_positions, 'learned position')}.",
                    hint="Lower --max-length, or train with more --max-positions.",
                )
            return self.positions.weight[:length]
        encoded_TD = self.positions_TD  # read once: another thread may replace it
        if not is_exporting() and len(encoded_TD) < length:  # of the longest text, before it is exported
            encoded_TD = sinusoidal(length, encoded_TD.shape[1], self.config.position_base).to(encoded_TD.device)
            self.positions_TD = encoded_TD
        return encoded_TD[:length]


def build_transformer(config: TransformerConfig, space: Space) -> nn.Module:
    """The model `transformer`."""
    return Transformer(config, space)
