"""From a dataset's texts to token ids: checks, the choice that `limit` makes, the vocabulary, the encoded splits."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.cache import writing
from tmeattn.data.encoding.pool import Tokenizing
from tmeattn.data.encoding.vocabulary import SPECIAL, Vocabulary
from tmeattn.errors import BadInput, UnknownName
from tmeattn.spacing import midpoints
from tmeattn.specs import UNKNOWN, Dataset, Split, WordVectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO


WHAT = "The encoded corpus"


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
    """An encoded dataset, but for the arrays of its splits, which are on disk. vectors_VD: float32, zero where a word
    has none; has_vector_V: bool; or None."""

    splits: tuple[str, ...]
    vocabulary: Vocabulary
    vectors_VD: np.ndarray | None
    has_vector_V: np.ndarray | None


def encode(
    dataset: Dataset,
    settings: CorpusSettings,
    vectors: WordVectors | None,
    folder: Path,
    narrate: Callable[[str], None],
) -> Encoded:
    """Read, check, tokenize and encode a dataset; its splits go to `folder` as they are made, whatever their size.

    Raises `BadInput` where the dataset is malformed, `EnvironmentProblem` where `folder` cannot be written.
    """
    started = time.monotonic()
    splits = dataset.read()
    check(dataset, splits)
    chosen = {name: choose(split, name, len(dataset.classes), settings.limit) for name, split in splits.items()}
    narrate(f"Encoding {sum(map(len, chosen.values())):,} texts of {dataset.name} (once; kept in the cache).")
    # Words get provisional ids as they turn up, so that each text is tokenized once.
    with writing(WHAT, folder.parent), Tokenizing(settings.tokenizer) as tokenizing:
        for name, rows in chosen.items():
            with (folder / f"{name}.provisional").open("wb") as file:
                _tokenize(dataset, name, splits[name], rows, tokenizing, folder, file)
        words = tokenizing.words
    counts = np.zeros(len(words), dtype=np.int64)
    for block in _blocks(folder / "train.provisional"):
        counts += np.bincount(block, minlength=len(words))
    often = np.flatnonzero(counts >= settings.min_count).tolist()
    counter = Counter({words[i]: int(counts[i]) for i in often})
    vocabulary, vectors_VD, has_vector_V = _vocabulary(counter, settings, vectors)
    ids = vocabulary.encode(words)
    with writing(WHAT, folder.parent):
        for name in chosen:
            _renumber(folder / f"{name}.provisional", folder / f"{name}.tokens.npy", ids)
    unknown = counts[ids == UNKNOWN].sum() / counts.sum()
    narrate(
        f"{len(vocabulary):,} words in the vocabulary; {100 * unknown:.1f} % of the "
        f"training tokens are unknown ({time.monotonic() - started:.1f} s)."
    )
    return Encoded(tuple(chosen), vocabulary, vectors_VD, has_vector_V)


def encode_split(dataset: Dataset, name: str, settings: CorpusSettings, vocabulary: Vocabulary) -> EncodedSplit:
    """One split in the words of a vocabulary made before, held in memory.

    Raises `BadInput` where the split is malformed, or missing.
    """
    splits = dataset.read()
    if name not in splits:
        raise UnknownName("split", name, splits)
    _check_split(dataset, name, splits[name])
    rows = choose(splits[name], name, len(dataset.classes), settings.limit)
    with Tokenizing(settings.tokenizer) as tokenizing:
        chunks = list(tokenizing.chunks(_texts(dataset, name, splits[name], rows)))
        ids = vocabulary.encode(tokenizing.words)
    tokens = np.concatenate([ids[chunk.ids] for chunk in chunks])
    lengths = np.concatenate([chunk.lengths_N for chunk in chunks])
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return EncodedSplit(tokens, offsets, np.asarray(splits[name].labels, dtype=np.int64)[rows], rows.astype(np.int64))


def check(dataset: Dataset, splits: Mapping[str, Split]) -> None:
    """Raise `BadInput`, naming dataset and split, unless the splits keep the contract of `Dataset.read`."""
    for name in ("train", "validation"):
        if name not in splits:
            raise BadInput(f"Dataset {dataset.name} has no split {name!r}.")
    for name, split in splits.items():
        _check_split(dataset, name, split)
    if len(np.unique(splits["train"].labels)) < 2:
        raise BadInput(f"Dataset {dataset.name}, split 'train': all texts have one label, so nothing can be learned.")


def _check_split(dataset: Dataset, name: str, split: Split) -> None:
    where = f"Dataset {dataset.name}, split {name!r}"
    if name not in ("train", "validation", "test"):
        raise BadInput(f"{where}: splits are named train, validation and test.")
    if len(split.texts) != len(split.labels):
        raise BadInput(f"{where}: {len(split.texts)} texts but {len(split.labels)} labels.")
    if len(split.texts) == 0:
        raise BadInput(f"{where} is empty.")
    classes, labels = len(dataset.classes), split.labels
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "iu" and 0 <= labels.min() <= labels.max() < classes:
        return  # millions of labels at once
    for row, label in enumerate(labels):
        if not isinstance(label, int | np.integer) or not 0 <= label < classes:
            raise BadInput(f"{where}, row {row}: label {label!r} is not from 0 to {classes - 1}.")


def _texts(dataset: Dataset, name: str, split: Split, rows: np.ndarray) -> Iterator[str]:
    """The chosen texts. Raises `BadInput` at the first that is none."""
    texts = iter(split.texts) if len(rows) == len(split.texts) else map(split.texts.__getitem__, rows.tolist())
    for row, text in zip(rows.tolist(), texts, strict=True):
        if not isinstance(text, str):
            raise BadInput(
                f"Dataset {dataset.name}, split {name!r}, row {row}: the text is {type(text).__name__}, not str."
            )
        yield text


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
        kept.append(rows[midpoints(len(rows), count)])
        remaining -= count
    return np.sort(np.concatenate(kept))


def _tokenize(
    dataset: Dataset,
    name: str,
    split: Split,
    rows: np.ndarray,
    tokenizing: Tokenizing,
    folder: Path,
    file: BinaryIO,
) -> None:
    """Write the provisional ids of a split to `file`, and its other arrays to `folder`."""
    lengths = array("i")
    for chunk in tokenizing.chunks(_texts(dataset, name, split, rows)):
        file.write(chunk.ids.tobytes())
        lengths.frombytes(chunk.lengths_N.tobytes())
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(np.frombuffer(lengths, dtype=np.int32), dtype=np.int64, out=offsets[1:])
    np.save(folder / f"{name}.offsets.npy", offsets)
    np.save(folder / f"{name}.labels.npy", np.asarray(split.labels, dtype=np.int64)[rows])
    np.save(folder / f"{name}.source.npy", rows.astype(np.int64))


def _blocks(path: Path) -> Iterator[np.ndarray]:
    """The ids of a file, a few at a time: a memory map would count as memory."""
    with path.open("rb") as file:
        while block := file.read(2**22):
            yield np.frombuffer(block, dtype=np.int32)


def _renumber(provisional: Path, final: Path, ids: np.ndarray) -> None:
    """Write provisional ids as final ones, in an .npy file as `np.save` would write it."""
    with final.open("wb") as file:
        shape = (provisional.stat().st_size // ids.itemsize,)
        header = {"descr": np.lib.format.dtype_to_descr(ids.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in _blocks(provisional):
            file.write(ids[block].tobytes())
    provisional.unlink()


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
