"""Attribution methods that use the gradient of the log-odds of a class with respect to the word vectors.

They are compatible with every model that looks up its words in a single `nn.Embedding`: a hook replaces the output of
this module by the vectors at which the gradient is taken. Shapes: B texts, T tokens, D dimensions of a word vector.
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
from tmeattn.plurals import counted
from tmeattn.specs import Attribution

BATCH = 16
ROW_TOKENS = 65_536
"""Approximate number of tokens of all interpolated texts in one forward pass of integrated gradients."""
STEPS, MOST_STEPS = 32, 2048
CLOSE = 0.005
"""The steps of integrated gradients are doubled until the error of the sum of the scores is below this share of
max(|difference|, 0.1)."""


def gradient(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The Euclidean norm of the gradient of the log-odds at each word vector (Li et al. 2016): the sensitivity of the
    prediction to a small change of the vector. It has no sign."""
    return [grad_TD.norm(dim=-1).numpy() for _, grad_TD in _gradients(classifier, texts, target)]


def input_x_gradient(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The dot product of each word vector and the gradient of the log-odds there (Denil et al. 2014): the contribution
    of the word if the model were linear. It is zero for unknown words with a zero vector."""
    return [(x_TD * grad_TD).sum(dim=-1).numpy() for x_TD, grad_TD in _gradients(classifier, texts, target)]


def integrated_gradients(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> list[Attribution]:
    """Integrated gradients along the straight line from zero vectors to the word vectors (Sundararajan et al. 2017),
    computed by captum.

    The exact scores sum to the difference between the log-odds of the text and of as many zero vectors; the note has
    the error of the sum. The number of steps is doubled until the error is at most 0.5 %.
    """
    attributions: dict[int, Attribution] = {}
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
                attributions[int(indices[waiting[row]])] = Attribution(scores_BT[row, :length], note)
            steps, waiting = 2 * steps, waiting[~done_B]
    return [attributions[index] for index in range(len(texts))]


def _completeness(difference: float, gap: float, steps: int, close: bool) -> str:
    """A note on the sum of the scores, which is equal to the difference of the log-odds if the integral is exact."""
    sums = f"The scores sum to {difference + gap:+.3f}; the log-odds are {difference:+.3f} above those of zero vectors"
    if close:
        return f"{sums} ({counted(steps, 'step')})."
    return f"{sums}. The error is still {abs(gap):.3f} after {counted(steps, 'step')}, so the scores are not reliable."


class _Batch:
    """The texts of a batch, their word vectors, and the classes to explain."""

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
        """(B,) log-odds of the classes, with `x_BTD` as the word vectors."""
        embedding = self.classifier.embedding
        if embedding is None:
            raise BadInput(f"The model {self.classifier.spec.name!r} does not look up words in a single nn.Embedding.")
        with replaced(embedding, x_BTD):
            logits_BC = self.classifier.model(tokens_BT, mask_BT, need_maps=False).logits_BC.float()
        own_B1 = target_B[:, None]
        others_BC = logits_BC.scatter(1, own_B1, float("-inf"))
        odds_B: Tensor = logits_BC.gather(1, own_B1)[:, 0] - torch.logsumexp(others_BC, dim=1)
        return odds_B


def _batches(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> Iterator[tuple[np.ndarray, _Batch]]:
    """Batches of texts of similar length, with their indices; `target` None is the predicted class of each text."""
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
    """The word vectors (T, D) of each text, and the gradients (T, D) of the log-odds with respect to them."""
    gradients: dict[int, tuple[Tensor, Tensor]] = {}
    for indices, batch in _batches(classifier, texts, target):
        x_BTD = batch.x_BTD.requires_grad_()
        with _differentiable():
            odds_B = batch.log_odds(x_BTD, batch.tokens_BT, batch.mask_BT, batch.target_B)
            (grad_BTD,) = torch.autograd.grad(odds_B.sum(), x_BTD)
        for row, index in enumerate(indices):
            length = int(batch.mask_BT[row].sum())
            gradients[int(index)] = (x_BTD[row, :length].detach().cpu(), grad_BTD[row, :length].cpu())
    return [gradients[index] for index in range(len(texts))]


def _integrate(batch: _Batch, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (B, T); by how much their sums exceed the differences of the log-odds (B,); these differences (B,)."""
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
    """Enable gradients without cuDNN, whose recurrent layers have no gradients in evaluation mode."""
    with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        yield
