"""Configurations of the built-in models. No torch: `tmeattn models` and the options of `train` come from here.

Each docstring is the page of `tmeattn models NAME`: a formula, a picture, and why the recipe `modern` is what it is.
Modern recipes were chosen on the validation split of imdb-25k with 50-dimensional GloVe vectors.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from tmeattn.config import ModelConfig, Recipes, TrainOptions
from tmeattn.errors import BadInput


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

    The report's baseline: what word vectors know without order and without attention.

    Recipe modern: with tuned vectors a large step (5e-3) finds the best weights within about three epochs; after that
    it overfits, and early stopping ends it.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.2, "input_dropout": 0.3, "lr": 5e-3, "epochs": 8},
        "report": {"dropout": 0.0, "input_dropout": 0.0},
    }

    dropout: float = Field(0.0, ge=0, lt=1, description="Share of the pooled vector's entries dropped in training.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Share of the word vectors' entries dropped in training.")


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

    Recipe modern: that of the mean, with the same reason; the best epoch is often the first.
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

    f is a linear map, or an MLP with ReLU between the widths of --query-hidden; v is the identity, or with
    --value-hidden an MLP of one hidden layer; --scaled divides q . x by the square root of the vector width.
    Report, part 1: a query q(t) computed from the text, and a value network.

    Recipe modern: scaled, as unscaled scores gave a point less; half of the vectors' entries dropped and a smaller
    step (3e-3), as with the mean's recipe the second epoch overfits already.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.2, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5, "scaled": True},
        "report": MeanConfig.recipes["report"],
    }

    query_hidden: tuple[Annotated[int, Field(ge=1, le=8192)], ...] = Field(
        (), description='Hidden widths of the query network, such as 128 or 256,128; "" is a linear map.'
    )
    value_hidden: int = Field(0, ge=0, le=8192, description="Hidden width of the value network; 0 has none.")
    scaled: bool = Field(False, description="Divide scores by the square root of the vector width.")


class LstmConfig(ModelConfig):
    """LSTM over the word vectors; its state after the last word is classified.

        h_t    = LSTM(x_t, h_{t-1})
        logits = W h_T + b

        w_1    w_2   ...   w_T
         |      |           |     word vectors
        h_1 -> h_2 -> ... -> h_T  LSTM states
                              |
                            linear -> logits

    The report's recurrent baseline (Hochreiter and Schmidhuber 1997).

    Recipe modern: AdamW at 3e-3, and dropout of one half before and after the LSTM, the best of a few tried.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.5, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5},
        "report": {"dropout": 0.0, "input_dropout": 0.0, "patience": 15},
    }

    hidden_size: int = Field(100, ge=1, le=8192, description="Width of the LSTM's states.")
    dropout: float = Field(0.0, ge=0, lt=1, description="Share of the classified vector's entries dropped in training.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Share of the word vectors' entries dropped in training.")


class LstmAttnConfig(LstmConfig):
    """LSTM with attention over all its states, so that no word is far from the classifier.

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

    Recipe modern: that of the LSTM; with --alpha the penalty rises over two epochs, as one from the first step can
    make attention collapse.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"dropout": 0.5, "input_dropout": 0.5, "lr": 3e-3, "epochs": 5, "alpha_warmup": 2.0},
        "report": {"dropout": 0.0, "input_dropout": 0.0, "patience": 15},
    }


class TransformerConfig(ModelConfig):
    """Blocks of self-attention over the word vectors; the mean of the last states is classified.

        Q, K, V = linear maps of x, one each a head
        A       = softmax(Q K^T / sqrt(k))
        x       = dropout(norm(x + heads of A V, joined))
        x       = dropout(norm(x + MLP(x)))    both lines --layers times
        logits  = W mean_t(x_t) + b

        CLS  w_1  w_2  ...  w_T
         |    |    |         |        word vectors (+ positions)
        [ self-attention + norm  ]    every word looks at every word
        [ MLP            + norm  ]
                  ...                 --layers blocks
         |    |    |         |
         |   mean of the words
         |      |
        --pool  cls or mean -> linear -> logits

    Heads are wide, as in the report: each keeps the full width k, all are concatenated and projected from heads * k
    back to k; --narrow-heads gives each k / heads, as usual. --positions adds an encoding of a word's place; without
    one the order of words does not matter. CLS is a fixed random vector through a learned linear map.

    Recipe modern: half of the word vectors' entries dropped, as for the LSTM, and AdamW at 2e-3: on 6,000 texts it gave
    84.2 % where 1e-3 gave 81.4 %.
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
    }

    layers: int = Field(3, ge=1, le=64, description="Blocks of self-attention.")
    heads: int = Field(1, ge=1, le=256, description="Attention heads of a block.")
    narrow_heads: bool = Field(False, description="Share the vector width among the heads, or give each all of it.")
    pool: Literal["mean", "cls"] = Field("mean", description="Classify the mean of the last states, or that of CLS.")
    positions: Literal["none", "sinusoidal", "learned"] = Field("none", description="Encoding of a word's place.")
    position_base: float = Field(10000.0, gt=1, description="Base of the sinusoidal encoding's wave lengths.")
    max_positions: int = Field(512, ge=1, le=2**20, description="Places that learned positions can tell apart.")
    mlp_ratio: int = Field(5, ge=1, le=64, description="Width of the MLP's hidden layer over that of the vectors.")
    dropout: float = Field(0.2, ge=0, lt=1, description="Share of the entries dropped after each half of a block.")
    input_dropout: float = Field(0.0, ge=0, lt=1, description="Share of the word vectors' entries dropped in training.")

    def check(self, train: TrainOptions) -> None:
        if self.positions == "learned" and train.max_length > self.max_positions:
            raise BadInput(
                f"--max-length {train.max_length} is more than the {self.max_positions} positions that are learned.",
                hint=f"Lower it, or use --max-positions {train.max_length}.",
            )


class NbLogregConfig(ModelConfig):
    """Logistic regression over the n-grams of a text, each weighted by naive Bayes: the floor for every claim.

        r_g    = ln( p(g | class) / p(g | other classes) )    counted in the training texts
        logits = b + sum over the distinct n-grams g of the text of w_g r_g

        the  acting  is  not  good
        +----+ +-----+ +-+ +--+ +--+     n-grams of 1 to --ngrams words
               +--------+  +-------+
              +1.1 ... -0.3 ... -2.0     their weights, summed
                      |
                   logits

    Fitted by scikit-learn before the first step (Wang and Manning 2012); nothing is left to train, so a run is one
    epoch that measures it. Word vectors, --lr and --seed do not matter to it.

    Recipe modern and report: whole texts, and words seen in two texts or more.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"vectors": "random", "epochs": 1, "max_length": 4096},
        "report": {"vectors": "random", "epochs": 1, "max_length": 4096, "min_count": 2, "tokenizer": "basic_english"},
    }

    ngrams: int = Field(3, ge=1, le=3, description="Words of the longest n-grams.")
    min_texts: int = Field(1, ge=1, description="An n-gram in fewer training texts is left out.")
    strength: float = Field(1.0, gt=0, description="Inverse of the weights' L2 penalty (C of scikit-learn).")
