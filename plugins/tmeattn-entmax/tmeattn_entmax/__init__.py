"""Attention with weights of exactly zero, as an alternative to the entropy penalty."""

from typing import ClassVar, Literal

from pydantic import Field

import tmeattn


class Config(tmeattn.ModelConfig):
    """LSTM with attention over all its states, whose weights are exactly zero for most words.

        h_t    = LSTM(x_t, h_{t-1})
        a      = sparsemax or 1.5-entmax of the scores s_t = q . h_t / temperature
        logits = W sum_t a_t h_t + b

        softmax     a_t = exp(s_t) / sum exp(s)         never zero
        entmax15    a_t = max(s_t / 2 - c, 0)^2         zero below a threshold that depends on the text
        sparsemax   a_t = max(s_t - c, 0)               zero below a higher threshold

    c is chosen so that the weights sum to one. The rest of the model is `lstm-attn`, so that the two can be compared:
    there the penalty --alpha concentrates attention, here the function from scores to weights does.
    """

    recipes: ClassVar[tmeattn.Recipes] = {
        "modern": {"dropout": 0.5, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5, "alpha_warmup": 2.0},
        "report": {"dropout": 0.0, "input_dropout": 0.0, "patience": 15},
        "sweep": {"lr": "5e-4..1e-2:log", "weights": "entmax15,sparsemax,softmax", "temperature": "0.3..3:log"},
    }

    weights: Literal["entmax15", "sparsemax", "softmax"] = Field(
        "entmax15", description="Function from scores to weights."
    )
    temperature: float = Field(1.0, gt=0, description="Divides the scores: above 1 fewer weights are zero.")
    hidden_size: int = Field(100, ge=1, le=8192, description="Width of the LSTM's states.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the classified vector.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the word vectors.")


@tmeattn.hookimpl
def tmeattn_models() -> list[tmeattn.ModelSpec]:
    return [
        tmeattn.ModelSpec(
            name="lstm-entmax",
            summary="LSTM with attention over its states whose weights are zero for most words",
            config="tmeattn_entmax:Config",
            build="tmeattn_entmax.model:LstmEntmax",
            attention="pool",
            reference="Martins and Astudillo 2016; Peters, Niculae and Martins 2019",
        )
    ]
