"""Pretrained encoders of Hugging Face transformers: the model `encoder`. Nothing here imports torch."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator

import tmeattn
from tmeattn.paths import existing_path


class Config(tmeattn.ModelConfig):
    """A pretrained encoder, whose last states are pooled and classified.

        h_1 ... h_T = encoder([CLS] w_1 ... w_T [SEP])        the pieces w of the checkpoint's own tokenizer
        --pool attention:  a = softmax_t(q . h_t),  pooled = sum_t a_t h_t
        --pool mean:       pooled = mean_t h_t
        --pool cls:        pooled = state of [CLS]
        logits      = W pooled + b

        CLS  w_1  w_2  ...  w_T  SEP
         |    |    |         |    |       embedding of pieces and positions
        [ layer 1                  ]
                  ...                     frozen: --freeze-encoder, or all but the last --tune-layers
        [ layer L                  ]
         |   h_1  h_2  ...  h_T  <--- q   learned query (--pool attention)
         |     \\    |   ...  /
        cls   weighted mean or mean
               |
             linear -> logits

    --checkpoint is minilm-l6 (all-MiniLM-L6-v2, 6 layers, 384 dimensions, 12 heads), the folder of a checkpoint, or the
    name of a model of the Hugging Face Hub, such as intfloat/e5-small-v2. It needs config.json, tokenizer.json and
    safetensors files. Files of the type pickle and code of a checkpoint are never read.

    --pool attention works with --alpha, --uniform-attention and all methods for pooling attention; with --layer and
    --head, --method attention shows the maps of the encoder. [CLS] and [SEP] are never pooled.

    The states of frozen layers are computed once, in half precision, and kept in the cache folder: a head then trains
    in seconds. --lr is the learning rate of the head; --encoder-lr that of the encoder's last layer, and each layer
    below has --layer-decay times that of the layer above it.

    Recipe modern: a linear warm-up over a tenth of the steps, and the length of the checkpoint's own training. With
    --freeze-encoder, --lr is 0.03 and --epochs 6: the head alone learns slowly with less.
    """

    recipes: ClassVar[tmeattn.Recipes] = {
        "modern": {
            "vectors": "random",
            "lr": 1e-3,
            "batch_size": 32,
            "epochs": 4,
            "max_length": 254,
            "warmup": 0.1,
            "alpha_warmup": 1.0,
        },
        "report": {"vectors": "random", "lr": 1e-3, "batch_size": 32, "epochs": 4, "max_length": 200, "warmup": 0.1},
        "sweep": {"lr": "1e-4..1e-2:log", "encoder_lr": "1e-5..3e-4:log", "dropout": "0..0.5:0.1"},
    }

    checkpoint: str = Field(
        "minilm-l6",
        min_length=1,
        description="The encoder: minilm-l6, the folder of a checkpoint, or a name of the Hub.",
    )
    pool: Literal["attention", "mean", "cls"] = Field(
        "attention", description="How the last states become one vector: by learned attention, their mean, or CLS."
    )
    freeze_encoder: bool = Field(False, description="Train the pooling and the classifier only.")
    tune_layers: int = Field(
        0, ge=0, le=1024, description="Train only this many of the encoder's last layers; 0: all of it."
    )
    encoder_lr: float = Field(1e-4, gt=0, description="Learning rate of the encoder's last layer; --lr: of the head.")
    layer_decay: float = Field(
        0.9, gt=0, le=1, description="Learning rate of a layer, as a multiple of that of the layer above it."
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout rate of the pooled vector.")
    attention_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="Dropout rate of the attention weights in the encoder; above 0, training takes twice as long.",
    )
    cache_states: bool = Field(
        True, description="Compute the states of frozen layers once and keep them in the cache folder."
    )

    @classmethod
    def recipe_for(cls, recipe: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """With a frozen encoder, the higher learning rate that a head alone needs."""
        own = super().recipe_for(recipe, given)
        return {**own, "lr": 3e-2, "epochs": 6} if recipe == "modern" and given.get("freeze_encoder") is True else own

    @field_validator("checkpoint")
    @classmethod
    def _absolute(cls, value: str) -> str:
        """The path of a folder as an absolute path, so that the run can be used from any folder."""
        from tmeattn_transformers.checkpoints import MINILM

        path = None if value == MINILM else existing_path(value)
        return value if path is None else str(path)

    @property
    def is_partly_frozen(self) -> bool:
        return self.freeze_encoder or self.tune_layers > 0

    def kind_of_attention(self) -> Literal["pool", "self"]:
        return "pool" if self.pool == "attention" else "self"

    def check(self, train: tmeattn.TrainOptions) -> None:
        if self.freeze_encoder and self.tune_layers:
            raise tmeattn.BadInput(
                f"--freeze-encoder and --tune-layers {self.tune_layers} contradict each other.",
                hint="Leave one of them out.",
            )
        if self.freeze_encoder and self.pool != "attention" and train.alpha > 0:
            raise tmeattn.BadInput(
                f"--freeze-encoder with --pool {self.pool} leaves --alpha nothing to penalise: the maps are fixed.",
                hint="Use --pool attention, or leave --alpha out.",
            )
        if train.vectors != "random":
            raise tmeattn.BadInput(
                f"--vectors {train.vectors}: the model 'encoder' has the embedding of its checkpoint.",
                hint="Leave --vectors out.",
            )
        from tmeattn_transformers.checkpoints import most_pieces

        most = most_pieces(self.checkpoint)
        if most is not None and train.max_length > most:
            raise tmeattn.BadInput(
                f"--max-length {train.max_length} is more than the {most} pieces that the checkpoint "
                f"{self.checkpoint} has positions for.",
                hint=f"Use --max-length {most}: longer texts are cut there.",
            )

    def idle(self, train: tmeattn.TrainOptions) -> Mapping[str, str]:
        own = "the checkpoint has an embedding of its own"
        found = {"min_count": "the checkpoint has a vocabulary of its own", "vector_size": own, "tune_embeddings": own}
        if self.freeze_encoder:
            found |= dict.fromkeys(("encoder_lr", "layer_decay", "attention_dropout"), "the encoder is frozen")
        if not self.is_partly_frozen:
            found["cache_states"] = "no layer is frozen"
        return found


@tmeattn.hookimpl
def tmeattn_models() -> list[tmeattn.ModelSpec]:
    return [
        tmeattn.ModelSpec(
            name="encoder",
            summary="Pretrained encoder (MiniLM, or any of transformers) with attention pooling, mean or CLS",
            config="tmeattn_transformers:Config",
            build="tmeattn_transformers.model:build",
            prepare="tmeattn_transformers.model:prepare",
            tokenizer="tmeattn_transformers.tokenizer:tokenizer_of",
            attention="pool",
            reference="Vaswani et al. 2017; Devlin et al. 2019; Reimers and Gurevych 2019; Wang et al. 2020 (MiniLM)",
        )
    ]
