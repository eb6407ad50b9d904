"""The spec and the options of the model. Nothing here imports torch, so that tmeattn can list it at once."""

from typing import ClassVar

from pydantic import Field

import tmeattn


class Config(tmeattn.ModelConfig):
    """Attention whose scores come from a small network: a_t = softmax_t(v . tanh(W x_t)).

    The fields below are options of `tmeattn train additive-attn`.
    """

    recipes: ClassVar[tmeattn.Recipes] = {"sweep": {"lr": "5e-4..1e-2:log", "score_size": "16,32,64"}}

    score_size: int = Field(32, ge=1, description="Width of the network that computes the scores.")


@tmeattn.hookimpl
def tmeattn_models() -> list[tmeattn.ModelSpec]:
    return [
        tmeattn.ModelSpec(
            name="additive-attn",
            summary="Additive attention over word vectors: scores from a small tanh network",
            config="tmeattn_additive_attn:Config",
            build="tmeattn_additive_attn.model:AdditiveAttention",
            attention="pool",
            reference="Bahdanau, Cho and Bengio 2015",
        )
    ]
