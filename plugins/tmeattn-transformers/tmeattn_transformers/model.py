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
from torch.nn import functional as F

import tmeattn
from tmeattn import layers
from tmeattn.specs import FIRST_OWN_ID, PADDING, UNKNOWN
from tmeattn_transformers import attention, states
from tmeattn_transformers.architecture import layers_of, load_encoder
from tmeattn_transformers.checkpoints import find
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


class PieceEmbedding(nn.Embedding):
    """The embedding of a checkpoint, which takes token ids of tmeattn: (B, T) -> (B, T, D)."""

    def __init__(self, own: nn.Embedding, padding: int, unknown: int) -> None:
        super().__init__(own.num_embeddings, own.embedding_dim, _weight=own.weight.detach())
        self.padding, self.unknown = padding, unknown

    def forward(self, tokens_BT: Tensor) -> Tensor:
        own_BT = tokens_BT - FIRST_OWN_ID
        own_BT = own_BT.masked_fill(tokens_BT == UNKNOWN, self.unknown).masked_fill(tokens_BT == PADDING, self.padding)
        return F.embedding(own_BT, self.weight)


class LowerLayer(nn.Module):
    """A frozen layer below layers that are trained. The states of the last of them are rounded to half precision, as
    they are stored, and are kept or given from outside."""

    def __init__(self, layer: nn.Module, is_last: bool) -> None:
        super().__init__()
        self.layer, self.is_last, self.keeps = layer, is_last, False
        self.given_BSD: Tensor | None = None
        self.kept_BSD: Tensor | None = None

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:  # such as the type of attention, by which an encoder chooses a mask
            return getattr(super().__getattr__("layer"), name)

    def forward(self, hidden_states: Tensor, *more: Any, **named: Any) -> Any:
        if self.given_BSD is not None:
            return self.given_BSD
        output = self.layer(hidden_states, *more, **named)
        if not self.is_last:
            return output
        states_BSD, rest = (output[0], output[1:]) if isinstance(output, tuple) else (output, None)
        rounded_BSD = rounded(states_BSD)
        if self.keeps:
            self.kept_BSD = rounded_BSD
        return rounded_BSD if rest is None else (rounded_BSD, *rest)


def rounded(states: Tensor) -> Tensor:
    """States rounded to half precision, as they are stored. The gradient is that of the identity."""
    return states + (states.detach().half().to(states.dtype) - states.detach())


class Encoder(nn.Module):
    """See `tmeattn_transformers.Config`."""

    def __init__(self, config: Config, space: tmeattn.Space) -> None:
        super().__init__()
        source = find(config.checkpoint)
        if space.prepared is not None:
            source.require(space.prepared["weights"])
        tokenizer = tokenizer_in(source)
        self.before, self.after = tokenizer.special
        self.pool, self.checkpoint, self.caches_states = config.pool, config.checkpoint, config.cache_states
        if config.pool == "cls" and not self.before:
            raise tmeattn.BadInput(f"--pool cls: the checkpoint {config.checkpoint} puts no token in front of a text.")
        encoder = load_encoder(source)
        own, padding = encoder.get_input_embeddings(), encoder.config.pad_token_id or 0
        if len(tokenizer.vocabulary) > own.num_embeddings:
            raise tmeattn.BadInput(
                f"The tokenizer of the checkpoint {config.checkpoint} has {len(tokenizer.vocabulary)} pieces, and its "
                f"embedding {own.num_embeddings}."
            )
        unknown = padding if tokenizer.unknown is None else tokenizer.unknown
        encoder.set_input_embeddings(PieceEmbedding(own, padding, unknown))
        self.encoder = encoder
        width = encoder.config.hidden_size
        if config.pool == "attention":
            self.attend = layers.AttentionPooling(width)
        self.classify = layers.ClassifierHead(width, space.num_classes, config.dropout)
        self.is_frozen, self.store, self.weights = config.freeze_encoder, None, source.sha256
        self.encoder_lr, self.layer_decay = config.encoder_lr, config.layer_decay
        self.lower = self._freeze(config.tune_layers)
        self.fixed = frozenset(name for name, parameter in self.named_parameters() if not parameter.requires_grad)
        attention.register()

    def _freeze(self, tune_layers: int) -> int:
        """Freeze what is not trained; the number of frozen layers below those that are trained."""
        if self.is_frozen:
            self.encoder.requires_grad_(False)
            return 0
        if not tune_layers:
            return 0
        parent, name = layers_of(self.encoder, self.checkpoint)
        own = getattr(parent, name)
        if tune_layers > len(own):
            raise tmeattn.BadInput(
                f"--tune-layers {tune_layers}: the encoder {self.checkpoint} has {len(own)} layers.",
                hint=f"Use at most {len(own)}, or leave it out to train the embedding, too.",
            )
        self.encoder.requires_grad_(False)
        own[len(own) - tune_layers :].requires_grad_(True)
        lower = len(own) - tune_layers
        for index in range(lower):
            own[index] = LowerLayer(own[index], index == lower - 1)
        return lower

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
            self.store = states.open_store(
                ["states", self.weights, self.lower, self.pool if self.is_frozen else "all", options.precision],
                texts,
                self._rows,
                self.encoder.config.hidden_size,
                lambda tokens_BT, mask_BT: self._stored_part(tokens_BT.to(device), mask_BT.to(device)),
                narrate,
            )
        self.train(was_training)

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
            rows_BRD = stored_BRD
        else:
            states_BSD, record = self._read(tokens_BT, mask_BT, stored_BRD, need_maps)
            rows_BRD = self._summary(states_BSD, mask_BT)
            if self.is_frozen:
                rows_BRD = rounded(rows_BRD)
        attention_BT = None
        if self.pool == "attention":
            pooled_BD, attention_BT = self.attend(rows_BRD, mask_BT)
        else:
            pooled_BD = rows_BRD[:, 0]
        logits_BC = self.classify(pooled_BD)
        maps, values = None, None if attention_BT is None else (rows_BRD,)
        if record is not None:
            maps, values = self._specials_first(record, mask_BT)
        return tmeattn.ModelOutput(logits_BC, attention_BT, maps, values, read_from_prefix=self.pool == "cls")

    def _rows(self, length: int) -> int:
        """The number of rows that are stored of a text of so many pieces."""
        if self.lower:
            return len(self.before) + length + len(self.after)
        return length if self.pool == "attention" else 1

    def _summary(self, states_BSD: Tensor, mask_BT: Tensor) -> Tensor:
        """What the pooling needs of the last states: those of the pieces, or one vector; (B, R, D)."""
        if self.pool == "cls":
            return states_BSD[:, :1]
        first = len(self.before)
        pieces_BTD = states_BSD[:, first : first + mask_BT.shape[1]]
        return pieces_BTD if self.pool == "attention" else layers.masked_mean(pieces_BTD, mask_BT).unsqueeze(1)

    def _stored_part(self, tokens_BT: Tensor, mask_BT: Tensor) -> Tensor:
        """What is stored of each text: (B, R, D)."""
        if not self.lower:
            return self._summary(self._read(tokens_BT, mask_BT, None, False)[0], mask_BT)
        last = self._layers[self.lower - 1]
        last.keeps = True
        try:
            self._read(tokens_BT, mask_BT, None, False)
            return last.kept_BSD
        finally:
            last.keeps, last.kept_BSD = False, None

    def _read(
        self, tokens_BT: Tensor, mask_BT: Tensor, given_BSD: Tensor | None, need_maps: bool
    ) -> tuple[Tensor, attention.Recorded | None]:
        """The last states (B, S, D) in the encoder's order of positions and, with `need_maps`, its attention.

        given_BSD: the states of the last frozen layer, which is not computed then.
        """
        x_BSD, mask_BS = self._with_specials(tokens_BT, mask_BT)
        lower = list(self._layers)[: self.lower] if self.lower else []
        functional = bool(self.encoder._can_set_attn_implementation())
        projections = {} if self.training or not need_maps or not functional else self._projections()
        recording: Any = contextlib.nullcontext()
        if need_maps and functional:
            recording = attention.recorded(self.encoder, projections)
        try:
            for layer in lower:
                layer.given_BSD = given_BSD
            with recording as record:
                more = {"output_attentions": True} if need_maps and not functional else {}
                output = self.encoder(inputs_embeds=x_BSD, attention_mask=mask_BS.long(), **more)
        finally:
            for layer in lower:
                layer.given_BSD = None
        if need_maps and record is None:
            record = attention.Recorded(maps=list(output.attentions))
        return output.last_hidden_state.float(), record

    def _with_specials(self, tokens_BT: Tensor, mask_BT: Tensor) -> tuple[Tensor, Tensor]:
        """The vectors (B, S, D) of [CLS] pieces [SEP] padding, and their padding mask (B, S)."""
        embedding = self.encoder.get_input_embeddings()
        x_BTD, lengths_B = embedding(tokens_BT), mask_BT.sum(dim=1)
        batch, first, behind = x_BTD.shape[0], len(self.before), len(self.after)
        before_BPD = embedding.weight[self.before].expand(batch, -1, -1)
        x_BSD = torch.cat([before_BPD.to(x_BTD), x_BTD, x_BTD.new_zeros(batch, behind, x_BTD.shape[2])], dim=1)
        rows_B = torch.arange(batch, device=x_BTD.device)
        for index, special in enumerate(self.after):
            x_BSD = x_BSD.index_put((rows_B, first + lengths_B + index), embedding.weight[special].to(x_BTD))
        mask_BS = torch.arange(x_BSD.shape[1], device=x_BTD.device) < (lengths_B + first + behind)[:, None]
        return x_BSD, mask_BS

    def _projections(self) -> dict[int, nn.Linear]:
        """The output projection of each attention module, by its id."""
        paths = attention.output_projections(self.encoder)
        return {
            id(self.encoder.get_submodule(path)): self.encoder.get_submodule(projection)
            for path, projection in paths.items()
        }

    def _specials_first(
        self, record: attention.Recorded, mask_BT: Tensor
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...] | None]:
        """The maps and value vectors with all special tokens in front of the pieces."""
        lengths_B1, first, behind = mask_BT.sum(dim=1, keepdim=True), len(self.before), len(self.after)
        steps_T = torch.arange(mask_BT.shape[1], device=mask_BT.device)
        order_BS = torch.cat(
            [
                torch.arange(first, device=mask_BT.device).expand(mask_BT.shape[0], -1),
                first + lengths_B1 + torch.arange(behind, device=mask_BT.device),
                first + steps_T + behind * (steps_T >= lengths_B1),
            ],
            dim=1,
        )
        rows_B1S1 = order_BS[:, None, :, None]
        maps = tuple(
            map_BHSS.gather(2, rows_B1S1.expand_as(map_BHSS)).gather(3, order_BS[:, None, None, :].expand_as(map_BHSS))
            for map_BHSS in record.maps
        )
        if len(record.values) != len(record.maps) or not record.maps:
            return maps, None
        return maps, tuple(values.gather(2, rows_B1S1.expand_as(values)) for values in record.values)
