"""Configurations of the built-in models, from which `tmeattn models` and the options of `train` are made. No torch.

Each docstring is the page of `tmeattn models NAME`: a formula, a diagram, and the reasons for the recipe `modern`.
These recipes were chosen on the validation split of imdb-25k with 50-dimensional GloVe vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tmeattn.config import ModelConfig, Recipes, TrainOptions
from tmeattn.errors import BadInput

_OF_STEPS = (
    "alpha_warmup", "balance", "batch_size", "clip_norm", "epochs", "lr", "lr_schedule", "momentum", "optimizer",
    "patience", "precision", "processes", "seed", "tune_embeddings", "vector_size", "vectors", "weight_decay",
)  # fmt: skip
"""The options of training that only a training by steps, or only a model with word vectors, has a use for."""


class MeanConfig(ModelConfig):
    """Mean of the word vectors, then a linear classifier.

        x_t    = E[w_t]
        logits = W mean_t(x_t) + b

        w_1  w_2  ...  w_T
         |    |         |        word vectors
        x_1  x_2  ...  x_T
          \\   |   ...  /
             mean                the same weight for every word
              |
            linear -> logits

    The report's baseline: the accuracy of word vectors alone, without word order and without attention.

    Recipe modern: with tuned vectors and a high learning rate (5e-3), validation accuracy is highest after about three
    epochs. Then the model overfits, and early stopping ends training.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.2, "input_dropout": 0.3, "lr": 5e-3, "epochs": 8},
        "report": {"dropout": 0.0, "input_dropout": 0.0},
        "sweep": {"lr": "1e-3..2e-2:log", "dropout": "0..0.5:0.1", "input_dropout": "0..0.6:0.1"},
    }

    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the pooled vector.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the word vectors.")


class SimpleAttnConfig(MeanConfig):
    """Attention over word vectors with one learned query, the same for every text.

        a_t    = softmax_t(q . x_t)
        logits = W sum_t a_t x_t + b

        w_1  w_2  ...  w_T
         |    |         |        word vectors
        x_1  x_2  ...  x_T  <--- q   learned query
          \\   |   ...  /
         weighted mean           a_1 ... a_T = softmax(q . x)
              |
            linear -> logits

    The report's first attention model.

    Recipe modern: as for the mean, for the same reasons. The first epoch is often the best.
    """


class QueryAttnConfig(MeanConfig):
    """Attention over word vectors whose query is computed from the text itself.

        q(t)   = f(mean_t x_t)
        a_t    = softmax_t(q(t) . x_t)
        logits = W sum_t a_t v(x_t) + b

        w_1  w_2  ...  w_T
         |    |         |        word vectors
        x_1  x_2  ...  x_T  ---> mean -> f -> q(t)
         |    |         |                      |
        v_1  v_2  ...  v_T  <------------------+
          \\   |   ...  /
         weighted mean           a_1 ... a_T = softmax(q(t) . x)
              |
            linear -> logits

    The query network f is a linear map, or an MLP with ReLU and the hidden widths --query-hidden. The value network v
    is the identity, or an MLP with one hidden layer of the width --value-hidden. --scaled divides q . x by the square
    root of the number of dimensions. Report, part 1: query and value networks.

    Recipe modern: scaled scores, because unscaled ones gave one point less accuracy. A dropout rate of 0.5 for the word
    vectors and a lower learning rate (3e-3), because with the recipe of the mean the second epoch already overfits.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.2, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5, "scaled": True},
        "report": MeanConfig.recipes["report"],
        "sweep": {
            "lr": "5e-4..1e-2:log",
            "dropout": "0..0.5:0.1",
            "input_dropout": "0..0.7:0.1",
            "value_hidden": "0,64,128",
            "scaled": "yes,no",
        },
    }

    query_hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
        (), description='Hidden widths of the query network, such as 128 or 256,128; "" for a linear map.'
    )
    value_hidden: int = Field(
        0, ge=0, le=8192, description="Hidden width of the value network; 0 for no value network."
    )
    scaled: bool = Field(False, description="Divide the scores by the square root of the number of dimensions.")


class LstmConfig(ModelConfig):
    """LSTM over the word vectors, and a classifier of its state after the last word.

        h_t    = LSTM(x_t, h_{t-1})
        logits = W h_T + b

        w_1    w_2   ...   w_T
         |      |           |     word vectors
        h_1 -> h_2 -> ... -> h_T  LSTM states
                              |
                            linear -> logits

    The report's recurrent baseline (Hochreiter and Schmidhuber 1997).

    Recipe modern: AdamW with a learning rate of 3e-3, and dropout rates of 0.5 before and after the LSTM: the best
    validation accuracy of a few values. Recipe report: as many epochs as needed (report 1.5), which here means until 15
    epochs have brought no higher validation accuracy, and at most 200.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.5, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5},
        "report": {"dropout": 0.0, "input_dropout": 0.0, "epochs": 200, "patience": 15},
        "sweep": {
            "lr": "5e-4..1e-2:log",
            "hidden_size": "50,100,200",
            "dropout": "0..0.7:0.1",
            "input_dropout": "0..0.7:0.1",
        },
    }

    hidden_size: int = Field(100, ge=1, le=8192, description="Number of dimensions of the LSTM's states.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the classified vector.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the word vectors.")


class LstmAttnConfig(LstmConfig):
    """LSTM with attention over all its states, so that the classifier has direct access to every word.

        h_t    = LSTM(x_t, h_{t-1})
        a_t    = softmax_t(q . h_t)
        logits = W sum_t a_t h_t + b

        w_1    w_2   ...   w_T
         |      |           |     word vectors
        h_1 -> h_2 -> ... -> h_T  LSTM states  <--- q   learned query
          \\     |    ...   /
            weighted mean         a_1 ... a_T = softmax(q . h)
                |
              linear -> logits

    The report's best model of part 1.

    Recipes modern and report: as for the LSTM. With --alpha and the recipe modern, the entropy penalty increases over
    two epochs, because a full penalty from the first step can make attention collapse to one word.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.5, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5, "alpha_warmup": 2.0},
        "report": {"dropout": 0.0, "input_dropout": 0.0, "epochs": 200, "patience": 15},
        "sweep": LstmConfig.recipes["sweep"],
    }


class TransformerConfig(ModelConfig):
    """Blocks of self-attention over the word vectors, and a classifier of the mean of the last states or of CLS.

        Q, K, V = linear maps of x for each head
        A       = softmax(Q K^T / sqrt(k))
        x       = dropout(norm(x + the heads' A V, concatenated and projected))
        x       = dropout(norm(x + MLP(x)))    both lines --layers times
        logits  = W mean_t(x_t) + b

        CLS  w_1  w_2  ...  w_T
         |    |    |         |        word vectors (+ positions)
        [ self-attention + norm  ]    all words attend to all words
        [ MLP            + norm  ]
                  ...                 --layers blocks
         |    |    |         |
         |   mean of the words
         |      |
        --pool  cls or mean -> linear -> logits

    Heads are wide, as in the report: each has the full number of dimensions k, and a projection maps the heads * k
    concatenated dimensions back to k. With --narrow-heads, as usual elsewhere, each has k / heads. --positions adds
    positional encodings; without them the order of the words has no effect. CLS is a learned linear map of a fixed
    random vector.

    Recipe modern: a dropout rate of 0.5 for the word vectors, as for the LSTM, and AdamW with a learning rate of 2e-3.
    On 6,000 texts this rate gave 84.2 % validation accuracy, and 1e-3 gave 81.4 %.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {
            "layers": 3,
            "dropout": 0.2,
            "input_dropout": 0.5,
            "lr": 2e-3,
            "batch_size": 32,
            "epochs": 4,
            "alpha_warmup": 2.0,
        },
        "report": {
            "layers": 3,
            "dropout": 0.2,
            "input_dropout": 0.0,
            "position_base": 1000.0,
            "batch_size": 16,
            "max_length": 500,
            "epochs": 30,
        },
        "sweep": {
            "lr": "3e-4..5e-3:log",
            "layers": "1..4",
            "heads": "1,2,4",
            "dropout": "0..0.5:0.1",
            "input_dropout": "0..0.7:0.1",
        },
    }

    layers: int = Field(3, ge=1, le=64, description="Number of blocks.")
    heads: int = Field(1, ge=1, le=256, description="Number of attention heads in each block.")
    narrow_heads: bool = Field(
        False, description="Divide the dimensions among the heads, or give each head all of them."
    )
    pool: Literal["mean", "cls"] = Field(
        "mean", description="Classify the mean of the last states, or the state of CLS."
    )
    positions: Literal["none", "sinusoidal", "learned"] = Field("none", description="Positional encoding of the words.")
    position_base: float = Field(10000.0, gt=1, description="Base of the wavelengths of the sinusoidal encoding.")
    max_positions: int = Field(
        512, ge=1, le=2**20, description="Number of learned positions: the longest text in words."
    )
    mlp_ratio: int = Field(
        5, ge=1, le=64, description="Hidden width of the MLP, as a multiple of the number of dimensions."
    )
    dropout: float = Field(0.2, ge=0, lt=1, description="Dropout rate after attention and after the MLP of each block.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Dropout rate of the word vectors.")

    def check(self, train: TrainOptions) -> None:
        if self.positions == "learned" and train.max_length > self.max_positions:
            raise BadInput(
                f"--max-length {train.max_length} is more than the {self.max_positions} learned positions.",
                hint=f"Lower --max-length, or use --max-positions {train.max_length}.",
            )


class NbLogregConfig(ModelConfig):
    """Logistic regression over the n-grams of a text with naive-Bayes weights: the baseline for every model.

        r_g    = ln( p(g | class) / p(g | other classes) )    from counts in the training texts
        logits = b + sum over the distinct n-grams g of the text of w_g r_g

        the  acting  is  not  good
        +----+ +-----+ +-+ +--+ +--+     n-grams of 1 to --ngrams words
               +--------+  +-------+
              +1.1 ... -0.3 ... -2.0     the sum of their weights
                      |
                   logits

    scikit-learn fits it before the first step (Wang and Manning 2012). It has no trainable parameters, so a run is one
    epoch that evaluates it. Word vectors, --lr and --seed have no effect.

    Recipes modern and report: whole texts, and words that occur in at least two texts.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"vectors": "random", "epochs": 1, "max_length": 4096},
        "report": {"vectors": "random", "epochs": 1, "max_length": 4096, "min_count": 2, "tokenizer": "basic_english"},
        "sweep": {"ngrams": "1,2,3", "strength": "0.01..10:log", "min_texts": "1..5"},
    }

    def idle(self, train: TrainOptions) -> Mapping[str, str]:
        return dict.fromkeys(_OF_STEPS, "the model is solved in one fit before the first step")

    ngrams: int = Field(3, ge=1, le=3, description="Length of the longest n-grams in words.")
    min_texts: int = Field(1, ge=1, description="Ignore n-grams that occur in fewer training texts.")
    strength: float = Field(1.0, gt=0, description="Inverse of the L2 penalty (C of scikit-learn).")
