"""The watch list: a few texts whose predictions and attention weights are logged while a model is trained.

They are the texts that the user has added (see `tmeattn.runs.watched_texts`), and behind them some of the validation
split. Nothing that is trained depends on them. Shapes: B texts of a batch, T tokens, C classes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.config import TrainOptions
from tmeattn.data.encoding.batches import SequentialBatches, collate
from tmeattn.data.encoding.corpus import Corpus
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.data.sources import run_tokenizer
from tmeattn.errors import TmeattnError
from tmeattn.evaluation.evaluate import Measured
from tmeattn.models.gpu import kept_random_state
from tmeattn.models.layers import word_attention
from tmeattn.run_config import stored_config
from tmeattn.runs import watched_texts
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import Listener, WatchedText
from tmeattn.runs.watched_texts import AddedText
from tmeattn.training.checkpoint import Progress

TEXTS = 6
WORDS = 60
"""Preferred length of a watched text, in words: short enough to be read at a glance."""
LOOKS = 8
"""Measurements in an epoch."""
LEAST_STEPS, MOST_STEPS = 10, 200
"""Steps between two measurements: a short epoch has fewer of them, a long one more."""


def steps_between(steps_per_epoch: int) -> int:
    """Steps between two measurements in an epoch."""
    return min(max(steps_per_epoch // LOOKS, LEAST_STEPS), MOST_STEPS)


def choose(split: EncodedSplit, texts: int = TEXTS, words: int = WORDS) -> np.ndarray:
    """Positions of the texts to watch: in each of `texts` equal parts of the split, the text nearest to `words` words.

    The choice depends on the split alone. The classes of a split are in blocks, so every class is among the texts.
    """
    parts = np.array_split(np.arange(len(split)), min(texts, len(split)))
    return np.array([part[np.abs(split.lengths[part] - words).argmin()] for part in parts])


class WatchList:
    """The texts of one run, and their events. A measurement changes neither the model nor torch's random state."""

    def __init__(
        self,
        model: nn.Module,
        run: RunDirectory,
        corpus: Corpus,
        options: TrainOptions,
        device: torch.device,
        attention: Measured,
        emit: Listener,
        steps_per_epoch: int,
    ) -> None:
        self.model, self.run, self.corpus, self.options = model, run, corpus, options
        self.device, self.attention, self.emit = device, attention, emit
        self.steps_between = steps_between(steps_per_epoch)
        self._stamp: tuple[int, int] | None = None
        self._added: list[AddedText] = []
        self._ids: list[np.ndarray] = []

    def begin(self, progress: Progress) -> None:
        """Log what the model says before the first step, once in a run."""
        self._has_changed()
        if progress.step == 0 and not self.run.events("watched_step"):
            self._log_step(progress)

    def after_step(self, progress: Progress) -> None:
        """Log what the model says at some steps of the epoch, and soon after the user changes the list."""
        is_due = progress.batch % self.steps_between == 0
        if is_due or (progress.step % LEAST_STEPS == 0 and self._has_changed()):
            self._log_step(progress)

    def after_epoch(self, progress: Progress) -> None:
        """Log what the model says after an epoch."""
        self.emit({"kind": "watched", "epoch": progress.epoch, "texts": self._measured()})

    def _log_step(self, progress: Progress) -> None:
        texts = self._measured()
        self.emit({"kind": "watched_step", "step": progress.step, "epoch": progress.epoch, "texts": texts})

    def _has_changed(self) -> bool:
        """Whether the user has added or removed a text since the last call, which is cheap."""
        stamp = watched_texts.stamp(self.run)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        self._read()
        return True

    def _read(self) -> None:
        self._added, self._ids = [], []
        try:
            added = watched_texts.added_texts(self.run)
            if added:
                tokenizer = run_tokenizer(stored_config(self.run.id, self.run.config))
                tokens = [tokenizer.tokens(each["text"], self.options.max_length) for each in added]
                self._ids = [self.corpus.vocabulary.encode(each) for each in tokens]
                self._added = added
        except TmeattnError as error:  # the training goes on without these texts
            self.emit({"kind": "warning", "message": error.message})

    def _measured(self) -> list[WatchedText]:
        """The texts of an event `watched` or `watched_step`, with what the model says about them now."""
        self._has_changed()
        of_split = watched(
            self.model,
            self.corpus.splits["validation"],
            max_length=self.options.max_length,
            device=self.device,
            attention=self.attention,
        )
        return [*self._of_user(), *of_split]

    @torch.inference_mode()
    def _of_user(self) -> list[WatchedText]:
        if not self._ids:
            return []
        tokens_BT, mask_BT = collate(self._ids, self.options.max_length)
        with _unchanged(self.model, self.device):
            outputs = _outputs(self.model, tokens_BT.to(self.device), mask_BT.to(self.device), self.attention)
        classes = self.corpus.classes
        return [
            {
                "index": None,
                "label": classes.index(label) if (label := each.get("label")) in classes else None,
                "probabilities": probabilities,
                "scores": scores,
                "text": each["text"],
            }
            for each, (probabilities, scores) in zip(self._added, outputs, strict=True)
        ]


@contextlib.contextmanager
def _unchanged(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Context manager in which the model is in evaluation mode. Its mode and torch's random state, from which the
    forward pass of a plugin's model may draw, are those from before afterwards."""
    was_training = model.training
    with kept_random_state(device):
        model.eval()
        try:
            yield
        finally:
            model.train(was_training)


@torch.inference_mode()
def watched(
    model: nn.Module, split: EncodedSplit, *, max_length: int, device: torch.device, attention: Measured
) -> list[WatchedText]:
    """The texts of the split in a `watched` event (see `tmeattn.runs.event_types`), in the order of the split.

    The model's mode and torch's random state are those from before afterwards.
    """
    texts: list[WatchedText] = []
    with _unchanged(model, device):
        for batch in SequentialBatches(split, TEXTS, max_length, only=choose(split)):
            outputs = _outputs(model, batch.tokens_BT.to(device), batch.mask_BT.to(device), attention)
            for row, (probabilities, scores) in enumerate(outputs):
                texts.append(
                    {
                        "index": int(split.source[batch.indices[row]]),
                        "label": int(batch.labels_B[row]),
                        "probabilities": probabilities,
                        "scores": scores,
                    }
                )
    return sorted(texts, key=lambda text: text["index"] or 0)


def _outputs(
    model: nn.Module, tokens_BT: Tensor, mask_BT: Tensor, attention: Measured
) -> Sequence[tuple[list[float], list[float] | None]]:
    """The probabilities of the classes and the scores of the words of each text; no scores without attention."""
    output = model(tokens_BT, mask_BT, need_maps=attention != "none")
    probabilities_BC = torch.softmax(output.logits_BC.float(), dim=1)
    weights_BT = word_attention(output, mask_BT)
    found = []
    for row, words in enumerate(mask_BT.sum(dim=1).tolist()):
        scores = None if weights_BT is None else [round(x, 5) for x in weights_BT[row, :words].tolist()]
        found.append((probabilities_BC[row].tolist(), scores))
    return found
