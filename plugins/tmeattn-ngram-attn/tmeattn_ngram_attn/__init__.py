"""Attention over words that starts from what naive Bayes and logistic regression know of their n-grams."""

from typing import ClassVar, Literal

from pydantic import Field

from tmeattn.config import ModelConfig, Recipes
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import ModelSpec


class Config(ModelConfig):
    """Attention over words, whose prior scores are the evidence of their n-grams.

        e_t    = evidence of the n-grams that word t is part of for each class, each shared among its words
        s_t    = ln(|e_t| + floor) + agreement * p . e_t / (|e_t| + floor),   p = softmax(sum_t e_t)
        a, u   = softmax(s + q . h), softmax(s)
        logits = scale * sum_t a_t e_t / u_t  +  W sum_t a_t h_t  +  b

        w_1 ... w_T  -> n-grams of 1 to --ngrams words -> naive Bayes, logistic regression -> e_1 ... e_T -> s
         |       |                                                                             |
        h_1 ... h_T  of a word and its neighbours  <--- q ------------> a_1 ... a_T = softmax(s + q . h)
          \\      /
         weighted mean -> linear -> logits

    h_t = relu(convolution of --window word vectors around t), a learned embedding of the n-gram there.

    With q = 0 and W = 0 this is logistic regression over n-grams, written as attention: its weights are the evidence of
    each word, more of it where the word speaks for what the n-grams of the whole text say (p), since that is what the
    prediction rests on. Training adds what the words around it say.

    The evidence is cross-fitted: the training texts are dealt into --folds parts by their content, and a text meets
    weights that were fitted without its part, so what training sees of the evidence is as honest as what validation
    will. Other texts meet the mean of all folds.

    Recipe modern: two epochs, as the third overfits; whole texts but for the longest hundredth.
    """

    recipes: ClassVar[Recipes] = {
        "modern": {"max_length": 1000, "lr": 3e-3, "epochs": 2},
        "report": {"max_length": 1000},
    }

    ngrams: int = Field(3, ge=1, le=3, description="Words of the longest n-grams.")
    min_texts: int = Field(2, ge=1, description="An n-gram in fewer training texts is left out.")
    strength: float = Field(1.0, gt=0, description="Inverse of the L2 penalty of the evidence (C of scikit-learn).")
    folds: int = Field(4, ge=2, le=20, description="Parts of the training texts, each weighed without itself.")
    floor: float = Field(0.01, gt=0, description="Prior weight of a word without evidence.")
    agreement: float = Field(
        1.0, ge=0, le=10, description="How much attention prefers words that speak for what all n-grams say; 0: not."
    )
    window: Literal[1, 3, 5, 7] = Field(5, description="Words that a state looks at: its own and its neighbours.")
    hidden_size: int = Field(100, ge=1, le=8192, description="Width of the states.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Share of the pooled state's entries dropped in training.")
    input_dropout: float = Field(0.5, ge=0, lt=1, description="Share of the word vectors' entries dropped in training.")


@hookimpl
def tmeattn_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="ngram-attn",
            summary="Attention over words whose prior scores are the cross-fitted evidence of n-grams",
            config="tmeattn_ngram_attn:Config",
            build="tmeattn_ngram_attn.model:NgramAttention",
            prepare="tmeattn_ngram_attn.evidence:prepare",
            attention="pool",
            reference="Wang and Manning 2012; Wolpert 1992 (stacked generalization)",
        )
    ]
