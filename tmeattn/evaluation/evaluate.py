"""Evaluate a model on a split. Training does it after every epoch, and `tmeattn evaluate` in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.data.encoding.batches import Batch, SequentialBatches
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.evaluation.meters import meter
from tmeattn.evaluation.part import Part
from tmeattn.models.gpu import kept_random_state
from tmeattn.models.layers import attention_entropy, head_entropies, prefix_length
from tmeattn.runs.event_types import EpochPart
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import Attention

Measured = Literal["all", "sample", "none"]
"""The texts whose self-attention maps are computed in an evaluation."""
BATCH = 256
QUICK_BATCH = 32
"""The states of 256 texts of 400 words do not fit into the cache of a core: a transformer takes 1.6 times as long."""
MAPS_BATCH = 16
ATTENTION_SAMPLE = 512
WHOLE = Part()
Progress = Callable[[int], None]


def _no_progress(texts: int) -> None:
    pass


_NO_NUMBERS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Evaluation:
    """The measures of a split, and the predictions of its N texts, in the order of the batches.

    means:            as in the event `epoch`; `heads` only for an evaluation with attention maps.
    indices_N:        the position of each text in the split.
    probabilities_NC: class probabilities.
    labels_N:         true classes.
    entropy_N:        attention entropy in nats; None without attention.
    """

    means: EpochPart
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
    part: Part = WHOLE,
    progress: Progress = _no_progress,
) -> Evaluation:
    """Run every batch through the model in evaluation mode; the model's mode is restored afterwards.

    progress: called after every batch with the number of its texts.
    part: where several processes share the batches out, the means are those of all, the predictions those of this one.
    """
    was_training = model.training
    model.eval()
    measured = meter(max_length + int(need_maps))  # CLS may be in front of the words
    indices, probabilities, labels, entropies = [], [], [], []
    heads_LH = torch.zeros(())
    for batch in batches:
        part.check()
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
            heads_LH = heads_LH + head_entropies(output, mask_BT).cpu().double().sum(dim=1)
        progress(len(batch.indices))
    model.train(was_training)
    measured = measured.with_sums(part.total(np.array(measured.sums())).tolist()) if part.size > 1 else measured
    heads_LH = _total_of_heads(heads_LH, part) if part.size > 1 and need_maps else heads_LH
    means = measured.means()
    if heads_LH.dim():
        means["heads"] = (heads_LH / measured.texts).tolist()
    if measured.entropy_texts:
        means["attention_texts"] = measured.entropy_texts
    return Evaluation(
        means=means,
        indices_N=np.concatenate(indices or [_NO_NUMBERS]),
        probabilities_NC=np.concatenate(probabilities or [_NO_NUMBERS[:, None]]),
        labels_N=np.concatenate(labels or [_NO_NUMBERS]),
        entropy_N=np.concatenate(entropies) if entropies else None,
    )


def _total_of_heads(heads_LH: torch.Tensor, part: Part) -> torch.Tensor:
    """The sum over all processes; a process without a batch has no heads."""
    layers, heads, processes = part.total(np.array([*(heads_LH.shape or (0, 0)), bool(heads_LH.dim())]))
    if not processes:
        return heads_LH
    shape = round(layers / processes), round(heads / processes)
    own_LH = heads_LH.numpy() if heads_LH.dim() else np.zeros(shape)
    return torch.from_numpy(part.total(own_LH))


def measured_attention(attention: Attention, alpha: float) -> Measured:
    """The texts whose attention maps are computed: all, if the loss has an entropy penalty, else a sample; none for a
    model without self-attention."""
    if attention != "self":
        return "none"
    return "all" if alpha > 0 else "sample"


def evaluate_split(
    model: nn.Module,
    split: EncodedSplit,
    *,
    max_length: int,
    alpha: float,
    device: torch.device,
    attention: Measured,
    part: Part = WHOLE,
    progress: Progress = _no_progress,
    quick: bool = False,
) -> Evaluation:
    """Evaluate a model on a split.

    part, progress: see `evaluate`.
    quick: in smaller batches on the CPU, and the texts of a sample are read only once, with their maps. Means and
           probabilities may round otherwise than those of the epochs of a training.
    attention: the texts whose self-attention maps are computed: all (for a loss with an entropy penalty), a fixed
               sample of 512 evenly spaced texts (because a map grows with the square of the length), or none.
    """
    size = QUICK_BATCH if quick and device.type == "cpu" else BATCH
    if attention == "sample" and quick:
        return _with_sample(model, split, size, max_length=max_length, device=device, progress=progress)
    size = MAPS_BATCH if attention == "all" else size
    batches = SequentialBatches(split, size, max_length, part=(part.rank, part.size))
    evaluation = evaluate(
        model,
        batches,
        max_length=max_length,
        alpha=alpha,
        device=device,
        need_maps=attention == "all",
        part=part,
        progress=progress,
    )
    if attention == "sample":
        sample = _sample(model, split, max_length=max_length, device=device, part=part)
        sample["loss"], sample["cross_entropy"] = evaluation.means["loss"], evaluation.means["cross_entropy"]
        sample["accuracy"] = evaluation.means["accuracy"]
        return replace(evaluation, means=sample)
    return evaluation


def _with_sample(
    model: nn.Module, split: EncodedSplit, size: int, *, max_length: int, device: torch.device, progress: Progress
) -> Evaluation:
    """The evaluation of a split whose fixed sample has attention maps, where the loss has no entropy penalty."""
    sample = _sample_rows(split)
    rest = np.setdiff1d(np.arange(len(split)), sample)

    def measured(rows: np.ndarray, need_maps: bool) -> Evaluation:
        batches = SequentialBatches(split, MAPS_BATCH if need_maps else size, max_length, only=rows)
        return evaluate(
            model, batches, max_length=max_length, alpha=0.0, device=device, need_maps=need_maps, progress=progress
        )

    mapped = measured(sample, True)
    if not len(rest):
        return mapped
    plain = measured(rest, False)
    share = len(rest) / len(split)
    means = mapped.means.copy()
    means["loss"] = share * plain.means["loss"] + (1 - share) * mapped.means["loss"]
    means["cross_entropy"] = share * plain.means["cross_entropy"] + (1 - share) * mapped.means["cross_entropy"]
    predictions = {
        name: np.concatenate([getattr(mapped, name), getattr(plain, name)])
        for name in ("indices_N", "probabilities_NC", "labels_N")
    }
    whole = Evaluation(means=means, entropy_N=None, **predictions)
    means["accuracy"] = int((whole.predicted() == whole.labels_N).sum()) / len(split)
    return whole


def _sample_rows(split: EncodedSplit) -> np.ndarray:
    return np.asarray(evenly_spaced(len(split), ATTENTION_SAMPLE), dtype=np.int64)


def _sample(model: nn.Module, split: EncodedSplit, *, max_length: int, device: torch.device, part: Part) -> EpochPart:
    """Means over the fixed sample of texts, with attention maps."""
    batches = SequentialBatches(split, MAPS_BATCH, max_length, only=_sample_rows(split), part=(part.rank, part.size))
    return evaluate(model, batches, max_length=max_length, alpha=0.0, device=device, need_maps=True, part=part).means


def attention_of_split(
    model: nn.Module,
    split: EncodedSplit,
    *,
    max_length: int,
    device: torch.device,
    attention: Measured,
    part: Part = WHOLE,
) -> EpochPart:
    """Means over those texts of a split whose attention `evaluate_split` measures, without the others.

    Torch's random state is as it was, also after a model that draws random numbers in evaluation mode.
    """
    with kept_random_state(device):
        if attention == "sample":
            return _sample(model, split, max_length=max_length, device=device, part=part)
        return evaluate_split(
            model, split, max_length=max_length, alpha=0.0, device=device, attention=attention, part=part
        ).means
