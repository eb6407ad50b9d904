"""Attribution methods that use the gradient of the log-odds of a class with respect to the word vectors.

They are compatible with every model that looks up its words in a single `nn.Embedding`: a hook replaces the output of
this module by the vectors at which the gradient is taken. Shapes: B texts, T tokens, D dimensions of a word vector.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor

from tmeattn.data.encoding.batches import collate
from tmeattn.errors import BadInput
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.embedding_hooks import replaced
from tmeattn.inference.read_texts import EncodedText

BATCH = 16


def gradient(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The Euclidean norm of the gradient of the log-odds at each word vector (Li et al. 2016): the sensitivity of the
    prediction to a small change of the vector. It has no sign."""
    return [grad_TD.norm(dim=-1).numpy() for _, grad_TD in _gradients(classifier, texts, target)]


def input_x_gradient(classifier: TrainedClassifier, texts: list[EncodedText], target: int | None) -> list[np.ndarray]:
    """The dot product of each word vector and the gradient of the log-odds there (Denil et al. 2014): the contribution
    of the word if the model were linear. It is zero for unknown words with a zero vector."""
    return [(x_TD * grad_TD).sum(dim=-1).numpy() for x_TD, grad_TD in _gradients(classifier, texts, target)]


class WordBatch:
    """The texts of a batch, their word vectors, and the classes to explain."""

    def __init__(
        self, classifier: TrainedClassifier, tokens_BT: Tensor, mask_BT: Tensor, x_BTD: Tensor, target_B: Tensor
    ) -> None:
        self.classifier, self.tokens_BT, self.mask_BT = classifier, tokens_BT, mask_BT
        self.x_BTD, self.target_B = x_BTD, target_B

    def part(self, rows: np.ndarray, length: int | None = None) -> WordBatch:
        """The texts at the rows (N,), which may be repeated; with `length`, without what is behind so many tokens."""
        chosen = torch.from_numpy(rows).to(self.mask_BT.device)
        tokens_BT, mask_BT, x_BTD = (part[chosen, :length] for part in (self.tokens_BT, self.mask_BT, self.x_BTD))
        return WordBatch(self.classifier, tokens_BT, mask_BT, x_BTD, self.target_B[chosen])

    def log_odds(self, x_BTD: Tensor) -> Tensor:
        """(B,) log-odds of the classes, with `x_BTD` as the word vectors."""
        embedding = self.classifier.embedding
        if embedding is None:
            raise BadInput(f"The model {self.classifier.spec.name!r} does not look up words in a single nn.Embedding.")
        with replaced(embedding, x_BTD):
            logits_BC = self.classifier.model(self.tokens_BT, self.mask_BT, need_maps=False).logits_BC.float()
        own_B1 = self.target_B[:, None]
        others_BC = logits_BC.scatter(1, own_B1, float("-inf"))
        odds_B: Tensor = logits_BC.gather(1, own_B1)[:, 0] - torch.logsumexp(others_BC, dim=1)
        return odds_B


def word_batches(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> Iterator[tuple[np.ndarray, WordBatch]]:
    """Batches of texts of similar length, with their indices; `target` None is the predicted class of each text."""
    order = np.argsort([len(text.ids_T) for text in texts], kind="stable")
    for start in range(0, len(order), BATCH):
        indices = order[start : start + BATCH]
        tokens_BT, mask_BT = collate([texts[index].ids_T for index in indices], classifier.max_length)
        tokens_BT, mask_BT = tokens_BT.to(classifier.device), mask_BT.to(classifier.device)
        embedding = classifier.embedding
        with torch.no_grad():
            logits_BC = classifier.model(tokens_BT, mask_BT, need_maps=False).logits_BC
            x_BTD = embedding(tokens_BT) if embedding is not None else logits_BC.new_empty(*tokens_BT.shape, 0)
        predicted_B = logits_BC.argmax(dim=1)
        target_B = predicted_B if target is None else torch.full_like(predicted_B, target)
        yield indices, WordBatch(classifier, tokens_BT, mask_BT, x_BTD, target_B)


def _gradients(
    classifier: TrainedClassifier, texts: list[EncodedText], target: int | None
) -> list[tuple[Tensor, Tensor]]:
    """The word vectors (T, D) of each text, and the gradients (T, D) of the log-odds with respect to them."""
    gradients: dict[int, tuple[Tensor, Tensor]] = {}
    for indices, batch in word_batches(classifier, texts, target):
        x_BTD = batch.x_BTD.requires_grad_()
        with differentiable():
            odds_B = batch.log_odds(x_BTD)
            (grad_BTD,) = torch.autograd.grad(odds_B.sum(), x_BTD)
        for row, index in enumerate(indices):
            length = int(batch.mask_BT[row].sum())
            gradients[int(index)] = (x_BTD[row, :length].detach().cpu(), grad_BTD[row, :length].cpu())
    return [gradients[index] for index in range(len(texts))]


@contextmanager
def differentiable() -> Iterator[None]:
    """Enable gradients without cuDNN, whose recurrent layers have no gradients in evaluation mode."""
    with torch.enable_grad(), _cudnn_off:
        yield


class _CudnnOff:
    """Switches cuDNN off. The switch is that of all threads, so the last one that leaves this switches it on again."""

    def __init__(self) -> None:
        self.lock, self.inside, self.before = threading.Lock(), 0, True

    def __enter__(self) -> None:
        with self.lock:
            if self.inside == 0:
                self.before, torch.backends.cudnn.enabled = torch.backends.cudnn.enabled, False
            self.inside += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                torch.backends.cudnn.enabled = self.before


_cudnn_off = _CudnnOff()
