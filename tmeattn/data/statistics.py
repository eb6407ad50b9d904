"""What a dataset is like: sizes, lengths, duplicates, words that are unknown, words that are typical of a class."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tmeattn.data.encoding.pool import Tokenizing
from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.spacing import midpoints
from tmeattn.specs import Dataset, Split, WordVectors

SAMPLE = 20_000
"""Texts of a split whose words are looked at, evenly spaced; sizes and duplicates are of all."""
BINS = 40
QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
TYPICAL = 8
MOST_CLASSES = 24
"""Classes of which typical words are told, the largest first."""
MIN_COUNT = 2
PRIOR = 100.0
SURE = 1.96


@dataclass(frozen=True)
class _Words:
    """The sample of a split under one tokenizer: token ids, and of each token the text it stands in."""

    ids: np.ndarray
    lengths_N: np.ndarray
    labels_N: np.ndarray

    @property
    def text_of(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.lengths_N)), self.lengths_N)


def describe(dataset: Dataset, vectors: Mapping[str, WordVectors], *, samples: int = 1) -> dict[str, Any]:
    """Everything about a dataset that `tmeattn data show` prints, as JSON; `samples` texts of each class."""
    splits = dict(dataset.read())
    hashes = {name: hashes_of(split.texts) for name, split in splits.items()}
    sampled = {name: _sample(len(split.labels)) for name, split in splits.items() if name != "test"}
    tokenized = {name: _tokenized(name, splits, sampled) for name in TOKENIZERS}
    words, parts = tokenized["basic_english"]
    return {
        "name": dataset.name,
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "splits": {
            name: {
                "texts": len(split.labels),
                "classes": _counts(split, dataset.classes),
                "duplicates": len(hashes[name]) - len(np.unique(hashes[name])),
            }
            for name, split in splits.items()
        },
        "shared": _shared(hashes),
        "sampled": {name: len(rows) for name, rows in sampled.items()},
        "lengths": _lengths(parts["train"].lengths_N),
        "unknown": [
            {"tokenizer": name, **_unknown(words_of, parts_of, vectors)}
            for name, (words_of, parts_of) in tokenized.items()
        ],
        "typical": _typical(words, parts["train"], dataset.classes),
        "samples": _samples(splits["train"], dataset.classes, samples),
    }


def hashes_of(texts: Sequence[str]) -> np.ndarray:
    """(N,) uint64, equal for equal texts."""
    digests = b"".join(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype=np.uint64)


def _sample(texts: int) -> np.ndarray:
    return np.asarray(midpoints(texts, SAMPLE), dtype=np.int64)


def _tokenized(
    tokenizer: str, splits: Mapping[str, Split], sampled: Mapping[str, np.ndarray]
) -> tuple[list[str], dict[str, _Words]]:
    parts = {}
    with Tokenizing(tokenizer) as tokenizing:
        for name, rows in sampled.items():
            texts = splits[name].texts
            chunks = list(tokenizing.chunks(texts[row] for row in rows.tolist()))
            labels = np.asarray(splits[name].labels)[rows]
            ids = np.concatenate([chunk.ids for chunk in chunks])
            parts[name] = _Words(ids, np.concatenate([chunk.lengths_N for chunk in chunks]), labels)
        return tokenizing.words, parts


def _counts(split: Split, classes: Sequence[str]) -> dict[str, int]:
    counts = np.bincount(np.asarray(split.labels), minlength=len(classes)).tolist()
    return dict(zip(classes, counts, strict=True))


def _shared(hashes: Mapping[str, np.ndarray]) -> dict[str, int]:
    """How many texts of the later split stand in the earlier one too."""
    names = list(hashes)
    return {
        f"{other} in {one}": int(np.isin(hashes[other], hashes[one]).sum())
        for at, one in enumerate(names)
        for other in names[at + 1 :]
    }


def _lengths(lengths_N: np.ndarray) -> dict[str, Any]:
    """Quantiles, and a histogram up to what 98 % of the texts do not exceed: a bin a length where texts are short."""
    most = max(int(np.quantile(lengths_N, 0.98)), 2)
    high = most + 1
    counts, _ = np.histogram(lengths_N[lengths_N <= most], bins=min(BINS, high), range=(0, high))
    quantiles = np.quantile(lengths_N, QUANTILES).round().astype(int).tolist()
    return {
        "quantiles": {f"{quantile:g}": value for quantile, value in zip(QUANTILES, quantiles, strict=True)},
        "mean": float(lengths_N.mean()),
        "histogram": {"low": 0, "high": high, "counts": counts.tolist()},
    }


def _unknown(words: list[str], parts: Mapping[str, _Words], vectors: Mapping[str, WordVectors]) -> dict[str, Any]:
    """Shares of the tokens: of validation that are no words of training, of training that have no vector."""
    train = np.bincount(parts["train"].ids, minlength=len(words))
    validation = np.bincount(parts["validation"].ids, minlength=len(words))
    found: dict[str, Any] = {
        "words": int((train > 0).sum()),
        "words_kept": int((train >= MIN_COUNT).sum()),
        "validation": float(validation[train < MIN_COUNT].sum() / validation.sum()),
        "without_vector": {},
    }
    for name, one in vectors.items():
        _, known = one.lookup(words)
        found["without_vector"][name] = float(train[~known].sum() / train.sum())
    return found


def _typical(words: list[str], part: _Words, classes: Sequence[str]) -> dict[str, list[str]]:
    """The words whose share of texts is most surely higher in a class than elsewhere: the z-score of the log-odds
    ratio with a prior of all classes' shares (Monroe, Colaresi and Quinn 2008)."""
    pairs = np.unique(part.text_of.astype(np.int64) * len(words) + part.ids)
    text_of, word_of = np.divmod(pairs, len(words))
    total_V = np.bincount(word_of, minlength=len(words)).astype(np.float64)
    prior_V = total_V / max(total_V.sum(), 1) * PRIOR + 1e-9
    label_of = part.labels_N[text_of]
    largest = np.argsort(-np.bincount(part.labels_N, minlength=len(classes)), kind="stable")[:MOST_CLASSES]
    found = {}
    for label in np.sort(largest).tolist():
        here_V = np.bincount(word_of[label_of == label], minlength=len(words))
        z_V = _log_odds(here_V, prior_V) - _log_odds(total_V - here_V, prior_V)
        z_V /= np.sqrt(1 / (here_V + prior_V) + 1 / (total_V - here_V + prior_V))
        best = np.argsort(-z_V, kind="stable")[:TYPICAL]
        found[classes[label]] = [words[i] for i in best.tolist() if z_V[i] > SURE]
    return found


def _log_odds(count_V: np.ndarray, prior_V: np.ndarray) -> np.ndarray:
    seen_V = count_V + prior_V
    return np.asarray(np.log(seen_V / np.maximum(seen_V.sum() - seen_V, 1e-9)))


def _samples(split: Split, classes: Sequence[str], samples: int) -> list[dict[str, str]]:
    labels = np.asarray(split.labels)
    found = []
    for label, name in enumerate(classes[:MOST_CLASSES]):
        rows = np.flatnonzero(labels == label)
        found += [{"label": name, "text": split.texts[int(rows[index])]} for index in midpoints(len(rows), samples)]
    return found
