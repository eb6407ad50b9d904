"""Explanations: what is requested, and the result, a text with a score for each word that the model read. No torch."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

NEARLY_UNIFORM = 0.97
"""Attention is nearly uniform from this normalised entropy on; then only weights above uniform are coloured."""

FALLBACK = "leave-one-out"
"""The method that is compatible with every model."""
SEE_MAPS = "To see the maps, use --method attention with --layer and --head."
"""The sentence of a note on how the command shows the maps of self-attention."""

Span = tuple[int, int]
"""`(start, end)` of a word, in characters of the text."""


def common_method(first: str, second: str) -> str:
    """The method that compares two models, from the default method of each: scores of two methods are no comparison."""
    return first if first == second else FALLBACK


@dataclass(frozen=True)
class Word:
    """A word of a text: its position, `text[start:end]`, its form as a token, whether the vocabulary has it, and its
    score. Of a word of several pieces, the token is the pieces with spaces between them, and the score is their sum."""

    start: int
    end: int
    token: str
    known: bool
    score: float


@dataclass(frozen=True)
class DeletedWord:
    """A word that the user deleted from a text, and its position there; the model did not read it."""

    start: int
    end: int
    word: str


class StrongWord(NamedTuple):
    """A word of a text with the largest of its scores, and how often it occurs. text: as it is spelled there."""

    text: str
    score: float
    times: int


@dataclass(frozen=True)
class ExplainRequest:
    """A text to explain, and how.

    method:      name of the attribution method; None: the default of the model (its pooling attention, or
                 leave-one-out).
    target:      name of the class that the scores are about; None: the predicted class.
    true_label:  name of the true class, where it is known.
    layer, head: of self-attention, counted from 1; None: the mean over all.
    dropped:     `(start, end)` of the words that the model must not read.
    """

    text: str
    method: str | None = None
    target: str | None = None
    true_label: str | None = None
    layer: int | None = None
    head: int | None = None
    dropped: tuple[Span, ...] = ()

    @property
    def visible_text(self) -> str:
        """The text without the dropped words, at unchanged offsets."""
        return without_words(self.text, self.dropped)

    @property
    def deleted_words(self) -> tuple[DeletedWord, ...]:
        """The dropped words, in text order."""
        return tuple(DeletedWord(start, end, self.text[start:end]) for start, end in sorted(self.dropped))


def without_words(text: str, spans: Iterable[Span]) -> str:
    """The text with spaces in place of the words at `spans`: the offsets of the others stay, and no two words join."""
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text


@dataclass(frozen=True)
class Explanation:
    """The prediction of a text, and a score for each word that the model read.

    words:              the words that the model read, in text order; a prefix of the text where its length was cut.
    tokens_total:       the number of tokens of the text, which are words, or pieces of words where the tokenizer makes
                        several of a word; more than `tokens_read` where the model's length cut the text.
    method:             name of the attribution method.
    signed:             whether scores below zero are evidence against the class `target`.
    probabilities:      one for each class, in the order of `classes`.
    predicted, target:  index of the predicted class, and of the class that the scores are about.
    entropy:            attention entropy over the words, in nats; None without attention.
    normalized_entropy: the entropy divided by ln(number of words), in [0, 1].
    true_label:         name of the true class; None where it is not known.
    note:               sentences for the reader, such as the reason for the default method.
    layer, head:        of self-attention, counted from 1; None: the mean over all, or a method without a choice.
    tokens_read:        the number of tokens that the model read; None: as many as words.
    special_attention:  the share of the attention that is on special tokens such as [CLS], which are no words; None for
                        a model without them, and for methods that show no attention.
    deleted:            the words that the user deleted, in text order; they are blank in `text`.
    whole_probabilities: of the text with the deleted words, as `probabilities`; None where it is not known.
    """

    text: str
    words: tuple[Word, ...]
    tokens_total: int
    run: str
    model: str
    method: str
    signed: bool
    classes: tuple[str, ...]
    probabilities: tuple[float, ...]
    predicted: int
    target: int
    entropy: float | None = None
    normalized_entropy: float | None = None
    true_label: str | None = None
    note: str | None = None
    layer: int | None = None
    head: int | None = None
    tokens_read: int | None = None
    special_attention: float | None = None
    deleted: tuple[DeletedWord, ...] = ()
    whole_probabilities: tuple[float, ...] | None = None

    @property
    def predicted_label(self) -> str:
        """Name of the predicted class."""
        return self.classes[self.predicted]

    @property
    def target_label(self) -> str:
        """Name of the class that the scores are about."""
        return self.classes[self.target]

    @property
    def confidence(self) -> float:
        """Probability of the predicted class."""
        return self.probabilities[self.predicted]

    @property
    def is_correct(self) -> bool | None:
        """Whether the predicted class is the true class; None where the true class is not known."""
        return None if self.true_label is None else self.true_label == self.predicted_label

    @property
    def names_target(self) -> bool:
        """Whether to name the class of the scores: they have signs, or it is not the predicted class."""
        return self.signed or self.target != self.predicted

    @property
    def tokens_cut(self) -> int:
        """The number of tokens at the end of the text that the model did not read."""
        return self.tokens_total - (len(self.words) if self.tokens_read is None else self.tokens_read)

    @property
    def unit(self) -> str:
        """What a token is called: a word, or a piece where the tokenizer makes several of a word."""
        return "word" if self.tokens_read in (None, len(self.words)) else "piece"

    @property
    def is_truncated(self) -> bool:
        """Whether the model's maximum length cut the text."""
        return self.tokens_cut > 0

    @property
    def largest_score(self) -> float:
        """The largest absolute score; zero without words."""
        return max((abs(word.score) for word in self.words), default=0.0)

    @cached_property
    def sizes(self) -> list[float]:
        """The absolute scores, the smallest first."""
        return sorted(abs(word.score) for word in self.words)

    def rank(self, word: Word) -> int:
        """The place of a word by its absolute score: 1 for the largest, and the same for equal ones."""
        return len(self.sizes) - bisect_right(self.sizes, abs(word.score)) + 1

    def ranked_words(self) -> list[Word]:
        """The words by absolute score, the largest first; equal ones in text order."""
        return sorted(self.words, key=lambda word: -abs(word.score))

    @cached_property
    def strongest_words(self) -> list[StrongWord]:
        """The different words by their largest absolute score, the largest first; equal ones in text order."""
        found: dict[str, list[Word]] = {}
        for word in self.ranked_words():
            found.setdefault(word.token, []).append(word)
        return [StrongWord(self.word_text(same[0]), same[0].score, len(same)) for same in found.values()]

    @property
    def whole_text(self) -> str:
        """The text with the deleted words, at the same offsets."""
        text = self.text
        for gone in self.deleted:
            text = f"{text[: gone.start]}{gone.word}{text[gone.end :]}"
        return text

    @property
    def shown_words(self) -> list[Word | DeletedWord]:
        """The words that the model read and the deleted ones, in text order, up to where the model stopped reading."""
        stop = max((word.end for word in self.words), default=0) if self.is_truncated else len(self.text)
        shown: list[Word | DeletedWord] = [*self.words, *(word for word in self.deleted if word.end <= stop)]
        return sorted(shown, key=lambda word: word.start)

    def word_text(self, word: Word) -> str:
        """A word as it is spelled in the text."""
        return self.text[word.start : word.end]

    def __repr__(self) -> str:
        """One line: the prediction, the method and the strongest words. The fields have the rest."""
        words = ", ".join(f"{word.text} {word.score:.3g}" for word in self.strongest_words[:3])
        text = self.text if len(self.text) <= 60 else f"{self.text[:59]}\u2026"
        return f"<Explanation of {text!r}: {self.predicted_label} {self.confidence:.3f}, {self.method}: {words}>"

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from tmeattn.render.notebook import explanations_html

        return explanations_html([self])

    def document(self) -> dict[str, Any]:
        """The JSON document of `--json` and of `.json` files: the fields above, with the names of classes as
        `predicted` and `target` and as the keys of `probabilities`."""
        document = asdict(self)
        classes = document.pop("classes")
        document["predicted"], document["target"] = self.predicted_label, self.target_label
        document["probabilities"] = dict(zip(classes, self.probabilities, strict=True))
        whole = document.pop("whole_probabilities")
        if not self.deleted:
            del document["deleted"]
        elif whole is not None:
            document["whole_probabilities"] = dict(zip(classes, whole, strict=True))
        return document


class Explanations(list[Explanation]):
    """Several explanations; a notebook shows them side by side. Those of several calls or models can be put together:
    `Explanations([one, other])`."""

    def _repr_html_(self) -> str:
        from tmeattn.render.notebook import explanations_html

        return explanations_html(self)


OOV = "__OOV__"


def with_oov_marks(explanation: Explanation) -> Explanation:
    """The explanation with its text in the look of the report: in lower case, and `__OOV__` in place of each unknown
    word."""
    text, at, words = "", 0, []
    for word in explanation.words:
        text += explanation.text[at : word.start].lower()
        shown = explanation.word_text(word).lower() if word.known else OOV
        words.append(replace(word, start=len(text), end=len(text) + len(shown)))
        text, at = text + shown, word.end
    return replace(explanation, text=text + explanation.text[at:].lower(), words=tuple(words))


@dataclass(frozen=True)
class Mistakes:
    """The most confident mistakes of a run, and the texts with the least certain predictions.

    texts:     the number of texts; wrong: the number of mistakes among them, None for texts without labels.
    confident: mistakes with the highest confidence, each with its index in the split.
    uncertain: texts with the smallest difference between the two highest probabilities, each with its index.
    note:      a sentence on the choice of the texts; None where it needs none.
    """

    run: str
    model: str
    dataset: str
    split: str
    texts: int
    wrong: int | None
    confident: tuple[tuple[int, Explanation], ...]
    uncertain: tuple[tuple[int, Explanation], ...]
    note: str | None = None

    def document(self) -> dict[str, Any]:
        """The JSON document of `tmeattn mistakes --json`."""
        kinds = {"confident": self.confident, "uncertain": self.uncertain}
        return asdict(self) | {
            kind: [{"index": index} | explanation.document() for index, explanation in texts]
            for kind, texts in kinds.items()
        }
