"""What tmeattn asks of a plugin. Nothing here imports torch, so listing models stays instant."""

from pydantic import Field

from tmeattn.config import ModelConfig
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import ModelSpec


class Config(ModelConfig):
    """Attention whose scores come from a small network: a_t = softmax_t(v . tanh(W x_t)).

    The fields below are options of `tmeattn train additive-attn`.
    """

    score_size: int = Field(32, ge=1, description="Width of the network that scores a word.")


@hookimpl
def tmeattn_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="additive-attn",
            summary="Additive attention over word vectors: scores from a small tanh network",
            config="tmeattn_additive_attn:Config",
            build="tmeattn_additive_attn.model:AdditiveAttention",
            attention="pool",
            reference="Bahdanau, Cho and Bengio 2015",
        )
    ]
