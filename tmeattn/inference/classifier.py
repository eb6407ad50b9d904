"""A trained run, ready to read texts: the vocabulary, the tokenizer and the best weights behind one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.config import stored_config
from tmeattn.data.encoding.batches import collate
from tmeattn.data.encoding.tokenizers import Tokenizer, tokenizer
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.errors import BadInput
from tmeattn.inference.embedding_hooks import word_embedding
from tmeattn.models.building import build_model, choose_device
from tmeattn.models.layers import attention_entropy, prefix_length
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import UNKNOWN, ModelSpec, Space
from tmeattn.training import checkpoint

BATCH = 64
MAPS_BATCH = 8


@dataclass(frozen=True)
class EncodedText:
    """A text as the model reads it.

    spans: `(start, end, token)` of the tokens read; ids_T: their ids, the same number unless the text has no token at
    all (then one UNKNOWN stands in); tokens_total: tokens of the whole text, more where the model's length cut it.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]
    ids_T: np.ndarray
    tokens_total: int


@dataclass(frozen=True)
class Reading:
    """What the model makes of one text: logits_C, and where it has attention, weights_T and their entropy in nats."""

    logits_C: np.ndarray
    weights_T: np.ndarray | None
    entropy: float | None


class TrainedClassifier:
    """Reads texts with a run's best weights.

    notes: what a user should know about how it was loaded, such as a damaged checkpoint passed over.
    """

    def __init__(self, run: RunDirectory, *, device: str = "cpu") -> None:
        """Load a run.

        Raises:
            BadInput: it has no checkpoint yet, all are damaged, or the plugin that brought its model is missing.
        """
        self.run = run
        self.config = stored_config(run.id, run.config)
        self.spec = registry().get(ModelSpec, self.config.model)
        self.classes: tuple[str, ...] = tuple(run.data["classes"])
        found = checkpoint.load(run.checkpoints, "best", "last", "previous")
        if found is None:
            raise BadInput(f"The run {run.id} has no checkpoint yet.", hint=f"Continue it: tmeattn resume {run.id}")
        self.notes: list[str] = []
        if found.fell_back:
            self.notes.append(f"The checkpoint {', '.join(found.fell_back)} is damaged; using {found.name}.")
        elif found.name != "best":
            self.notes.append(f"The run has no best weights yet; using its {found.name} checkpoint.")
        self.vocabulary = Vocabulary.load(run.vocabulary_path)
        self.tokenizer: Tokenizer = tokenizer(self.config.train.tokenizer)
        self.max_length = self.config.train.max_length
        self.device = choose_device(device)
        space = Space(
            vocabulary_size=len(self.vocabulary),
            num_classes=len(self.classes),
            vector_size=run.data["vector_size"],
            tune=self.config.train.tune_embeddings,
            prepared=found.progress.prepared,
        )
        self.model: nn.Module = build_model(self.config, space)
        found.load_model(self.model)
        self.model.to(self.device).eval().requires_grad_(False)

    def encode(self, text: str) -> EncodedText:
        """Tokenize one text; only its first `max_length` tokens are kept."""
        spans = self.tokenizer.spans(text)
        read = tuple(spans[: self.max_length])
        return EncodedText(text, read, self.vocabulary.encode([token for *_, token in read]), len(spans))

    @torch.inference_mode()
    def read(self, sequences: Sequence[np.ndarray], *, batch_size: int = BATCH) -> Iterator[Reading]:
        """Run token id sequences through the model, in order, in batches of like length."""
        readings: list[Reading | None] = [None] * len(sequences)
        for chosen, tokens_BT, mask_BT in self._batches(sequences, batch_size):
            output = self.model(tokens_BT, mask_BT, need_maps=False)
            entropies = attention_entropy(output, mask_BT)
            for row, index in enumerate(chosen):
                length = int(mask_BT[row].sum())
                weights = output.attention_BT
                readings[index] = Reading(
                    logits_C=output.logits_BC[row].float().cpu().numpy(),
                    weights_T=None if weights is None else weights[row, :length].float().cpu().numpy(),
                    entropy=None if entropies is None else float(entropies[row]),
                )
        return (reading for reading in readings if reading is not None)

    @torch.inference_mode()
    def read_maps(
        self, sequences: Sequence[np.ndarray], reduce: Callable[[list[Tensor], int], Tensor]
    ) -> list[np.ndarray]:
        """What `reduce` makes of the self-attention of each text, in order.

        It is called with one (H, S, S) map a layer, without padding, and the number of positions in front of the words
        (1 where there is a CLS). Maps grow with the square of a text's length, so none is kept.
        """
        found: dict[int, np.ndarray] = {}
        for chosen, tokens_BT, mask_BT in self._batches(sequences, MAPS_BATCH):
            output = self.model(tokens_BT, mask_BT, need_maps=True)
            prefix = prefix_length(output, mask_BT)
            for row, index in enumerate(chosen):
                size = prefix + int(mask_BT[row].sum())
                maps = [map_BHSS[row, :, :size, :size].float() for map_BHSS in output.maps or ()]
                found[index] = reduce(maps, prefix).cpu().numpy()
        return [found[index] for index in range(len(sequences))]

    def _batches(self, sequences: Sequence[np.ndarray], size: int) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Sequences of like length together, on the device: their indices, tokens_BT and mask_BT."""
        order = sorted(range(len(sequences)), key=lambda index: len(sequences[index]))
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            tokens_BT, mask_BT = collate([sequences[index] for index in chosen], self.max_length)
            yield chosen, tokens_BT.to(self.device), mask_BT.to(self.device)

    @property
    def limit_note(self) -> str | None:
        """What to know about a whole split where the run used a part of it."""
        limit = self.config.train.limit
        if limit is None:
            return None
        return f"The run was trained with --limit {limit}, and evaluate keeps to it; here is the whole split."

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """How many heads each layer of self-attention has; nothing for other models."""
        if self.spec.attention != "self":
            return ()
        counts = self.read_maps([np.array([UNKNOWN])], lambda maps, prefix: torch.tensor([len(one) for one in maps]))
        return tuple(int(count) for count in counts[0])

    @cached_property
    def embedding(self) -> nn.Embedding | None:
        """Where the model looks up its words; None where it cannot be told (see `word_embedding`)."""
        return word_embedding(self.model)

    def probabilities(self, sequences: Sequence[np.ndarray], *, batch_size: int = BATCH) -> np.ndarray:
        """(N, C) class probabilities of N token id sequences."""
        return np.stack([softmax(reading.logits_C) for reading in self.read(sequences, batch_size=batch_size)])


def softmax(logits_C: np.ndarray) -> np.ndarray:
    """Class probabilities in float64, so that they sum to one as printed."""
    shifted = np.exp(logits_C.astype(np.float64) - logits_C.max())
    return np.asarray(shifted / shifted.sum())


@torch.inference_mode()
def probabilities_of(classifier: TrainedClassifier, texts: Sequence[str]) -> np.ndarray:
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
