"""Attention that moves while the predictions stay: how far it can, if predictions change by at most epsilon.

Two adversaries, because they answer different questions.

- For each text on its own (Jain and Wallace 2019, "Attention is not Explanation"): the weights that differ most, with
  all else in the model unchanged. They are an upper bound of what changed weights can do, and belong to no one model.
- One model for all texts (Wiegreffe and Pinter 2019, "Attention is not not Explanation"): a copy of the model, trained
  to predict like it with other weights. It is measured on texts that it was not trained on.

The distance of predictions is the total variation distance (TVD), that of weights the Jensen-Shannon divergence (JSD,
in nats: at most ln 2). Shapes: B texts of a batch, T tokens, C classes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.data.encoding.batches import collate
from tmeattn.explain.gradients import differentiable
from tmeattn.faithfulness.attention_results import AdversarialAttention, Adversary, CurvePoint
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.weights import AttendedText, LinearText
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.specs import ModelOutput

ALLOWED = (0.01, 0.02, 0.05, 0.1, 0.2)
"""The allowed total variation distances of the curve."""
FACTORS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Factors of the divergence in the loss of the trained adversary, one after another."""
STEPS, BATCH, RATE = 60, 32, 2e-3
"""Steps with each factor, texts of a step, and the learning rate of Adam."""
MIXTURES = 65

Progress = Callable[[int, int], None]


def adversarial_attention(
    classifier: TrainedClassifier,
    texts: Sequence[EncodedText],
    training: Sequence[np.ndarray],
    *,
    progress: Progress = lambda done, total: None,
) -> AdversarialAttention | None:
    """Measure both adversaries; None if no text has two words or more.

    training: token ids of texts that the one model is trained on; none: it is not trained.
    """
    chosen = [text.ids_T for text in texts if len(text.ids_T) > 1]
    if not chosen:
        return None
    linear = [AttendedText(classifier, ids_T).linear() for ids_T in chosen]
    exact = len(classifier.classes) == 2 and all(one is not None for one in linear)
    readable = [ids_T for ids_T in training if len(ids_T) > 1]
    adversaries = _trained(classifier, chosen, readable, progress) if readable else ()
    curve = []
    for allowed in ALLOWED:
        found = [most_divergent(one, allowed) for one in linear if one is not None]
        within = [one.jsd for one in adversaries if one.tvd <= allowed]
        curve.append(CurvePoint(allowed, estimate(found) if found else None, max(within, default=None)))
    return AdversarialAttention(
        len(chosen), tuple(curve), exact, adversaries, STEPS if adversaries else 0, len(readable)
    )


def most_divergent(text: LinearText, allowed: float) -> float:
    """The largest JSD of other weights of a text whose predictions are at most `allowed` away in TVD.

    With two classes the allowed weights are those whose log-odds are in an interval, a polytope, and the JSD is convex,
    so its maximum is at a corner: all weight on one word, or on two words whose mixture reaches an end of the interval.
    All corners are tried, so the maximum is exact. With more classes the largest JSD of single words and of mixtures of
    one word with the original weights is returned, a lower bound.
    """
    base_C = _softmax(text.logits(text.weights_T))
    words = len(text.weights_T)
    single_TC = text.logits(np.eye(words))
    kept_T = _tvd(_softmax(single_TC), base_C) <= allowed
    best = max((_corner_jsd(text.weights_T[np.flatnonzero(kept_T)]).max() if kept_T.any() else 0.0), 0.0)
    if len(base_C) == 2:
        return float(max(best, _best_pair(text, single_TC, base_C, allowed)))
    shares_M = np.linspace(0, 1, MIXTURES)
    for word in np.argsort(text.weights_T)[:50]:
        mixed_MT = (1 - shares_M)[:, None] * text.weights_T
        mixed_MT[:, word] += shares_M
        fits_M = _tvd(_softmax(text.logits(mixed_MT)), base_C) <= allowed
        best = max(best, float(jsd(mixed_MT[fits_M], text.weights_T).max()))
    return float(best)


def _best_pair(text: LinearText, single_TC: np.ndarray, base_C: np.ndarray, allowed: float) -> float:
    """The largest JSD of weights on two words at an end of the interval of allowed log-odds, with two classes."""
    odds_T = single_TC[:, 1] - single_TC[:, 0]
    best = 0.0
    for p in (base_C[1] - allowed, base_C[1] + allowed):
        if not 0 < p < 1:
            continue  # no log-odds are excluded at this end
        end = math.log(p / (1 - p))
        above, below = np.flatnonzero(odds_T > end), np.flatnonzero(odds_T <= end)
        if not len(above) or not len(below):
            continue
        share = (end - odds_T[below][None, :]) / (odds_T[above][:, None] - odds_T[below][None, :])
        weights_above, weights_below = text.weights_T[above][:, None], text.weights_T[below][None, :]
        best = max(best, float(_pair_jsd(share, weights_above, weights_below).max()))
    return best


def _corner_jsd(weight: np.ndarray) -> np.ndarray:
    """JSD between all weight on one word and weights in which it has `weight`."""
    return _pair_jsd(np.ones_like(weight), weight, np.zeros_like(weight))


def _pair_jsd(share: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """JSD between the weights (share, 1 - share) on two words and weights in which they have `first` and `second`."""
    rest = np.clip(1 - first - second, 0, 1)
    total = np.zeros(np.broadcast_shapes(share.shape, first.shape, second.shape))
    for own, other in ((share, first), (1 - share, second)):
        middle = (own + other) / 2
        total = total + _x_log_ratio(own, middle) + _x_log_ratio(other, middle)
    return np.asarray((total + rest * math.log(2)) / 2)


def _x_log_ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x ln(x / y), zero at x = 0."""
    ratio = np.divide(x, y, out=np.ones(np.broadcast_shapes(x.shape, y.shape)), where=(x > 0) & (y > 0))
    return np.asarray(x * np.log(ratio))


def jsd(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Jensen-Shannon divergence in nats over the last dimension."""
    middle = (one + other) / 2
    return np.asarray((_x_log_ratio(one, middle) + _x_log_ratio(other, middle)).sum(axis=-1) / 2)


def _tvd(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Total variation distance over the last dimension."""
    return np.asarray(np.abs(one - other).sum(axis=-1) / 2)


def _softmax(logits: np.ndarray) -> np.ndarray:
    exponents = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(axis=-1, keepdims=True))


def _trained(
    classifier: TrainedClassifier, texts: list[np.ndarray], training: list[np.ndarray], progress: Progress
) -> tuple[Adversary, ...]:
    """Train a copy of the model with each factor in turn, and measure it on the texts after each.

    Its loss is the mean of TVD - factor * JSD over the batch. It starts from the model's weights and is trained without
    dropout; word vectors stay as they are.
    """
    base, adversary = classifier.model, classifier.copied_model()
    vectors = {id(module.weight) for module in adversary.modules() if isinstance(module, nn.Embedding)}
    trained = [p.requires_grad_() for p in adversary.parameters() if id(p) not in vectors and p.is_floating_point()]
    optimizer = torch.optim.Adam(trained, lr=RATE)
    generator = np.random.default_rng(0)
    found, total = [Adversary(0.0, 0.0, 0.0, 1.0)], STEPS * len(FACTORS)
    for number, factor in enumerate(FACTORS):
        for step in range(STEPS):
            drawn = generator.choice(len(training), size=min(BATCH, len(training)), replace=False)
            tokens_BT, mask_BT = collate([training[index] for index in drawn], classifier.max_length)
            tokens_BT, mask_BT = tokens_BT.to(classifier.device), mask_BT.to(classifier.device)
            with torch.no_grad():
                wanted = base(tokens_BT, mask_BT, need_maps=False)
            with differentiable():
                tvd_B, jsd_B = _distances(adversary(tokens_BT, mask_BT, need_maps=False), wanted)
                loss = (tvd_B - factor * jsd_B).mean()
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            progress(number * STEPS + step + 1, total)
        found.append(_measured(classifier, base, adversary, texts, factor))
    return tuple(found)


@torch.no_grad()
def _measured(
    classifier: TrainedClassifier, base: nn.Module, adversary: nn.Module, texts: list[np.ndarray], factor: float
) -> Adversary:
    sums = np.zeros(3)
    for start in range(0, len(texts), BATCH):
        tokens_BT, mask_BT = collate(texts[start : start + BATCH], classifier.max_length)
        tokens_BT, mask_BT = tokens_BT.to(classifier.device), mask_BT.to(classifier.device)
        outputs = [model(tokens_BT, mask_BT, need_maps=False) for model in (adversary, base)]
        tvd_B, jsd_B = _distances(*outputs)
        same_B = outputs[0].logits_BC.argmax(dim=1) == outputs[1].logits_BC.argmax(dim=1)
        sums += [float(each.double().sum()) for each in (tvd_B, jsd_B, same_B)]
    tvd, divergence, agree = (sums / len(texts)).tolist()
    return Adversary(factor, tvd, divergence, agree)


def _distances(one: ModelOutput, other: ModelOutput) -> tuple[Tensor, Tensor]:
    """(B,) TVD of the predictions and JSD of the pooling weights."""
    tvd_B = (one.logits_BC.softmax(dim=-1) - other.logits_BC.softmax(dim=-1)).abs().sum(dim=-1) / 2
    assert one.attention_BT is not None
    assert other.attention_BT is not None
    middle_BT = (one.attention_BT + other.attention_BT) / 2
    jsd_B = (_kl(one.attention_BT, middle_BT) + _kl(other.attention_BT, middle_BT)) / 2
    return tvd_B, jsd_B


def _kl(weights_BT: Tensor, middle_BT: Tensor) -> Tensor:
    """(B,) sum of w ln(w / m); words of weight zero add nothing, and their gradient is zero."""
    positive_BT = weights_BT > 0
    ratio_BT = torch.where(positive_BT, weights_BT, 1.0) / torch.where(positive_BT, middle_BT, 1.0)
    return (weights_BT * ratio_BT.log()).sum(dim=-1)
