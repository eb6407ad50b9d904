"""The JSON documents of `explain`, `mistakes` and `predict`."""

# No `from __future__ import annotations`: as strings, annotations would hide NotRequired from `__required_keys__`.

from typing import Annotated, NotRequired, TypedDict


class ExplainedWord(TypedDict):
    """A word that the model read."""

    start: Annotated[int, "Its first character in the text, from 0"]
    end: Annotated[int, "The character behind it"]
    token: Annotated[str, "The word as the model reads it; several pieces have spaces between them"]
    known: Annotated[bool, "Whether all of it is in the vocabulary"]
    score: Annotated[float, "Its score by the method; of a word of several pieces their sum"]


class DeletedWord(TypedDict):
    """A word that was deleted on the screen Explain before the export."""

    start: Annotated[int, "Its first character in the text, from 0"]
    end: Annotated[int, "The character behind it"]
    word: Annotated[str, "The word"]


class Explanation(TypedDict):
    """The prediction of a text, and a score for each word that the model read."""

    text: Annotated[str, "The text"]
    words: Annotated[list[ExplainedWord], "The words that the model read, in the order of the text"]
    tokens_total: Annotated[
        int,
        "Tokens of the text, also beyond the model's maximum length; a token is a word, or a piece of one where the "
        "tokenizer makes several pieces of a word",
    ]
    tokens_read: Annotated[int | None, "Tokens that the model read; null: as many as words"]
    run: Annotated[str, "Id of the run that explained"]
    model: Annotated[str, "Its model"]
    method: Annotated[str, "The method of explanation"]
    layer: Annotated[int | None, "The selected layer of self-attention, from 1; null for the mean"]
    head: Annotated[int | None, "The selected head, from 1; null for the mean"]
    signed: Annotated[bool, "Whether a score below zero is evidence against the class"]
    probabilities: Annotated[dict[str, float], "Probability of each class, by its name"]
    predicted: Annotated[str, "The predicted class"]
    target: Annotated[str, "The class that the scores are about"]
    true_label: Annotated[str | None, "The class of a text of a dataset; null where it is not known"]
    entropy: Annotated[float | None, "Entropy of the attention weights over the tokens, nats; null without attention"]
    normalized_entropy: Annotated[float | None, "The entropy divided by ln(tokens), in [0, 1]"]
    special_attention: Annotated[
        float | None,
        "Share of the attention that is on special tokens such as [CLS], which are no words; null for a model without "
        "them and for methods that show no attention",
    ]
    note: Annotated[str | None, "Sentences on how to read the scores"]
    deleted: NotRequired[
        Annotated[list[DeletedWord], "Words that were deleted on the screen Explain, blank in the text; else absent"]
    ]
    whole_probabilities: NotRequired[
        Annotated[dict[str, float], "Probabilities of the text with its deleted words; absent where none is deleted"]
    ]


class AttentionMap(Explanation):
    """`tmeattn explain --map`: the explanation by the method `attention`, and the whole map."""

    heads: Annotated[list[int], "Heads of each layer; empty for a model that pools"]
    prefix: Annotated[int, "Positions before the words, such as CLS"]
    rows: Annotated[list[str], "The positions that read: the words and CLS; of a model that pools, pooling"]
    columns: Annotated[list[str], "The positions that are read"]
    weights: Annotated[list[list[float]], "The weights of each row, one for each column, which sum to 1"]


class IndexedExplanation(Explanation):
    """A text of a dataset with its explanation."""

    index: Annotated[int, "Position of the text in the split, from 0"]


class Mistakes(TypedDict):
    """The most confident mistakes of a run, and the texts with the least certain predictions."""

    run: Annotated[str, "Id of the run"]
    model: Annotated[str, "Its model"]
    dataset: Annotated[str, "Name or path of the data"]
    split: Annotated[str, "The split of the texts; all: all texts"]
    texts: Annotated[int, "How many texts were classified"]
    wrong: Annotated[int | None, "How many of them are wrong; null for texts without labels"]
    confident: Annotated[list[IndexedExplanation], "Mistakes of the highest confidence"]
    uncertain: Annotated[list[IndexedExplanation], "Texts whose two highest probabilities differ least"]
    note: Annotated[str | None, "A sentence on the choice of the texts"]


class PredictedText(TypedDict):
    """A text and its prediction."""

    text: Annotated[str, "The text"]
    label: Annotated[str, "The predicted class"]
    probability: Annotated[float, "Its probability"]
    probabilities: Annotated[
        dict[str, float], "Probability of each class; with --top-classes of the most probable ones, in this order"
    ]
