"""Attribution methods that follow the log-odds of a class back to the word vectors.

They serve every model that looks its words up in one `nn.Embedding`: its output is replaced by vectors of our own, so
no model needs to know. Shapes: B texts, T tokens, D width of the vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from tmeattn.data.encoding.batches import collate
from tmeattn.errors import BadInput
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.inference.embedding_hooks import replaced
from tmeattn.specs import Attribution

BATCH = 16
ROW_TOKENS = 65_536
"""Tokens of all the interpolated texts that one pass of integrated gradients holds, about."""
STEPS, MOST_STEPS = 32, 2048
CLOSE = 0.005
"""Integrated gradients are refined until their gap is less than this share of max(|difference|, 0.1)."""


def gradient(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """Length of the gradient of the log-odds at each word vector (Li et al. 2016): how much a small change of the word
    would matter. It has no sign."""
    return [grad_TD.norm(dim=-1).numpy() for _, grad_TD in _gradients(classifier, texts, target)]


def input_x_gradient(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """Each word vector times the gradient of the log-odds there (Denil et al. 2014): what the word would add, were the
    model linear. Unknown words whose vector is zero get zero."""
    return [(x_TD * grad_TD).sum(dim=-1).numpy() for x_TD, grad_TD in _gradients(classifier, texts, target)]


def integrated_gradients(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> list[Attribution]:
    """Gradients along the straight line from zero vectors to the text's (Sundararajan et al. 2017), by captum.

    The scores sum to the log-odds of the text less those of as many zero vectors; the note tells by how much they miss
    that. Steps are doubled until they miss it by half a per cent at most.
    """
    found: dict[int, Attribution] = {}
    for indices, batch in _batches(classifier, texts, target):
        steps, waiting = STEPS, np.arange(len(indices))
        while len(waiting):
            part = batch.part(waiting)
            scores_BT, gap_B, difference_B = _integrate(part, steps)
            close_B = np.abs(gap_B) <= CLOSE * np.maximum(np.abs(difference_B), 0.1)
            done_B = close_B | (steps >= MOST_STEPS)
            for row in np.flatnonzero(done_B):
                length = int(part.mask_BT[row].sum())
                note = _completeness(float(difference_B[row]), float(gap_B[row]), steps, bool(close_B[row]))
                found[int(indices[waiting[row]])] = Attribution(scores_BT[row, :length], note)
            steps, waiting = 2 * steps, waiting[~done_B]
    return [found[index] for index in range(len(texts))]


def _completeness(difference: float, gap: float, steps: int, close: bool) -> str:
    said = f"The scores sum to {difference + gap:+.3f}; the log-odds are {difference:+.3f} above those of zero vectors"
    if close:
        return f"{said} ({steps} steps)."
    return f"{said}: after {steps} steps they are still {abs(gap):.3f} apart, so take them with care."


class _Batch:
    """Texts of a batch with their vectors and the classes to explain."""

    def __init__(
        self, classifier: TrainedClassifier, tokens_BT: Tensor, mask_BT: Tensor, x_BTD: Tensor, target_B: Tensor
    ) -> None:
        self.classifier, self.tokens_BT, self.mask_BT = classifier, tokens_BT, mask_BT
        self.x_BTD, self.target_B = x_BTD, target_B

    def part(self, rows: np.ndarray) -> _Batch:
        chosen = torch.from_numpy(rows).to(self.mask_BT.device)
        parts = (part[chosen] for part in (self.tokens_BT, self.mask_BT, self.x_BTD, self.target_B))
        return _Batch(self.classifier, *parts)

    def log_odds(self, x_BTD: Tensor, tokens_BT: Tensor, mask_BT: Tensor, target_B: Tensor) -> Tensor:
        """(B,) log-odds of the classes, were these the vectors of the words."""
        embedding = self.classifier.embedding
        if embedding is None:
            raise BadInput(f"The model {self.classifier.spec.name!r} does not look its words up in one nn.Embedding.")
        with replaced(embedding, x_BTD):
            logits_BC = self.classifier.model(tokens_BT, mask_BT, need_maps=False).logits_BC.float()
        own_B1 = target_B[:, None]
        others_BC = logits_BC.scatter(1, own_B1, float("-inf"))
        odds_B: Tensor = logits_BC.gather(1, own_B1)[:, 0] - torch.logsumexp(others_BC, dim=1)
        return odds_B


def _batches(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> Iterator[tuple[np.ndarray, _Batch]]:
    """Texts of like length together, with their indices; `target` None is the predicted class of each."""
    order = np.argsort([len(text.ids_T) for text in texts], kind="stable")
    for start in range(0, len(order), BATCH):
        indices = order[start : start + BATCH]
        tokens_BT, mask_BT = collate([texts[index].ids_T for index in indices], classifier.max_length)
        tokens_BT, mask_BT = tokens_BT.to(classifier.device), mask_BT.to(classifier.device)
        embedding = classifier.embedding
        with torch.no_grad():
            logits_BC = classifier.model(tokens_BT, mask_BT, need_maps=False).logits_BC
            x_BTD = embedding(tokens_BT) if embedding is not None else torch.empty(*tokens_BT.shape, 0)
        predicted_B = logits_BC.argmax(dim=1)
        target_B = predicted_B if target is None else torch.full_like(predicted_B, target)
        yield indices, _Batch(classifier, tokens_BT, mask_BT, x_BTD, target_B)


def _gradients(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> list[tuple[Tensor, Tensor]]:
    """Word vectors (T, D) of each text, and the gradients of the log-odds there."""
    found: dict[int, tuple[Tensor, Tensor]] = {}
    for indices, batch in _batches(classifier, texts, target):
        x_BTD = batch.x_BTD.requires_grad_()
        with _differentiable():
            odds_B = batch.log_odds(x_BTD, batch.tokens_BT, batch.mask_BT, batch.target_B)
            (grad_BTD,) = torch.autograd.grad(odds_B.sum(), x_BTD)
        for row, index in enumerate(indices):
            length = int(batch.mask_BT[row].sum())
            found[int(index)] = (x_BTD[row, :length].detach().cpu(), grad_BTD[row, :length].cpu())
    return [found[index] for index in range(len(texts))]


def _integrate(batch: _Batch, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (B, T); the difference to be explained (B,), and by how much the scores exceed it (B,)."""
    from captum.attr import IntegratedGradients

    x_BTD, zero_BTD = batch.x_BTD, torch.zeros_like(batch.x_BTD)
    texts = (batch.tokens_BT, batch.mask_BT, batch.target_B)
    forward: Callable[..., Tensor] = batch.log_odds
    with _differentiable():
        parts_BTD = IntegratedGradients(forward, multiply_by_inputs=True).attribute(
            x_BTD,
            zero_BTD,
            additional_forward_args=texts,
            n_steps=steps,
            internal_batch_size=max(len(x_BTD), ROW_TOKENS // x_BTD.shape[1]),
        )
    scores_BT = parts_BTD.sum(dim=-1).double().cpu().numpy()
    with torch.no_grad():
        difference_B = (forward(x_BTD, *texts) - forward(zero_BTD, *texts)).double().cpu().numpy()
    return scores_BT, scores_BT.sum(axis=1) - difference_B, difference_B


@contextmanager
def _differentiable() -> Iterator[None]:
    """cuDNN's recurrent layers give no gradients of a model that is not training; torch's own do."""
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        yield
