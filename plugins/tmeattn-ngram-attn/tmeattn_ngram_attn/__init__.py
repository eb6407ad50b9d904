"""Attention over words whose prior scores come from naive Bayes and logistic regression over n-grams."""

from typing import ClassVar, Literal

from pydantic import Field

import tmeattn


class Config(tmeattn.ModelConfig):
    """Attention over words, whose prior scores are the evidence of their n-grams.

        e_t    = evidence for each class of the n-grams that contain word t, divided equally among their words
        s_t    = ln(|e_t| + floor) + agreement * p . e_t / (|e_t| + floor),   p = softmax(sum_t e_t)
        a, u   = softmax(s + q . h), softmax(s)
        logits = scale * sum_t a_t e_t / u_t  +  W sum_t a_t h_t  +  b

        w_1 ... w_T  -> n-grams of 1 to --ngrams words -> naive Bayes, logistic regression -> e_1 ... e_T -> s
         |       |                                                                             |
        h_1 ... h_T  of a word and its neighbours  <--- q ------------> a_1 ... a_T = softmax(s + q . h)
          \\      /
         weighted mean -> linear -> logits

    h_t = relu(convolution of --window word vectors around t), a learned embedding of the n-gram there.

    With q = 0 and W = 0 the logits are those of logistic regression over n-grams. The attention weights then follow the
    evidence of each word, and are higher for words that agree with the class that the n-grams of the whole text predict
    (p), because the prediction depends on these words. Training adds the context of each word.

    The evidence is cross-fitted: each training text belongs to one of --folds parts, chosen by its content, and its
    evidence comes from weights that were fitted without this part. So the evidence is as reliable in training as in
    validation. Other texts use the mean of the weights of all folds.

    Recipe modern: two epochs, because the third overfits; a length that cuts only one text in a hundred.
    """

    recipes: ClassVar[tmeattn.Recipes] = {
        "modern": {"max_length": 1000, "lr": 3e-3, "epochs": 2},
        "report": {"max_length": 1000},
        "sweep": {"lr": "5e-4..1e-2:log", "ngrams": "1,2,3", "min_texts": "1..5", "strength": "0.1..10:log"},
    }

    ngrams: int = Field(3, ge=1, le=3, description="Length of the longest n-grams in words.")
    min_texts: int = Field(2, ge=1, description="Ignore n-grams that occur in fewer training texts.")
    strength: float = Field(1.0, gt=0, description="Inverse of the L2 penalty of the evidence (C of scikit-learn).")
    folds: int = Field(4, ge=2, le=20, description="Number of parts of the training texts for cross-fitting.")
    floor: float = Field(0.01, gt=0, description="Prior attention weight of a word without evidence.")
    agreement: float = Field(
        1.0,
        ge=0,
        le=10,
        description="Preference for words that agree with the class predicted by all n-grams; 0: none.",
    )
    window: Literal[1, 3, 5, 7] = Field(
        5, description="Number of words that a state depends on: the word and its neighbours."
    )
    hidden_size: int = Field(100, ge=1, le=8192, description="Width of the states.")
    dropout: float = Field(0.5, ge=0, lt=1, description="Dropout rate of the pooled state.")
    input_dropout: float = Field(0.5, ge=0, lt=1, description="Dropout rate of the word vectors.")


@tmeattn.hookimpl
def tmeattn_models() -> list[tmeattn.ModelSpec]:
    return [
        tmeattn.ModelSpec(
            name="ngram-attn",
            summary="Attention over words whose prior scores are the cross-fitted evidence of n-grams",
            config="tmeattn_ngram_attn:Config",
            build="tmeattn_ngram_attn.model:NgramAttention",
            prepare="tmeattn_ngram_attn.evidence:prepare",
            attention="pool",
            reference="Wang and Manning 2012; Wolpert 1992 (stacked generalization)",
        )
    ]
