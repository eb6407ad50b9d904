"""The watch list: a few validation texts whose predictions and attention weights are logged after every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tmeattn.data.encoding.batches import SequentialBatches
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.evaluation.evaluate import Measured
from tmeattn.models.layers import word_attention
from tmeattn.runs.event_types import WatchedText

TEXTS = 6
WORDS = 60
"""Preferred length of a watched text, in words: short enough to be read at a glance."""


def choose(split: EncodedSplit, texts: int = TEXTS, words: int = WORDS) -> np.ndarray:
    """Positions of the texts to watch: in each of `texts` equal parts of the split, the text nearest to `words` words.

    The choice depends on the split alone. The classes of a split are in blocks, so every class is among the texts.
    """
    parts = np.array_split(np.arange(len(split)), min(texts, len(split)))
    return np.array([part[np.abs(split.lengths[part] - words).argmin()] for part in parts])


@torch.inference_mode()
def watched(
    model: nn.Module, split: EncodedSplit, *, max_length: int, device: torch.device, attention: Measured
) -> list[WatchedText]:
    """The `texts` of a `watched` event (see `tmeattn.runs.event_types`), in the order of the split.

    No random number is drawn, and the model's mode is restored afterwards.
    """
    was_training = model.training
    model.eval()
    texts: list[WatchedText] = []
    for batch in SequentialBatches(split, TEXTS, max_length, only=choose(split)):
        tokens_BT, mask_BT = batch.tokens_BT.to(device), batch.mask_BT.to(device)
        output = model(tokens_BT, mask_BT, need_maps=attention != "none")
        probabilities_BC = torch.softmax(output.logits_BC.float(), dim=1)
        weights_BT = word_attention(output, mask_BT)
        for row, index in enumerate(batch.indices):
            words = int(mask_BT[row].sum())
            scores = None if weights_BT is None else [round(x, 5) for x in weights_BT[row, :words].tolist()]
            texts.append(
                {
                    "index": int(split.source[index]),
                    "label": int(batch.labels_B[row]),
                    "probabilities": probabilities_BC[row].tolist(),
                    "scores": scores,
                }
            )
    model.train(was_training)
    return sorted(texts, key=lambda text: text["index"])
