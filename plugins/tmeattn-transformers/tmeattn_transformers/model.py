"""The model `encoder`: a pretrained encoder, pooling, and a classifier.

Shapes: B texts, T pieces, S = P + T positions with the P special tokens, R rows of stored states of a text, D
dimensions, H heads, C classes. The encoder reads [CLS] pieces [SEP] padding; in what the model gives, all special
tokens are in front.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

import tmeattn
from tmeattn import layers
from tmeattn_transformers import attention, states
from tmeattn_transformers.architecture import layers_of, load_encoder
from tmeattn_transformers.checkpoints import find
from tmeattn_transformers.frozen import freeze_lower, given, kept, rounded
from tmeattn_transformers.positions import PieceEmbedding, Specials
from tmeattn_transformers.tokenizer import tokenizer_in

if TYPE_CHECKING:
    from tmeattn_transformers import Config


def prepare(config: Config, corpus: tmeattn.Corpus) -> dict[str, str]:
    """What a run remembers of its checkpoint: the SHA-256 of the weights."""
    return {"weights": find(config.checkpoint).sha256}


def build(config: Config, space: tmeattn.Space) -> nn.Module:
    """The model of these options.

    Raises:
        BadInput: the checkpoint cannot be used, or is another one than that of the run.
        EnvironmentProblem: the checkpoint or a library is not installed.
    """
    if torch.empty(0).is_meta:
        raise tmeattn.BadInput("The weights of a checkpoint are read when the model is built.")
    return Encoder(config, space)


class Encoder(nn.Module):
    """See `tmeattn_transformers.Config`."""

    def __init__(self, config: Config, space: tmeattn.Space) -> None:
        super().__init__()
        source = find(config.checkpoint)
        if space.prepared is not None:
            source.require(space.prepared["weights"])
        tokenizer = tokenizer_in(source)
        self.specials = Specials(*tokenizer.special)
        self.pool, self.checkpoint, self.caches_states = config.pool, config.checkpoint, config.cache_states
        if config.pool == "cls" and not self.specials.before:
            raise tmeattn.BadInput(f"--pool cls: the checkpoint {config.checkpoint} puts no token in front of a text.")
        encoder = load_encoder(source, config.attention_dropout)
        own, padding = encoder.get_input_embeddings(), encoder.config.pad_token_id or 0
        if len(tokenizer.vocabulary) > own.num_embeddings:
            raise tmeattn.BadInput(
                f"The tokenizer of the checkpoint {config.checkpoint} has {len(tokenizer.vocabulary)} pieces, and its "
                f"embedding {own.num_embeddings}."
            )
        unknown = padding if tokenizer.unknown is None else tokenizer.unknown
        encoder.set_input_embeddings(PieceEmbedding(own, padding, unknown))
        self.encoder = encoder
        self.takes_attention = bool(encoder._can_set_attn_implementation())  # which reads a source file
        width = encoder.config.hidden_size
        if config.pool == "attention":
            self.attend = layers.AttentionPooling(width)
        self.classify = layers.ClassifierHead(width, space.num_classes, config.dropout)
        self.is_frozen, self.store, self.weights = config.freeze_encoder, None, source.sha256
        self.encoder_lr, self.layer_decay = config.encoder_lr, config.layer_decay
        self.lower = 0
        if self.is_frozen:
            encoder.requires_grad_(False)
        elif config.tune_layers:
            self.lower = freeze_lower(encoder, config.checkpoint, config.tune_layers)
        self.fixed = frozenset(name for name, parameter in self.named_parameters() if not parameter.requires_grad)
        attention.register()

    @property
    def maps_are_fixed(self) -> bool:
        """Whether training changes none of the maps that the trainer would measure after every epoch."""
        return self.is_frozen

    @property
    def _layers(self) -> nn.ModuleList:
        parent, name = layers_of(self.encoder, self.checkpoint)
        return getattr(parent, name)

    # What the training asks of the model.

    def before_training(
        self, corpus: tmeattn.Corpus, options: tmeattn.TrainOptions, narrate: Callable[[str], None]
    ) -> None:
        """Compute the states of the frozen layers of all texts, or find them in the cache."""
        cut = sum(int((split.lengths > options.max_length).sum()) for split in corpus.splits.values())
        if cut:
            narrate(f"{cut:,} texts have more than {options.max_length} pieces: the encoder reads their beginning.")
        if not self.caches_states or not (self.is_frozen or self.lower):
            return
        texts = states.texts_of(corpus, options.max_length)
        device, was_training = next(self.parameters()).device, self.training
        self.eval()
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=options.precision == "bf16"):
            self.store = self._open_store(texts, options.precision, device, narrate)
        self.train(was_training)

    def _open_store(
        self, texts: states.Texts, precision: str, device: torch.device, narrate: Callable[[str], None]
    ) -> states.Store:
        """The store that this model reads. One vector for each text is made of the states of its pieces, where another
        run has stored them."""
        width = self.encoder.config.hidden_size
        keys = {rows: states.Key(self.weights, self.lower, rows, precision, width) for rows in ("all", self.pool)}
        if self._stores_all:
            return states.open_store(
                keys["all"], texts, self._rows, lambda *batch: self._states_to_store(*batch, device), narrate
            )
        whole = states.complete_store(keys["all"], texts, lambda length: self.specials.count + length)

        def summary(tokens_BT: Tensor, mask_BT: Tensor) -> Tensor:
            states_BSD = None if whole is None else whole.of(tokens_BT, mask_BT, 1)
            if states_BSD is None:
                states_BSD = self._states_to_store(tokens_BT, mask_BT, device)
            return self._summary(states_BSD, mask_BT.to(states_BSD.device))

        return states.open_store(keys[self.pool], texts, self._rows, summary, narrate)

    def learning_rates(self, lr: float) -> dict[str, float]:
        """The learning rate of each parameter of the encoder; that of the others is `lr`."""
        try:
            parent, name = layers_of(self.encoder, self.checkpoint)
            path = next(path for path, module in self.named_modules() if module is parent)
            count, prefix = len(getattr(parent, name)), f"{path}.{name}."
        except tmeattn.BadInput:
            count, prefix = 0, "-"
        rates = {}
        for name, _ in self.encoder.named_parameters(prefix="encoder"):
            below = count  # the embedding
            if name.startswith(prefix):
                below = count - 1 - int(name.removeprefix(prefix).partition(".")[0])
            elif "final" in name or not count:
                below = 0
            rates[name] = self.encoder_lr * self.layer_decay**below
        return rates

    def train(self, mode: bool = True) -> Encoder:
        """Frozen parts stay in evaluation mode, without dropout."""
        super().train(mode)
        if self.is_frozen:
            self.encoder.eval()
        elif self.lower:
            self.encoder.eval()
            for layer in list(self._layers)[self.lower :]:
                layer.train(mode)
        return self

    def state_dict(self, *arguments: Any, **named: Any) -> dict[str, Any]:
        """The weights that are trained: frozen ones are read from the checkpoint, whose SHA-256 the run remembers."""
        found = super().state_dict(*arguments, **named)
        for name in self.fixed:
            found.pop(named.get("prefix", "") + name, None)
        return found

    def load_state_dict(self, state_dict: Any, *arguments: Any, **named: Any) -> Any:
        own = super().state_dict()
        return super().load_state_dict({**{name: own[name] for name in self.fixed}, **state_dict}, *arguments, **named)

    # Reading texts.

    def forward(self, tokens_BT: Tensor, mask_BT: Tensor, need_maps: bool = False) -> tmeattn.ModelOutput:
        stored_BRD = None
        if self.store is not None and not need_maps:
            stored_BRD = self.store.of(tokens_BT, mask_BT, self._rows(tokens_BT.shape[1]))
        record = None
        if self.is_frozen and stored_BRD is not None:
            rows_BRD = self._summary(stored_BRD, mask_BT) if self._stores_all else stored_BRD
        else:
            states_BSD, record = self._read(tokens_BT, mask_BT, stored_BRD, need_maps)
            if self.is_frozen:
                rows_BRD = rounded(self._summary(rounded(states_BSD), mask_BT))
            else:
                rows_BRD = self._summary(states_BSD, mask_BT)
        attention_BT = None
        if self.pool == "attention":
            pooled_BD, attention_BT = self.attend(rows_BRD, mask_BT)
        else:
            pooled_BD = rows_BRD[:, 0]
        logits_BC = self.classify(pooled_BD)
        maps, values = None, None if attention_BT is None else (rows_BRD,)
        if record is not None:
            maps, values = self.specials.in_front(record, mask_BT)
        return tmeattn.ModelOutput(logits_BC, attention_BT, maps, values, read_from_prefix=self.pool == "cls")

    @property
    def _stores_all(self) -> bool:
        """Whether a state is stored for each position, or else one vector for each text."""
        return self.lower > 0 or self.pool == "attention"

    def _rows(self, length: int) -> int:
        """The number of rows that are stored of a text of so many pieces."""
        return self.specials.count + length if self._stores_all else 1

    def _summary(self, states_BSD: Tensor, mask_BT: Tensor) -> Tensor:
        """What the pooling needs of the last states: those of the pieces, or one vector; (B, R, D)."""
        if self.pool == "cls":
            return states_BSD[:, :1]
        first = len(self.specials.before)
        pieces_BTD = states_BSD[:, first : first + mask_BT.shape[1]]
        return pieces_BTD if self.pool == "attention" else layers.masked_mean(pieces_BTD, mask_BT).unsqueeze(1)

    def _states_to_store(self, tokens_BT: Tensor, mask_BT: Tensor, device: torch.device) -> Tensor:
        """The states (B, S, D) of the last frozen layer, rounded to half precision."""
        batch = tokens_BT.to(device), mask_BT.to(device)
        if not self.lower:
            return rounded(self._read(*batch, None, False)[0])
        with kept(self._layers[self.lower - 1]) as last:
            self._read(*batch, None, False)
            return last.kept_BSD

    def _read(
        self, tokens_BT: Tensor, mask_BT: Tensor, given_BSD: Tensor | None, need_maps: bool
    ) -> tuple[Tensor, attention.Recorded | None]:
        """The last states (B, S, D) in the encoder's order of positions and, with `need_maps`, its attention.

        given_BSD: the states of the last frozen layer, which is not computed then.
        """
        x_BSD, mask_BS = self.specials.added(self.encoder.get_input_embeddings(), tokens_BT, mask_BT)
        recording: Any = contextlib.nullcontext()
        if need_maps and self.takes_attention:
            recording = attention.recorded(self.encoder, {} if self.training else self._projections())
        more = {"output_attentions": True} if need_maps and not self.takes_attention else {}
        with given(list(self._layers)[: self.lower] if self.lower else [], given_BSD), recording as record:
            output = self.encoder(inputs_embeds=x_BSD, attention_mask=mask_BS.long(), **more)
        if more:
            record = attention.Recorded(maps=list(output.attentions))
        return output.last_hidden_state.float(), record

    def _projections(self) -> dict[int, nn.Linear]:
        """The output projection of each attention module, by its id."""
        paths = attention.output_projections(self.encoder)
        return {
            id(self.encoder.get_submodule(path)): self.encoder.get_submodule(projection)
            for path, projection in paths.items()
        }
