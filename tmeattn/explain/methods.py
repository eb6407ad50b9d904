"""Attribution methods: each scores every token that the model read. Registered like any plugin's explainer.

Here: attention and what is made of it, leave-one-out, and the two controls that know nothing of the model.
"""

from __future__ import annotations

import zlib

import numpy as np
import torch
from torch import Tensor

from tmeattn.errors import BadInput
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.specs import Attribution


def attention(
    classifier: TrainedClassifier,
    texts: list[EncodedText],
    target: int | None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[np.ndarray] | list[Attribution]:
    """The model's own weights, summing to one over each text. They do not depend on `target`.

    Pooling attention: its weights. Self-attention: the row of CLS, or the mean over the rows of all words where there
    is no CLS; `layer` and `head` count from 1, None is the mean over all.

    Raises:
        BadInput: the model has no attention.
    """
    if classifier.spec.attention == "self":
        rows = classifier.read_maps(
            [text.ids_T for text in texts], lambda maps, prefix: _words_row(_chosen(maps, layer, head), prefix)
        )
        note = _averaged(classifier.heads, layer, head)
        return [Attribution(row_T, note) for row_T in rows]
    scores = []
    for reading in classifier.read([text.ids_T for text in texts]):
        if reading.weights_T is None:
            raise BadInput(
                f"The model {classifier.spec.name!r} has no attention to show.",
                hint="Use --method leave-one-out, which works for every model.",
            )
        scores.append(reading.weights_T)
    return scores


def rollout(
    classifier: TrainedClassifier,
    texts: list[EncodedText],
    target: int | None,
    *,
    layer: int | None = None,
    head: int | None = None,
) -> list[np.ndarray]:
    """Self-attention followed through the layers (Abnar and Zuidema 2020): the product of (A + I) / 2, heads averaged,
    then the row of CLS or the mean over rows. Sums to one over each text.

    layer: follow it up to this one, counted from 1; head: follow this head alone.
    """

    def reduce(maps: list[Tensor], prefix: int) -> Tensor:
        return _words_row(rolled_out([_of_head(map_HSS, head) for map_HSS in maps[:layer]]), prefix)

    return classifier.read_maps([text.ids_T for text in texts], reduce)


def rolled_out(layers: list[Tensor]) -> Tensor:
    """(S, S): how much of each input position ends in each position of the last layer. Rows sum to one as those of the
    (S, S) maps given do: half of each layer is attention, half the residual connection."""
    total = torch.eye(len(layers[0]), dtype=layers[0].dtype, device=layers[0].device)
    for map_SS in layers:
        total = (map_SS @ total + total) / 2
    return total


def leave_one_out(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """How much the log-odds of the class fall when one token is left out (Li, Monroe and Jurafsky 2016).

    Positive: the token speaks for the class. A text of one token is compared with an unknown word.
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
    """A control: numbers between 0 and 1, drawn from the words alone, so that a text always gets the same."""
    return [np.random.default_rng(zlib.crc32(text.ids_T.tobytes())).random(len(text.ids_T)) for text in texts]


def uniform(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """A control: an equal share for every word."""
    return [np.full(len(text.ids_T), 1 / len(text.ids_T)) for text in texts]


def _averaged(heads: tuple[int, ...], layer: int | None, head: int | None) -> str | None:
    """What a row of self-attention is a mean over, where something is left to choose."""
    layers = f"{len(heads)} layers" if layer is None and len(heads) > 1 else ""
    several = head is None and max(heads if layer is None else heads[layer - 1 : layer]) > 1
    over = " and ".join(filter(None, (layers, "all heads" if several else "")))
    return f"The mean over {over}." if over else None


def _chosen(maps: list[Tensor], layer: int | None, head: int | None) -> Tensor:
    """(S, S): the map of a layer and a head, or the mean over them."""
    layers = maps if layer is None else [maps[layer - 1]]
    return torch.stack([_of_head(map_HSS, head) for map_HSS in layers]).mean(dim=0)


def _of_head(map_HSS: Tensor, head: int | None) -> Tensor:
    return map_HSS.mean(dim=0) if head is None else map_HSS[head - 1]


def _words_row(map_SS: Tensor, prefix: int) -> Tensor:
    """(T,): the row of CLS where there is one, else the mean over rows; the words' shares, which sum to one."""
    row_S = map_SS[0] if prefix else map_SS.mean(dim=0)
    words_T = row_S[prefix:]
    return words_T / words_T.sum().clamp_min(torch.finfo(words_T.dtype).tiny)
