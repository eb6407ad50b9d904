"""A plugin with a tokenizer that makes several pieces of a word, and a model with special tokens that brings it.

The pieces are parts of three letters. The vocabulary is fixed: it has every two and three letters of a to z that occur
in the texts of `planted`, each as the beginning of a word and, after "##", as another part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import tmeattn
from support.planted import FILLERS, PLANTED
from tmeattn.models.layers import WordEmbedding, masked_softmax


def parts(word: str) -> list[str]:
    """The pieces of a word."""
    return [("##" if at else "") + word[at : at + 3] for at in range(0, len(word), 3)]


VOCABULARY = sorted({"[CLS]", "[SEP]", *(piece for word in (*FILLERS, *PLANTED, "wonderful") for piece in parts(word))})


@dataclass(frozen=True)
class Thirds:
    """The tokenizer."""

    name: str = "thirds"
    fingerprint: str = "thirds, 1"

    @property
    def vocabulary(self) -> list[str]:
        return VOCABULARY

    def pieces(self, text: str, most: int | None = None) -> tmeattn.Pieces:
        found = [
            (piece.lower(), match.start() + 3 * at, min(match.start() + 3 * at + 3, match.end()), number)
            for number, match in enumerate(re.finditer(r"\w+", text))
            for at, piece in enumerate(parts(match.group()))
        ]
        pieces, starts, ends, words = zip(*found[:most], strict=True) if found[:most] else ((),) * 4
        return tmeattn.Pieces(pieces, starts, ends, words, len(found))


class Config(tmeattn.ModelConfig):
    """Self-attention over [CLS], the pieces and [SEP]."""


class Marked(nn.Module):
    """One head of attention. [CLS] and [SEP] are around the pieces, and in front of them in the map."""

    def __init__(self, config: Config, space: tmeattn.Space) -> None:
        super().__init__()
        self.embedding = WordEmbedding(space)
        self.special = torch.tensor([tmeattn.FIRST_OWN_ID + VOCABULARY.index(name) for name in ("[CLS]", "[SEP]")])
        self.query = nn.Linear(space.vector_size, space.vector_size)
        self.classify = nn.Linear(space.vector_size, space.num_classes)

    def forward(self, tokens_BT: torch.Tensor, mask_BT: torch.Tensor, need_maps: bool = False) -> tmeattn.ModelOutput:
        special_2D = F.embedding(self.special, self.embedding.weight)
        x_BSD = torch.cat([special_2D.expand(len(tokens_BT), -1, -1), self.embedding(tokens_BT)], dim=1)
        mask_BS = F.pad(mask_BT, (2, 0), value=True)
        map_BSS = masked_softmax(self.query(x_BSD) @ x_BSD.transpose(1, 2), mask_BS[:, None])
        map_BSS = map_BSS * mask_BS[:, :, None]
        return tmeattn.ModelOutput(
            self.classify((map_BSS @ x_BSD)[:, 0]), maps=(map_BSS[:, None],) if need_maps else None
        )


def load() -> Thirds:
    return Thirds()


def of_model(config: Any) -> Thirds:
    assert isinstance(config, Config)
    return Thirds("marked")


@tmeattn.hookimpl
def tmeattn_tokenizers() -> list[tmeattn.TokenizerSpec]:
    return [tmeattn.TokenizerSpec("thirds", "Three letters of a word", load=f"{__name__}:load")]


@tmeattn.hookimpl
def tmeattn_models() -> list[tmeattn.ModelSpec]:
    return [
        tmeattn.ModelSpec(
            "marked",
            "Self-attention with special tokens",
            config=f"{__name__}:Config",
            build=f"{__name__}:Marked",
            attention="self",
            tokenizer=f"{__name__}:of_model",
        )
    ]
