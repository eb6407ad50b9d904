"""A few validation texts that a person watches while a model trains: what it makes of them after every epoch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.data.encoding.batches import SequentialBatches
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.evaluation.evaluate import Measured
from tmeattn.models.layers import prefix_length
from tmeattn.runs.event_types import WatchedText
from tmeattn.specs import ModelOutput

TEXTS = 6
WORDS = 60
"""A text about this long can be read at a glance, and says enough."""


def choose(split: EncodedSplit, texts: int = TEXTS, words: int = WORDS) -> np.ndarray:
    """Positions of the texts to watch: of each of `texts` equal parts of the split the one nearest to `words` words.

    A fixed choice; since splits hold their classes in blocks, it shows all of them.
    """
    parts = np.array_split(np.arange(len(split)), min(texts, len(split)))
    return np.array([part[np.abs(split.lengths[part] - words).argmin()] for part in parts])


@torch.inference_mode()
def watched(
    model: nn.Module, split: EncodedSplit, *, max_length: int, device: torch.device, attention: Measured
) -> list[WatchedText]:
    """The `texts` of a `watched` event (see `tmeattn.runs.events`), in the order of the split.

    No random number is drawn, and the model's mode is restored afterwards.
    """
    was_training = model.training
    model.eval()
    found: list[WatchedText] = []
    for batch in SequentialBatches(split, TEXTS, max_length, only=choose(split)):
        tokens_BT, mask_BT = batch.tokens_BT.to(device), batch.mask_BT.to(device)
        output = model(tokens_BT, mask_BT, need_maps=attention != "none")
        probabilities_BC = torch.softmax(output.logits_BC.float(), dim=1)
        received_BT = _received(output, mask_BT)
        for row, index in enumerate(batch.indices):
            words = int(mask_BT[row].sum())
            scores = None if received_BT is None else [round(x, 5) for x in received_BT[row, :words].tolist()]
            found.append(
                {
                    "index": int(split.source[index]),
                    "label": int(batch.labels_B[row]),
                    "probabilities": probabilities_BC[row].tolist(),
                    "scores": scores,
                }
            )
    model.train(was_training)
    return sorted(found, key=lambda text: text["index"])


def _received(output: ModelOutput, mask_BT: Tensor) -> Tensor | None:
    """(B, T) the attention that each word gets; None without attention."""
    if output.attention_BT is not None:
        return output.attention_BT.float()
    if not output.maps:
        return None
    prefix = prefix_length(output, mask_BT)
    real_BS = nn.functional.pad(mask_BT, (prefix, 0), value=True).float()
    rows_BSS = torch.stack([map_BHSS.float().mean(dim=1) for map_BHSS in output.maps]).mean(dim=0)
    received_BS = (rows_BSS * real_BS[:, :, None]).sum(dim=1) / real_BS.sum(dim=1, keepdim=True)
    return received_BS[:, prefix:]
