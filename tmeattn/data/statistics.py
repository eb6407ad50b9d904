"""The statistics of a dataset: sizes, lengths, duplicates, unknown words, and the typical words of each class.

Shapes: N texts of a sample, V words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from tmeattn.data.dataset_warnings import warnings_of
from tmeattn.data.encoding.pool import TokenizerPool
from tmeattn.data.encoding.scripts import fitting_tokenizer, latin_share
from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.data.encoding.unknown_words import Characters
from tmeattn.data.holdout import text_hashes
from tmeattn.data.splits import class_counts
from tmeattn.run_config import is_dataset
from tmeattn.spacing import midpoints
from tmeattn.specs import Dataset, Split, WordVectors

SAMPLE = 20_000
"""The number of texts of a split whose words are counted, evenly spaced. Sizes and duplicates are of all texts."""
BINS = 40
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
TYPICAL_WORDS = 8
MOST_CLASSES = 24
"""The number of classes with typical words and samples; typical words go to the largest classes."""
MIN_COUNT = 2
PRIOR_WEIGHT = 100.0
LEAST_Z = 1.96


class SplitSizes(TypedDict):
    """Texts of a split, texts of each class, and texts that repeat an earlier one."""

    texts: int
    classes: dict[str, int]
    duplicates: int


class Histogram(TypedDict):
    """`counts` of bins of equal width from `low` to `high` tokens."""

    low: int
    high: int
    counts: list[int]


class Lengths(TypedDict):
    """Tokens of the training texts."""

    quantiles: dict[str, int]
    mean: float
    histogram: Histogram


class UnknownWords(TypedDict):
    """Words of the training texts under one tokenizer, and shares (0 to 1) of tokens.

    words, words_kept: different words, and those that occur `MIN_COUNT` times or more.
    validation:        the share of the validation tokens that are no kept word.
    without_vector:    by vectors, the share of the training tokens without a vector.
    unknown_characters, long_characters: the shares of the characters of the training words that are in words that are
                       not kept, and in words of more than `LONG_WORD` characters.
    """

    tokenizer: str
    words: int
    words_kept: int
    validation: float
    without_vector: dict[str, float]
    unknown_characters: float
    long_characters: float


class Sample(TypedDict):
    """A training text and the name of its class."""

    label: str
    text: str


class DatasetStatistics(TypedDict):
    """What `tmeattn data show --json` prints.

    shared:  "LATER in EARLIER": the texts of the later split that are also in the earlier split.
    sampled: by split, the number of texts whose words were counted.
    typical: by class, its most typical words.
    tokenizer: the name of the one by which lengths and typical words are: it fits the script of the training texts.
    warnings: lines about unusual labels, and about texts of which a model can use little.
    """

    name: str
    fingerprint: str
    classes: list[str]
    splits: dict[str, SplitSizes]
    shared: dict[str, int]
    sampled: dict[str, int]
    lengths: Lengths
    tokenizer: str
    warnings: list[str]
    unknown: list[UnknownWords]
    typical: dict[str, list[str]]
    samples: list[Sample]


@dataclass(frozen=True)
class _SampleTokens:
    """The sample of a split under one tokenizer: the token ids, flat, and the length and label of each text."""

    ids: np.ndarray
    lengths_N: np.ndarray
    labels_N: np.ndarray

    @property
    def text_of_token(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.lengths_N)), self.lengths_N)


def describe(
    dataset: Dataset,
    vectors: Mapping[str, WordVectors],
    *,
    samples: int = 1,
    notes: Sequence[str] = (),
) -> DatasetStatistics:
    """The statistics that `tmeattn data show` prints, with `samples` texts of each class.

    notes: the lines of its opening, which have the warnings about files.
    """
    splits = dict(dataset.read())
    hashes = {name: text_hashes(split.texts) for name, split in splits.items()}
    sampled = {name: midpoints(len(split.labels), SAMPLE) for name, split in splits.items() if name != "test"}
    fitting = fitting_tokenizer(latin_share(splits["train"].texts))
    tokenized = {name: _tokenize(name, splits, sampled) for name in dict.fromkeys([*TOKENIZERS, fitting])}
    words, tokens = tokenized[fitting]
    usual = "basic_english" if is_dataset(dataset.name) else fitting  # what `train` takes without --tokenizer
    warning = _characters(tokenized[usual][0], tokenized[usual][1]["train"]).warning(
        usual, lambda: splits["train"].texts
    )
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "splits": {
            name: {
                "texts": len(split.labels),
                "classes": class_counts(dataset.classes, [split]),
                "duplicates": len(hashes[name]) - len(np.unique(hashes[name])),
            }
            for name, split in splits.items()
        },
        "shared": _shared(hashes),
        "sampled": {name: len(rows) for name, rows in sampled.items()},
        "lengths": _lengths(tokens["train"].lengths_N),
        "tokenizer": fitting,
        "warnings": [*warnings_of(dataset.name, dataset, splits, notes), *([] if warning is None else [warning])],
        "unknown": [_unknown(name, words_of, tokens_of, vectors) for name, (words_of, tokens_of) in tokenized.items()],
        "typical": _typical(words, tokens["train"], dataset.classes),
        "samples": _samples(splits["train"], dataset.classes, samples),
    }


def _characters(words: list[str], train: _SampleTokens) -> Characters:
    train_V = np.bincount(train.ids, minlength=len(words))
    return Characters.of(words, train_V, train_V >= MIN_COUNT)


def _tokenize(
    tokenizer: str, splits: Mapping[str, Split], sampled: Mapping[str, Sequence[int]]
) -> tuple[list[str], dict[str, _SampleTokens]]:
    tokens = {}
    with TokenizerPool(tokenizer) as pool:
        for name, rows in sampled.items():
            texts = splits[name].texts
            chunks = list(pool.chunks(texts[row] for row in rows))
            labels_N = np.asarray(splits[name].labels)[np.asarray(rows, dtype=np.int64)]
            ids = np.concatenate([chunk.ids for chunk in chunks])
            tokens[name] = _SampleTokens(ids, np.concatenate([chunk.lengths_N for chunk in chunks]), labels_N)
        return pool.words, tokens


def _shared(hashes: Mapping[str, np.ndarray]) -> dict[str, int]:
    """The number of texts of each later split that are also in an earlier split."""
    names = list(hashes)
    return {
        f"{later} in {earlier}": int(np.isin(hashes[later], hashes[earlier]).sum())
        for index, earlier in enumerate(names)
        for later in names[index + 1 :]
    }


def _lengths(lengths_N: np.ndarray) -> Lengths:
    """Quantiles, and a histogram without the longest 2 % of the texts; short texts get one bin a length."""
    longest = max(int(np.quantile(lengths_N, 0.98)), 2)
    high = longest + 1
    counts, _ = np.histogram(lengths_N[lengths_N <= longest], bins=min(BINS, high), range=(0, high))
    quantiles = np.quantile(lengths_N, QUANTILES).round().astype(int).tolist()
    return {
        "quantiles": {f"{quantile:g}": value for quantile, value in zip(QUANTILES, quantiles, strict=True)},
        "mean": float(lengths_N.mean()),
        "histogram": {"low": 0, "high": high, "counts": counts.tolist()},
    }


def _unknown(
    tokenizer: str, words: list[str], tokens: Mapping[str, _SampleTokens], vectors: Mapping[str, WordVectors]
) -> UnknownWords:
    train_V = np.bincount(tokens["train"].ids, minlength=len(words))
    validation_V = np.bincount(tokens["validation"].ids, minlength=len(words))
    without_vector = {}
    for name, table in vectors.items():
        _, known_V = table.lookup(words)
        without_vector[name] = float(train_V[~known_V].sum() / train_V.sum())
    characters = _characters(words, tokens["train"])
    return {
        "tokenizer": tokenizer,
        "unknown_characters": characters.unknown_share,
        "long_characters": characters.long_share,
        "words": int((train_V > 0).sum()),
        "words_kept": int((train_V >= MIN_COUNT).sum()),
        "validation": float(validation_V[train_V < MIN_COUNT].sum() / validation_V.sum()),
        "without_vector": without_vector,
    }


def _typical(words: list[str], tokens: _SampleTokens, classes: Sequence[str]) -> dict[str, list[str]]:
    """The words that more texts of a class contain than texts of other classes, the most significant first.

    Ordered by the z-score of the log-odds ratio, with all classes together as the prior (Monroe, Colaresi and
    Quinn 2008).
    """
    pairs = np.unique(tokens.text_of_token.astype(np.int64) * len(words) + tokens.ids)
    text_of, word_of = np.divmod(pairs, len(words))
    total_V = np.bincount(word_of, minlength=len(words)).astype(np.float64)
    prior_V = total_V / max(total_V.sum(), 1) * PRIOR_WEIGHT + 1e-9
    label_of = tokens.labels_N[text_of]
    largest = np.argsort(-np.bincount(tokens.labels_N, minlength=len(classes)), kind="stable")[:MOST_CLASSES]
    typical = {}
    for label in np.sort(largest).tolist():
        inside_V = np.bincount(word_of[label_of == label], minlength=len(words))
        outside_V = total_V - inside_V
        z_V = _log_odds(inside_V, prior_V) - _log_odds(outside_V, prior_V)
        z_V /= np.sqrt(1 / (inside_V + prior_V) + 1 / (outside_V + prior_V))
        best = np.argsort(-z_V, kind="stable")[:TYPICAL_WORDS]
        typical[classes[label]] = [words[word] for word in best.tolist() if z_V[word] > LEAST_Z]
    return typical


def _log_odds(count_V: np.ndarray, prior_V: np.ndarray) -> np.ndarray:
    smoothed_V = count_V + prior_V
    return np.asarray(np.log(smoothed_V / np.maximum(smoothed_V.sum() - smoothed_V, 1e-9)))


def _samples(split: Split, classes: Sequence[str], most: int) -> list[Sample]:
    labels_N = np.asarray(split.labels)
    samples: list[Sample] = []
    for label, name in enumerate(classes[:MOST_CLASSES]):
        rows = np.flatnonzero(labels_N == label)
        chosen = rows[midpoints(len(rows), most)].tolist()
        samples += [{"label": name, "text": split.texts[row]} for row in chosen]
    return samples
