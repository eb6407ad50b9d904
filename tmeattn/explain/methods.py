"""Attribution methods that need no gradients: attention, rollout, leave-one-out, and the controls `random` and
`uniform`, which do not depend on the model. Each gives a score for every token that the model read; what erases words
erases all tokens of a word.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor

from tmeattn.errors import BadInput
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.models.layers import head_map, special_share, word_shares
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

    Of pooling attention, its weights, unless a layer or a head is given. Of self-attention, the row of CLS, or the mean
    over the rows of all words where there is no CLS; `layer` and `head` are counted from 1, None is the mean over all.

    Raises:
        BadInput: the model has no attention.
    """
    shown = classifier.shown_attention([text.ids_T for text in texts], layer=layer, head=head)
    if shown is None:
        raise BadInput(
            f"The model {classifier.spec.name!r} has no attention to show.",
            hint="Use --method leave-one-out, which works for every model.",
        )
    pools = classifier.spec.attention == "pool" and layer is None and head is None
    note = None if pools else _averaged(classifier.heads, layer, head)
    return [Attribution(weights_T, note, special) for weights_T, special in shown]


def rollout(
    classifier: TrainedClassifier,
    texts: list[EncodedText],
    target: int | None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[Attribution]:
    """Attention rollout (Abnar and Zuidema 2020): the product of (A + I) / 2 over the layers, where A is the mean map
    of the heads; then the row of CLS, or the mean over the rows. The scores sum to one over each text.

    layer: the last layer of the product, counted from 1; head: the only head that is used, counted from 1.
    """

    def reduce(maps: list[Tensor], prefix: int) -> Tensor:
        rolled_SS = rolled_out([head_map(map_HSS[None], head)[0] for map_HSS in maps[:layer]])
        return shown_shares(rolled_SS, prefix, classifier.reads_from_prefix)

    return [shown_attribution(shares) for shares in classifier.read_maps([text.ids_T for text in texts], reduce)]


def shown_shares(map_SS: Tensor, prefix: int, from_prefix: bool) -> Tensor:
    """(1 + T) the share of the special tokens in the row of a map that is shown, negative where there are none; then
    the weights of the words (see `layers.word_shares`)."""
    mask_1T = torch.ones((1, len(map_SS) - prefix), dtype=torch.bool, device=map_SS.device)
    words_1T = word_shares(map_SS[None], mask_1T, from_prefix=from_prefix)
    special_1 = special_share(map_SS[None], mask_1T, from_prefix=from_prefix)
    return torch.cat([special_1 if prefix else -torch.ones_like(special_1), words_1T[0]])


def shown_attribution(shares: np.ndarray) -> Attribution:
    """The scores of a text from its `shown_shares`."""
    return Attribution(shares[1:], None, None if shares[0] < 0 else float(shares[0]))


def rolled_out(layers: list[Tensor]) -> Tensor:
    """The share (S, S) of each input position in each position of the last layer, from one (S, S) map for each layer.
    The rows of the maps sum to one, and so do those of the result: half of each layer is attention, and half is the
    residual connection."""
    total = torch.eye(len(layers[0]), dtype=layers[0].dtype, device=layers[0].device)
    for map_SS in layers:
        total = (map_SS @ total + total) / 2
    return total


def leave_one_out(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The decrease of the log-odds of the class when a word is left out (Li, Monroe and Jurafsky 2016).

    A positive score means that the word is evidence for the class. A text of one word is compared with an unknown word.
    """
    scores = []
    for text in texts:
        others_WW = ~np.eye(len(text.units), dtype=bool)
        logits_NC = classifier.logits([text.ids_T, *(text.units[others_W] for others_W in others_WW)])
        odds_N = log_odds(logits_NC, int(logits_NC[0].argmax()) if target is None else target)
        scores.append(text.of_tokens(odds_N[0] - odds_N[1:]))
    return scores


def log_odds(logits: np.ndarray, target: int) -> np.ndarray:
    """ln(p / (1 - p)) of a class, in float64 without overflow: logits (..., C) -> (...)."""
    exact = logits.astype(np.float64)
    others = np.delete(exact, target, axis=-1)
    return np.asarray(exact[..., target] - np.logaddexp.reduce(others, axis=-1))


def random(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """A control: random numbers between 0 and 1. The seed depends only on the token ids, so the scores of a text are
    repeatable."""
    drawn = [np.random.default_rng(zlib.crc32(text.ids_T.tobytes())).random(len(text.units)) for text in texts]
    return [text.of_tokens(scores_W) for text, scores_W in zip(texts, drawn, strict=True)]


def uniform(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """A control: equal scores, which sum to one."""
    return [text.of_tokens(np.full(len(text.units), 1 / len(text.units))) for text in texts]


def _averaged(heads: tuple[int, ...], layer: int | None, head: int | None) -> str | None:
    """A note on the layers and heads whose mean is shown; None where the choice leaves only one map."""
    if not heads:
        return None
    layers = f"{len(heads)} layers" if layer is None and len(heads) > 1 else ""
    several = head is None and max(heads if layer is None else heads[layer - 1 : layer]) > 1
    over = " and ".join(filter(None, (layers, "all heads" if several else "")))
    return f"The mean over {over}." if over else None
