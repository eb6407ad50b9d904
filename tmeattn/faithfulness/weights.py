"""A classifier with changed attention weights: what the tests of attention need of a model, plugins' models included.

The weights are changed where the model computes them (`models.layers.changed_weights`), so the words and all other
layers stay as they are. Shapes: T tokens, K variants of the weights of a text, C classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from tmeattn.explain.gradients import differentiable
from tmeattn.inference.classifier import MAPS_BATCH, TrainedClassifier
from tmeattn.models.layers import changed_weights, without_weights
from tmeattn.specs import UNKNOWN, ModelOutput

CLOSE = 1e-3
"""The most by which logits of a model that is linear in its pooling weights differ from their linear form, relative to
their largest difference."""


def reason_against_changes(classifier: TrainedClassifier) -> str | None:
    """Why the attention weights of a model cannot be changed, as a clause without a full stop; None if they can."""
    name = classifier.spec.name
    if classifier.spec.attention == "none":
        return f"the model {name!r} has no attention"
    tokens_1T = torch.full((1, 4), UNKNOWN, device=classifier.device)
    keep_T = torch.tensor([0.0, 1.0, 1.0, 1.0], device=classifier.device)
    calls = [0]

    def change(weights: Tensor) -> Tensor:
        calls[0] += weights.shape[0] == 1
        return _erased(weights, keep_T)

    with torch.inference_mode(), changed_weights(change):
        output = _called(classifier, tokens_1T)
    weights = output.maps or ((output.attention_BT,) if output.attention_BT is not None else ())
    if any(bool((one[..., -4] != 0).any()) for one in weights):
        return (
            f"the model {name!r} computes attention weights with neither layers.masked_softmax nor layers.final_weights"
        )
    if classifier.spec.attention == "pool" and calls[0] != 1:
        return f"the model {name!r} computes {calls[0]} sets of attention weights, not one"
    return None


def _called(classifier: TrainedClassifier, tokens_BT: Tensor) -> ModelOutput:
    need_maps = classifier.spec.attention == "self"
    output: ModelOutput = classifier.model(tokens_BT, torch.ones_like(tokens_BT, dtype=torch.bool), need_maps=need_maps)
    return output


def _erased(weights: Tensor, keep: Tensor) -> Tensor:
    """Weights (B, T), or maps (B, H, S, S) whose columns of words are erased, with `keep` (T,) or (B, T)."""
    if weights.dim() == 4:
        keep = F.pad(keep, (weights.shape[-1] - keep.shape[-1], 0), value=1.0)
        keep = keep[..., None, None, :]
    return without_weights(weights, keep)


@dataclass(frozen=True)
class LinearText:
    """A text whose logits are linear in its pooling weights a: logits = base_C + sum_t a_t effect_TC."""

    weights_T: np.ndarray
    base_C: np.ndarray
    effect_TC: np.ndarray

    def logits(self, weights: np.ndarray) -> np.ndarray:
        """Logits (..., C) with other weights (..., T)."""
        return np.asarray(self.base_C + weights @ self.effect_TC)


class AttendedText:
    """A text, its prediction, and the model with changed attention weights for it."""

    def __init__(self, classifier: TrainedClassifier, ids_T: np.ndarray) -> None:
        self.classifier = classifier
        self.tokens_1T = torch.from_numpy(ids_T.astype(np.int64))[None].to(classifier.device)
        with torch.inference_mode():
            self.logits_C: np.ndarray = _called(classifier, self.tokens_1T).logits_BC[0].double().cpu().numpy()
        self.predicted = int(self.logits_C.argmax())

    def _logits(self, change: Callable[[Tensor], Tensor], variants: int) -> Tensor:
        with changed_weights(change):
            return _called(self.classifier, self.tokens_1T.expand(variants, -1)).logits_BC

    def logits_without(self, keep_KT: np.ndarray) -> np.ndarray:
        """Logits (K, C) without the weights where `keep_KT` is False; the others are renormalised."""
        found = []
        for start in range(0, len(keep_KT), MAPS_BATCH):
            keep = torch.from_numpy(keep_KT[start : start + MAPS_BATCH]).to(self.tokens_1T.device, torch.float32)
            with torch.inference_mode():
                found.append(self._logits(lambda weights, keep=keep: _erased(weights, keep), len(keep)))  # type: ignore[misc]
        return torch.cat(found).double().cpu().numpy()

    def gradient(self) -> np.ndarray:
        """(T,) gradient of the log-odds of the predicted class with respect to the weight of each word; of
        self-attention, with respect to a factor of all weights on the word."""
        ones_T = torch.ones(self.tokens_1T.shape[1], device=self.tokens_1T.device, requires_grad=True)
        weights: list[Tensor] = []

        def change(given: Tensor) -> Tensor:
            if given.dim() == 4:
                return _erased(given, ones_T)
            weights.append(given.detach().requires_grad_())
            return weights[-1]

        with differentiable():
            logits_C = self._logits(change, 1)[0].float()
            others_C = logits_C.masked_fill(
                F.one_hot(torch.tensor(self.predicted), len(logits_C)).bool().to(logits_C.device), -torch.inf
            )
            odds = logits_C[self.predicted] - torch.logsumexp(others_C, dim=0)
            (found,) = torch.autograd.grad(odds, weights[0] if weights else ones_T)
        return found.reshape(-1).double().cpu().numpy()

    def linear(self) -> LinearText | None:
        """The logits as a linear function of the pooling weights; None if they are not linear in them."""
        given: list[Tensor] = []

        def change(weights: Tensor) -> Tensor:
            given.append(weights.detach().requires_grad_())
            return given[-1]

        with differentiable():
            logits_C = self._logits(change, 1)[0].float()
            rows = [torch.autograd.grad(logit, given[0], retain_graph=True)[0][0] for logit in logits_C]
        effect_TC = torch.stack(rows, dim=1).double().cpu().numpy()
        weights_T = given[0][0].detach().double().cpu().numpy()
        text = LinearText(weights_T, self.logits_C - weights_T @ effect_TC, effect_TC)
        drawn_KT = np.random.default_rng(0).dirichlet(np.full(len(weights_T), 0.1), size=4)
        substitute = torch.from_numpy(drawn_KT).to(given[0])
        with torch.inference_mode():
            actual_KC = self._logits(lambda weights: substitute, len(drawn_KT)).double().cpu().numpy()
        spread = max(1.0, float(np.abs(actual_KC - self.logits_C).max()))
        return text if np.abs(text.logits(drawn_KT) - actual_KC).max() <= CLOSE * spread else None
