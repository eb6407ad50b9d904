"""A trained run that classifies texts. Every part of the program that needs class probabilities of texts calls
`TrainedClassifier.probabilities`.

Shapes: N texts, B texts of a batch, T tokens, C classes, H attention heads, S positions of self-attention (the tokens,
and CLS before them where the model has it).
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from tmeattn.data.encoding.batches import collate
from tmeattn.data.encoding.open_tokenizer import OpenTokenizer
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.data.encoding.words import Units, flat, has_several_pieces, units_of
from tmeattn.data.sources import run_tokenizer
from tmeattn.errors import BadInput, shortened
from tmeattn.inference.embedding_hooks import embedding_path, replaced
from tmeattn.inference.read_texts import EncodedText, TextOutput, softmax
from tmeattn.inference.thread_models import ThreadModels
from tmeattn.models.building import build_model, choose_device, owner
from tmeattn.models.layers import attention_entropy, prefix_length, special_attention, word_attention
from tmeattn.models.planning import planned_model
from tmeattn.run_config import RunConfig, spec_of, stored_config
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import UNKNOWN, Space
from tmeattn.training import checkpoint

BATCH = 64
MAPS_BATCH = 8
"""Attention maps grow with the square of the length of a text, so fewer texts make a batch."""

_warnings_lock = threading.Lock()
"""The filters of warnings are those of the whole process."""


class TrainedClassifier:
    """Classifies texts with the best weights of a run. Several threads may use one classifier at the same time.

    classes: names of the classes, in the order of the model's logits.
    weights: the name of the checkpoint that was loaded: "best", where there is one that is not damaged.
    notes:   sentences for the user about how the run was loaded, such as a damaged checkpoint that was skipped.
    trained: names of the parameters that were trained; of the modules here, none is.
    """

    def __init__(self, run: RunDirectory, *, device: str = "cpu") -> None:
        """Load a run.

        Raises:
            BadInput: it has no checkpoint yet, all checkpoints are damaged, or the plugin of its model is missing.
        """
        self.run = run
        self.config = stored_config(run.id, run.config)
        self.spec = spec_of(self.config)
        self.classes: tuple[str, ...] = tuple(run.data["classes"])
        stored = checkpoint.load(run.checkpoints, "best", "last", "previous")
        if stored is None:
            raise BadInput(f"The run {run.id} has no checkpoint yet.", hint=f"Continue it: tmeattn resume {run.id}")
        self.weights = stored.name
        self.notes: list[str] = []
        if stored.damaged:
            self.notes.append(f"The checkpoint {', '.join(stored.damaged)} is damaged; using {stored.name}.")
        elif stored.name != "best":
            self.notes.append(f"The run has no best weights yet; using its {stored.name} checkpoint.")
        self.vocabulary = Vocabulary.load(
            run.vocabulary_path,
            stored.progress.vocabulary,
            hint=f"Rebuild it from the data: tmeattn resume {run.id}; or restore the file from a copy.",
        )
        self.tokenizer: OpenTokenizer = run_tokenizer(self.config)
        if stored.progress.tokenizer not in ("", self.tokenizer.fingerprint):
            self.notes.append(
                f"The tokenizer {self.tokenizer.name} has changed since the run was trained, so that predictions may "
                f"differ: it was {shortened(stored.progress.tokenizer)!r}."
            )
        self.max_length = self.config.train.max_length
        self.device = choose_device(device)
        space = Space(
            vocabulary_size=len(self.vocabulary),
            num_classes=len(self.classes),
            vector_size=run.data["vector_size"],
            tune=self.config.train.tune_embeddings,
            prepared=stored.progress.prepared,
        )
        _check_sizes(self.config, space, stored)
        model = build_model(self.config, space)
        stored.load_model(model)
        self.trained = frozenset(name for name, parameter in model.named_parameters() if parameter.requires_grad)
        self._models = ThreadModels(model.to(self.device).eval().requires_grad_(False), owner(self.spec))

    @property
    def model(self) -> nn.Module:
        """The module, in evaluation mode. Each thread has a copy of its own, with the same weights."""
        return self._models.of_this_thread()

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.run.id

    def weights_hash(self) -> str:
        """A hash of the names and values of the weights."""
        found = hashlib.blake2b(digest_size=16)
        for name, value in self.model.state_dict().items():
            found.update(name.encode())
            if isinstance(value, Tensor):
                found.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        return found.hexdigest()

    def copied_model(self) -> nn.Module:
        """A new copy of the module with weights of its own, to be trained for example.

        Raises:
            BadInput: the model cannot be copied.
        """
        return self._models.new_copy()

    def encode(self, text: str) -> EncodedText:
        """Tokenize a text and keep the position of each token; only the first `max_length` tokens are kept."""
        found = self.tokenizer.pieces(text, self.max_length)
        spans = tuple(zip(found.starts, found.ends, found.pieces, strict=True))
        words = found.words if has_several_pieces(found.words) else None
        return EncodedText(text, spans, self.vocabulary.encode(found.pieces), found.total, words)

    def token_ids(self, text: str) -> np.ndarray:
        """The ids (T,) of `encode(text)`, without the positions: several times as fast."""
        return self.vocabulary.encode(self.tokenizer.tokens(text, self.max_length))

    def units(self, text: str) -> Units:
        """The words (W,) of `encode(text)`, to be erased as a whole."""
        found = self.tokenizer.pieces(text, self.max_length)
        return units_of(self.vocabulary.encode(found.pieces), found.words)

    def probabilities(self, texts: Sequence[str] | Sequence[Units], *, batch_size: int = BATCH) -> np.ndarray:
        """Class probabilities (N, C) of N texts, or of N sequences of token ids, in their order.

        The softmax is computed in float64, so that printed probabilities sum to one. A text without a token gets the
        probabilities of one unknown word.
        """
        return softmax(self.logits(texts, batch_size=batch_size))

    @torch.inference_mode()
    def logits(self, texts: Sequence[str] | Sequence[Units], *, batch_size: int = BATCH) -> np.ndarray:
        """Unnormalised class scores (N, C) float32 of N texts, or of N sequences of token ids, in their order."""
        sequences = [self.token_ids(text) if isinstance(text, str) else text for text in texts]
        logits_NC = np.empty((len(sequences), len(self.classes)), dtype=np.float32)
        for indices, tokens_BT, mask_BT in self._batches(sequences, batch_size):
            output = self.model(tokens_BT, mask_BT, need_maps=False)
            logits_NC[indices] = output.logits_BC.float().cpu().numpy()
        return logits_NC

    @torch.inference_mode()
    def masked_probabilities(
        self, sequences: Sequence[Units], masks: Sequence[np.ndarray], *, batch_size: int = BATCH
    ) -> np.ndarray:
        """Class probabilities (N, C) of N sequences of token ids whose word vectors are multiplied by masks (T, D).

        Raises:
            BadInput: the model does not look up its words in a single `nn.Embedding`.
        """
        embedding = self.embedding
        if embedding is None:
            raise BadInput(f"The model {self.spec.name!r} does not look up words in a single nn.Embedding.")
        logits_NC = np.empty((len(sequences), len(self.classes)), dtype=np.float32)
        for indices, tokens_BT, mask_BT in self._batches(sequences, batch_size):
            x_BTD = embedding(tokens_BT)
            for row, index in enumerate(indices):
                kept_TD = torch.from_numpy(masks[index]).to(x_BTD.device)
                x_BTD[row, : len(kept_TD)] *= kept_TD
            with replaced(embedding, x_BTD):
                output = self.model(tokens_BT, mask_BT, need_maps=False)
            logits_NC[indices] = output.logits_BC.float().cpu().numpy()
        return softmax(logits_NC)

    @torch.inference_mode()
    def read(self, sequences: Sequence[Units], *, batch_size: int = BATCH) -> Iterator[TextOutput]:
        """Logits, pooling weights and attention entropy of sequences of token ids, in their order."""
        outputs: dict[int, TextOutput] = {}
        for indices, tokens_BT, mask_BT in self._batches(sequences, batch_size):
            output = self.model(tokens_BT, mask_BT, need_maps=False)
            entropy_B = attention_entropy(output, mask_BT)
            for row, index in enumerate(indices):
                length = int(mask_BT[row].sum())
                weights_BT = output.attention_BT
                outputs[index] = TextOutput(
                    logits_C=output.logits_BC[row].float().cpu().numpy(),
                    weights_T=None if weights_BT is None else weights_BT[row, :length].float().cpu().numpy(),
                    entropy=None if entropy_B is None else float(entropy_B[row]),
                )
        return (outputs[index] for index in range(len(sequences)))

    @torch.inference_mode()
    def word_attention(
        self, sequences: Sequence[Units], *, layer: int | None = None, head: int | None = None
    ) -> list[np.ndarray] | None:
        """The attention weights (T,) of each sequence of token ids, in their order; None for a model without attention
        (see `models.layers.word_attention`)."""
        shown = self.shown_attention(sequences, layer=layer, head=head)
        return None if shown is None else [weights_T for weights_T, _ in shown]

    @torch.inference_mode()
    def shown_attention(
        self, sequences: Sequence[Units], *, layer: int | None = None, head: int | None = None
    ) -> list[tuple[np.ndarray, float | None]] | None:
        """The same weights, each with the share of the attention that is on special tokens such as CLS, which the
        weights leave out; None for a model without such tokens in its maps."""
        need_maps = self.spec.attention == "self" or layer is not None or head is not None
        shown: dict[int, tuple[np.ndarray, float | None]] = {}
        for indices, tokens_BT, mask_BT in self._batches(sequences, MAPS_BATCH if need_maps else BATCH):
            output = self.model(tokens_BT, mask_BT, need_maps=need_maps)
            weights_BT = word_attention(output, mask_BT, layer=layer, head=head)
            if weights_BT is None:
                return None
            special_B = special_attention(output, mask_BT, layer=layer, head=head)
            for row, index in enumerate(indices):
                weights_T = weights_BT[row, : int(mask_BT[row].sum())].cpu().numpy()
                shown[index] = weights_T, None if special_B is None else float(special_B[row])
        return [shown[index] for index in range(len(sequences))]

    @torch.inference_mode()
    def read_maps(self, sequences: Sequence[Units], reduce: Callable[[list[Tensor], int], Tensor]) -> list[np.ndarray]:
        """Apply `reduce` to the self-attention maps of each sequence of token ids; the results, in their order.

        `reduce` gets one (H, S, S) map for each layer, without padding, and the number of positions before the words
        (1 where the model has CLS). The maps of a text are not kept, because they grow with the square of its length.
        """
        reduced: dict[int, np.ndarray] = {}
        for indices, tokens_BT, mask_BT in self._batches(sequences, MAPS_BATCH):
            output = self.model(tokens_BT, mask_BT, need_maps=True)
            prefix = prefix_length(output, mask_BT)
            for row, index in enumerate(indices):
                size = prefix + int(mask_BT[row].sum())
                maps = [map_BHSS[row, :, :size, :size].float() for map_BHSS in output.maps or ()]
                reduced[index] = reduce(maps, prefix).cpu().numpy()
        return [reduced[index] for index in range(len(sequences))]

    @torch.inference_mode()
    def read_values(
        self,
        sequences: Sequence[Units],
        reduce: Callable[[list[Tensor], list[Tensor], int], Tensor],
        *,
        of_maps: bool = False,
    ) -> list[np.ndarray]:
        """Apply `reduce` to the attention and the value vectors of each sequence of token ids; the results, in their
        order.

        of_maps: those of self-attention, also of a model that pools its states by attention.

        `reduce` gets tensors without padding: for each layer of self-attention the map (H, S, S) and the value vectors
        (H, S, D), and the number of positions before the words; of pooling, one tensor of weights (T,) and one of value
        vectors (T, D), and 0.
        """
        reduced: dict[int, np.ndarray] = {}
        for indices, tokens_BT, mask_BT in self._batches(sequences, MAPS_BATCH):
            output = self.model(tokens_BT, mask_BT, need_maps=of_maps or self.spec.attention == "self")
            prefix = prefix_length(output, mask_BT)
            weights = output.maps or (output.attention_BT,)
            for row, index in enumerate(indices):
                size = prefix + int(mask_BT[row].sum())
                of_text = [one[row, ..., :size, :size] if output.maps else one[row, :size] for one in weights]
                values = [one[row, ..., :size, :].float() for one in output.values]
                reduced[index] = reduce([one.float() for one in of_text], values, prefix).cpu().numpy()
        return [reduced[index] for index in range(len(sequences))]

    def _batches(self, sequences: Sequence[Units], size: int) -> Iterator[tuple[list[int], Tensor, Tensor]]:
        """Batches of sequences of similar length, on the device: their indices, tokens_BT and mask_BT."""
        ids = [flat(units) for units in sequences]
        order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
        for start in range(0, len(order), size):
            indices = order[start : start + size]
            tokens_BT, mask_BT = collate([ids[index] for index in indices], self.max_length)
            yield indices, tokens_BT.to(self.device), mask_BT.to(self.device)

    @cached_property
    def heads(self) -> tuple[int, ...]:
        """The number of heads of each layer of self-attention; empty for a model without, also where it pools by
        attention."""
        if self.spec.attention == "none":
            return ()
        (counts,) = self.read_maps([np.array([UNKNOWN])], lambda maps, prefix: torch.tensor([len(one) for one in maps]))
        return tuple(int(count) for count in counts)

    @cached_property
    def reads_from_prefix(self) -> bool:
        """See `ModelOutput.read_from_prefix`."""
        ((_, tokens_BT, mask_BT),) = self._batches([np.array([UNKNOWN])], 1)
        with torch.inference_mode():
            return bool(self.model(tokens_BT, mask_BT, need_maps=False).read_from_prefix)

    @cached_property
    def gives_values(self) -> bool:
        """Whether the model's output has the vectors of which its attention takes the weighted sum."""
        return self.spec.attention != "none" and self._gives_values(self.spec.attention == "self")

    @cached_property
    def gives_values_of_maps(self) -> bool:
        """The same for self-attention, also of a model that pools its states by attention."""
        return bool(self.heads) and self._gives_values(True)

    def _gives_values(self, need_maps: bool) -> bool:
        ((_, tokens_BT, mask_BT),) = self._batches([np.array([UNKNOWN])], 1)
        with torch.inference_mode():
            return self.model(tokens_BT, mask_BT, need_maps=need_maps).values is not None

    @property
    def embedding(self) -> nn.Embedding | None:
        """The module that looks up the word vectors, in the model of the calling thread; None where the model has no
        such module (see `embedding_path`)."""
        path = self._embedding_path
        return None if path is None else self.model.get_submodule(path)  # type: ignore[return-value]

    @cached_property
    def _embedding_path(self) -> str | None:
        return embedding_path(self.model)


def _check_sizes(config: RunConfig, space: Space, stored: checkpoint.Checkpoint) -> None:
    """Compare the sizes of the configuration with those of the weights before memory is allocated for the model: the
    configuration of a received run may claim any size.

    Raises:
        BadInput: they differ.
    """
    try:
        planned = planned_model(config, space)
    except BadInput:  # a plugin's model that computes while it is built: the weights are compared after it is built
        return
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns that nothing is copied to a model without memory
        stored.load_model(planned)
