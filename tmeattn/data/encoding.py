"""From a dataset's texts to token ids: checks, the choice that `limit` makes, the vocabulary, the encoded splits."""

from __future__ import annotations

import time
from array import array
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.tokenizers import tokenizer
from tmeattn.data.vocabulary import SPECIAL, Vocabulary
from tmeattn.errors import BadInput
from tmeattn.specs import UNKNOWN, Dataset, Split, WordVectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class CorpusSettings:
    """How a dataset is encoded.

    min_count:   a word needs so many occurrences in the training split to have an id of its own.
    max_words:   keep the most frequent words only.
    limit:       texts to train on (see `choose`); None for all.
    drop_words_without_vector: treat such a word as unknown, as the report does with its frozen vectors.
    """

    tokenizer: str = "basic_english"
    min_count: int = 1
    max_words: int | None = None
    limit: int | None = None
    drop_words_without_vector: bool = False


@dataclass(frozen=True, eq=False)
class EncodedSplit:
    """N encoded texts: text i is `tokens[offsets[i]:offsets[i + 1]]`, at least one token long.

    tokens: all ids, int32, flat.   offsets: (N + 1,) int64.   labels: (N,) int64.
    source: (N,) int64, the position of each text in the dataset's own split, increasing.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def lengths(self) -> np.ndarray:
        """Tokens of each text, (N,) int64."""
        return np.diff(self.offsets)


@dataclass(frozen=True, eq=False)
class Encoded:
    """A dataset as numbers. vectors_VD: float32, zero where a word has none; has_vector_V: bool; or None."""

    vocabulary: Vocabulary
    splits: dict[str, EncodedSplit]
    vectors_VD: np.ndarray | None
    has_vector_V: np.ndarray | None


def encode(
    dataset: Dataset, settings: CorpusSettings, vectors: WordVectors | None, narrate: Callable[[str], None]
) -> Encoded:
    """Read, check, tokenize and encode a dataset. Raises `BadInput` where the dataset is malformed."""
    started = time.monotonic()
    tokens_of = tokenizer(settings.tokenizer).tokens
    splits = dataset.read()
    check(dataset, splits)
    chosen = {name: choose(split, name, len(dataset.classes), settings.limit) for name, split in splits.items()}
    narrate(f"Encoding {sum(map(len, chosen.values())):,} texts of {dataset.name} (once; kept in the cache).")
    # Words get provisional ids as they turn up, so that each text is tokenized once. The first is for texts that hold
    # no token at all, and for a literal "<unk>".
    seen: defaultdict[str, int] = defaultdict()
    seen.default_factory = seen.__len__
    nothing = seen[SPECIAL[UNKNOWN]]
    provisional = {name: _tokenize(splits[name], rows, tokens_of, seen, nothing) for name, rows in chosen.items()}
    words = list(seen)
    counts = np.bincount(provisional["train"].tokens, minlength=len(words)).tolist()
    vocabulary, vectors_VD, has_vector_V = _vocabulary(
        Counter(dict(zip(words, counts, strict=True))), settings, vectors
    )
    ids = vocabulary.encode(words)
    encoded = {
        name: EncodedSplit(ids[split.tokens], split.offsets, split.labels, split.source)
        for name, split in provisional.items()
    }
    unknown = np.mean(encoded["train"].tokens == UNKNOWN)
    narrate(
        f"{len(vocabulary):,} words in the vocabulary; {unknown:.1%} of the training tokens are unknown "
        f"({time.monotonic() - started:.1f} s)."
    )
    return Encoded(vocabulary, encoded, vectors_VD, has_vector_V)


def check(dataset: Dataset, splits: Mapping[str, Split]) -> None:
    """Raise `BadInput`, naming dataset and split, unless the splits keep the contract of `Dataset.read`."""
    for name in ("train", "validation"):
        if name not in splits:
            raise BadInput(f"Dataset {dataset.name} has no split {name!r}.")
    for name, split in splits.items():
        where = f"Dataset {dataset.name}, split {name!r}"
        if name not in ("train", "validation", "test"):
            raise BadInput(f"{where}: splits are named train, validation and test.")
        if len(split.texts) != len(split.labels):
            raise BadInput(f"{where}: {len(split.texts)} texts but {len(split.labels)} labels.")
        if len(split.texts) == 0:
            raise BadInput(f"{where} is empty.")
        for row, text in enumerate(split.texts):
            if not isinstance(text, str):
                raise BadInput(f"{where}, row {row}: the text is {type(text).__name__}, not str.")
        for row, label in enumerate(split.labels):
            if not isinstance(label, int | np.integer) or not 0 <= label < len(dataset.classes):
                raise BadInput(f"{where}, row {row}: label {label!r} is not from 0 to {len(dataset.classes) - 1}.")
    if len(set(splits["train"].labels)) < 2:
        raise BadInput(f"Dataset {dataset.name}, split 'train': all texts have one label, so nothing can be learned.")


def choose(split: Split, name: str, num_classes: int, limit: int | None) -> np.ndarray:
    """Which texts of the split `limit` keeps: increasing positions, the same each time.

    Of "train" it keeps `limit` texts, of the others a quarter of that, and at least one a class. Classes get equal
    shares while their texts last. Within a class the texts are evenly spaced, so that no one film dominates.
    """
    if limit is None:
        return np.arange(len(split.labels))
    if limit < num_classes:
        raise BadInput(f"A limit of {limit} texts is too small for {num_classes} classes.")
    remaining = limit if name == "train" else max(limit // 4, num_classes)
    labels = np.asarray(split.labels)
    classes = sorted((np.flatnonzero(labels == label) for label in np.unique(labels)), key=len)
    kept = []
    for i, rows in enumerate(classes):
        count = min(len(rows), remaining // (len(classes) - i))
        kept.append(rows[(2 * np.arange(count) + 1) * len(rows) // (2 * max(count, 1))])
        remaining -= count
    return np.sort(np.concatenate(kept))


def _tokenize(
    split: Split, rows: np.ndarray, tokens_of: Callable[[str], list[str]], seen: dict[str, int], nothing: int
) -> EncodedSplit:
    ids, offsets = array("i"), np.zeros(len(rows) + 1, dtype=np.int64)
    for i, row in enumerate(rows.tolist()):
        ids.extend([seen[token] for token in tokens_of(split.texts[row])] or [nothing])
        offsets[i + 1] = len(ids)
    labels = np.asarray(split.labels, dtype=np.int64)[rows]
    return EncodedSplit(np.frombuffer(ids, dtype=np.int32), offsets, labels, rows.astype(np.int64))


def _vocabulary(
    counter: Counter[str], settings: CorpusSettings, vectors: WordVectors | None
) -> tuple[Vocabulary, np.ndarray | None, np.ndarray | None]:
    """The vocabulary (V words), and vectors_VD and has_vector_V where there are pretrained vectors."""
    if vectors is None:
        return Vocabulary.build(counter, settings.min_count, settings.max_words), None, None
    drop = settings.drop_words_without_vector
    words = Vocabulary.build(counter, settings.min_count, None if drop else settings.max_words).words
    special = len(SPECIAL)
    found, known = vectors.lookup(words[special:])
    shape = (len(words) - special, vectors.size)
    if found.shape != shape or known.shape != shape[:1]:
        raise BadInput(f"Word vectors {vectors.name}: got {found.shape} and {known.shape} where {shape} was due.")
    kept = np.flatnonzero(known)[: settings.max_words] if drop else np.arange(len(known))
    vectors_VD = np.zeros((special + len(kept), vectors.size), dtype=np.float32)
    vectors_VD[special:] = found[kept]
    has_vector_V = np.concatenate([np.zeros(special, dtype=bool), known[kept]])
    return Vocabulary(words[:special] + [words[special + i] for i in kept]), vectors_VD, has_vector_V
