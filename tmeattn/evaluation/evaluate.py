"""Measure a model on a split, always in the same way: by training after every epoch, and by `tmeattn evaluate`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.data.batches import Batch, SequentialBatches
from tmeattn.data.encoding import EncodedSplit
from tmeattn.evaluation.meters import meter
from tmeattn.models.layers import attention_entropy, head_entropies, prefix_length

ATTENTION_SAMPLE = 512
ATTENTION_BATCH = 16


@dataclass(frozen=True)
class Evaluation:
    """means: as in an epoch event (loss includes alpha times entropy; heads only where maps were asked for).

    indices_N: which text of the split each row is about; probabilities_NC; labels_N; entropy_N in nats, or None.
    """

    means: dict[str, Any]
    indices_N: np.ndarray
    probabilities_NC: np.ndarray
    labels_N: np.ndarray
    entropy_N: np.ndarray | None

    def predicted(self) -> np.ndarray:
        """(N,) the most probable class of each text."""
        return np.asarray(self.probabilities_NC.argmax(axis=1))

    def confusion(self) -> np.ndarray:
        """(C, C): rows are true classes, columns predicted ones."""
        classes = self.probabilities_NC.shape[1]
        pairs = self.labels_N * classes + self.predicted()
        return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    *,
    max_length: int,
    alpha: float,
    device: torch.device,
    need_maps: bool = False,
) -> Evaluation:
    """Run every batch through the model in evaluation mode; the model's mode is restored afterwards."""
    was_training = model.training
    model.eval()
    measured = meter(max_length)
    indices, probabilities, labels, entropies = [], [], [], []
    heads_LH = torch.zeros(())
    for batch in batches:
        tokens_BT, mask_BT, labels_B = (part.to(device) for part in batch[:3])
        output = model(tokens_BT, mask_BT, need_maps=need_maps)
        cross_entropy = F.cross_entropy(output.logits_BC, labels_B).item()
        measured_B = attention_entropy(output, mask_BT)
        entropy_B = None if measured_B is None else measured_B.float().cpu().numpy()
        measured.add(
            loss=cross_entropy + (0.0 if entropy_B is None else alpha * float(entropy_B.mean())),
            cross_entropy=cross_entropy,
            hits=int((output.logits_BC.argmax(dim=1) == labels_B).sum()),
            lengths_B=mask_BT.sum(dim=1).cpu().numpy() + prefix_length(output, mask_BT),
            entropy_B=entropy_B,
        )
        indices.append(batch.indices)
        probabilities.append(F.softmax(output.logits_BC.float(), dim=1).cpu().numpy())
        labels.append(labels_B.cpu().numpy())
        if entropy_B is not None:
            entropies.append(entropy_B)
        if output.maps:
            heads_LH = heads_LH + head_entropies(output, mask_BT).double().sum(dim=1).cpu()
    model.train(was_training)
    means = measured.means()
    if heads_LH.dim():
        means["heads"] = (heads_LH / measured.texts).tolist()
    return Evaluation(
        means=means,
        indices_N=np.concatenate(indices),
        probabilities_NC=np.concatenate(probabilities),
        labels_N=np.concatenate(labels),
        entropy_N=np.concatenate(entropies) if entropies else None,
    )


def sampled_attention(
    model: nn.Module, split: EncodedSplit, *, max_length: int, device: torch.device
) -> dict[str, Any]:
    """What an evaluation's means say of self-attention, from a fixed, even sample of 512 texts.

    A model that trains on the fused kernel has no maps: they are made for these texts alone, in small batches, since a
    map grows with the square of a text's length.
    """
    texts = len(split)
    only = np.unique(np.linspace(0, texts - 1, min(texts, ATTENTION_SAMPLE)).astype(np.int64))
    batches = SequentialBatches(split, ATTENTION_BATCH, max_length, only=only)
    found = evaluate(model, batches, max_length=max_length, alpha=0.0, device=device, need_maps=True).means
    return {key: found[key] for key in ("entropy", "normalized_entropy", "histogram", "heads") if key in found}
