"""Class probabilities of many texts: faster than reading them to explain them, and in memory that does not grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from tmeattn.data.batches import collate
from tmeattn.explain.classifier import BATCH

if TYPE_CHECKING:
    from tmeattn.explain.classifier import Classifier


@torch.inference_mode()
def probabilities_of(classifier: Classifier, texts: Sequence[str]) -> np.ndarray:
    """(N, C) float64 class probabilities of N texts, in their order; they are read in batches of like length.

    A text without a known word gets what the model makes of an unknown one.
    """
    cut = classifier.max_length
    ids = [classifier.vocabulary.encode(classifier.tokenizer.tokens(text)[:cut]) for text in texts]
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    probabilities_NC = np.empty((len(ids), len(classifier.classes)))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        tokens_BT, mask_BT = collate([ids[index] for index in chosen], cut)
        output = classifier.model(tokens_BT.to(classifier.device), mask_BT.to(classifier.device), need_maps=False)
        probabilities_NC[chosen] = torch.softmax(output.logits_BC.double(), dim=1).cpu().numpy()
    return probabilities_NC
