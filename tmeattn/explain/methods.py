"""Attribution methods that need no gradients: attention, rollout, leave-one-out, and the controls `random` and
`uniform`, which do not depend on the model. Each gives a score for every token that the model read.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor

from tmeattn.errors import BadInput
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.models.layers import head_map, word_shares
from tmeattn.specs import Attribution


def attention(
    classifier: TrainedClassifier,
    texts: list[EncodedText],
    target: int | None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[Attribution]:
    """The attention weight of each word, summing to one over each text. It does not depend on `target`.

    Of pooling attention, its weights. Of self-attention, the row of CLS, or the mean over the rows of all words where
    there is no CLS; `layer` and `head` are counted from 1, None is the mean over all.

    Raises:
        BadInput: the model has no attention.
    """
    weights = classifier.word_attention([text.ids_T for text in texts], layer=layer, head=head)
    if weights is None:
        raise BadInput(
            f"The model {classifier.spec.name!r} has no attention to show.",
            hint="Use --method leave-one-out, which works for every model.",
        )
    note = _averaged(classifier.heads, layer, head)
    return [Attribution(weights_T, note) for weights_T in weights]


def rollout(
    classifier: TrainedClassifier,
    texts: list[EncodedText],
    target: int | None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[np.ndarray]:
    """Attention rollout (Abnar and Zuidema 2020): the product of (A + I) / 2 over the layers, where A is the mean map
    of the heads; then the row of CLS, or the mean over the rows. The scores sum to one over each text.

    layer: the last layer of the product, counted from 1; head: the only head that is used, counted from 1.
    """

    def reduce(maps: list[Tensor], prefix: int) -> Tensor:
        rolled_SS = rolled_out([head_map(map_HSS[None], head)[0] for map_HSS in maps[:layer]])
        mask_T = torch.ones(len(rolled_SS) - prefix, dtype=torch.bool, device=rolled_SS.device)
        return word_shares(rolled_SS[None], mask_T[None])[0]

    return classifier.read_maps([text.ids_T for text in texts], reduce)


def rolled_out(layers: list[Tensor]) -> Tensor:
    """The share (S, S) of each input position in each position of the last layer, from one (S, S) map for each layer.
    The rows of the maps sum to one, and so do those of the result: half of each layer is attention, and half is the
    residual connection."""
    total = torch.eye(len(layers[0]), dtype=layers[0].dtype, device=layers[0].device)
    for map_SS in layers:
        total = (map_SS @ total + total) / 2
    return total


def leave_one_out(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The decrease of the log-odds of the class when a token is left out (Li, Monroe and Jurafsky 2016).

    A positive score means that the token is evidence for the class. A text of one token is compared with an unknown
    word.
    """
    scores = []
    for text in texts:
        without = [np.delete(text.ids_T, index) for index in range(len(text.ids_T))]
        logits_NC = classifier.logits([text.ids_T, *without])
        odds_N = log_odds(logits_NC, int(logits_NC[0].argmax()) if target is None else target)
        scores.append(odds_N[0] - odds_N[1:])
    return scores


def log_odds(logits: np.ndarray, target: int) -> np.ndarray:
    """ln(p / (1 - p)) of a class, in float64 without overflow: logits (..., C) -> (...)."""
    exact = logits.astype(np.float64)
    others = np.delete(exact, target, axis=-1)
    return np.asarray(exact[..., target] - np.logaddexp.reduce(others, axis=-1))


def random(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """A control: random numbers between 0 and 1. The seed depends only on the token ids, so the scores of a text are
    repeatable."""
    return [np.random.default_rng(zlib.crc32(text.ids_T.tobytes())).random(len(text.ids_T)) for text in texts]


def uniform(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """A control: equal scores, which sum to one."""
    return [np.full(len(text.ids_T), 1 / len(text.ids_T)) for text in texts]


def _averaged(heads: tuple[int, ...], layer: int | None, head: int | None) -> str | None:
    """A note on the layers and heads whose mean is shown; None where the choice leaves only one map."""
    if not heads:
        return None
    layers = f"{len(heads)} layers" if layer is None and len(heads) > 1 else ""
    several = head is None and max(heads if layer is None else heads[layer - 1 : layer]) > 1
    over = " and ".join(filter(None, (layers, "all heads" if several else "")))
    return f"The mean over {over}." if over else None
