"""The gradient of a batch: the forward and the backward pass of this process's texts, and what is measured of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.data.encoding.batches import Share
from tmeattn.data.encoding.corpus import Corpus
from tmeattn.evaluation.meters import Meter, meter
from tmeattn.models.gpu import repeatable, unrepeatable_operation
from tmeattn.models.layers import prefix_length
from tmeattn.training.checkpoint import random_state, set_random_state
from tmeattn.training.distributed.gradients import Measured
from tmeattn.training.objective import Whole, class_weights, objective
from tmeattn.training.precision import autocast, full_precision


class BatchGradient:
    """Computes the gradients of a model for the batches of a run.

    maps:      whether self-attention maps are computed in every step.
    processes: the number of those that train the model together.
    warn:      called with a sentence for the user.
    is_repeatable: whether it has to demand of a GPU that it computes the same each time. The CPU does.
    """

    def __init__(
        self,
        model: nn.Module,
        options: TrainOptions,
        corpus: Corpus,
        device: torch.device,
        *,
        maps: bool,
        processes: int,
        warn: Callable[[str], None] = lambda message: None,
    ) -> None:
        self.model, self.options, self.device, self.maps = model, options, device, maps
        self.is_repeatable, self.warn = device.type == "cuda", warn
        self.has_trainable_parameters = any(parameter.requires_grad for parameter in model.parameters())
        self.is_divided = processes > 1 or options.accumulate > 1
        self.autocast = autocast(options.precision, device)
        train = corpus.splits["train"]
        self.labels = train.labels
        self.class_weights_C = class_weights(train, len(corpus.classes)) if options.balance == "weights" else None
        self.weights_C = None if self.class_weights_C is None else self.class_weights_C.to(device)

    def add(self, share: Share, alpha: float) -> Measured:
        """Add the gradient of this process's summand of the loss of the batch, part by part (--accumulate)."""
        if not self.is_repeatable:
            return self._of_parts(share, alpha)
        states = random_state()
        try:
            with repeatable():
                return self._of_parts(share, alpha)
        except Exception as error:
            operation = unrepeatable_operation(error)
            if operation is None:
                raise
            self.warn(
                f"The GPU has no repeatable algorithm for {operation}: where this run is interrupted and resumed, it "
                "may differ from an uninterrupted one by rounding."
            )
        self.is_repeatable = False
        self.model.zero_grad(set_to_none=True)
        set_random_state(states)
        return self._of_parts(share, alpha)

    def _of_parts(self, share: Share, alpha: float) -> Measured:
        first, *others = share.parts(self.options.accumulate)
        measured = self._of_part(first, alpha)
        for part in others:
            of_part = self._of_part(part, alpha)
            measured.meter.merge(of_part.meter)
            measured = Measured(measured.meter, measured.words + of_part.words)
        return measured

    def empty_meter(self) -> Meter:
        """An empty meter. Where maps are computed, a CLS token may precede the words."""
        return meter(self.options.max_length + int(self.maps))

    def _of_part(self, share: Share, alpha: float) -> Measured:
        """Add the gradient of these texts' summand of the loss of the batch, and measure its texts."""
        measured = self.empty_meter()
        texts, whole = len(share.batch.indices), self._whole(share)
        if not texts:  # a batch of fewer texts than processes
            return Measured(measured)
        tokens_BT, mask_BT, labels_B = (part.to(self.device) for part in share.batch[:3])
        with self.autocast:
            output = full_precision(self.model(tokens_BT, mask_BT, need_maps=self.maps))
        loss = objective(output, labels_B, mask_BT, alpha, self.weights_C, whole)
        if self.has_trainable_parameters:
            loss.total.backward()  # type: ignore[no-untyped-call]
        hits = (output.logits_BC.argmax(dim=1) == labels_B).sum()
        # Read together, because a GPU stops for each reading.
        read = torch.stack([loss.total.detach(), loss.cross_entropy.detach(), hits.to(loss.total.dtype)])
        total, cross_entropy, right = read.tolist()
        entropy_B = loss.entropy_B if math.isfinite(total) else None
        lengths_B = share.batch.mask_BT.sum(dim=1).numpy()
        of_share = len(share.indices_W) / texts
        measured.add(
            loss=total * of_share,
            cross_entropy=cross_entropy * of_share,
            hits=int(right),
            lengths_B=lengths_B + prefix_length(output, mask_BT),
            entropy_B=None if entropy_B is None else entropy_B.detach().float().cpu().numpy(),
        )
        return Measured(measured, int(lengths_B.sum()))

    def _whole(self, share: Share) -> Whole | None:
        """The batch of which these texts are a share; None where they are all of it."""
        if not self.is_divided:
            return None
        texts = len(share.indices_W)
        if self.class_weights_C is None:
            return Whole(texts, texts)
        labels_W = self.labels[share.indices_W].astype(np.int64)
        return Whole(texts, float(self.class_weights_C[labels_W].sum()))
