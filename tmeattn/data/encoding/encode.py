"""From the texts of a dataset to token ids: the vocabulary, the encoded splits and the vectors of the words.

Shapes: N texts of a split, V words of the vocabulary, D vector width.
"""

from __future__ import annotations

import time
from array import array
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tmeattn.data.cache import save_array
from tmeattn.data.encoding.dataset_check import check_dataset, check_split, checked_texts
from tmeattn.data.encoding.open_tokenizer import OpenTokenizer, open_tokenizer
from tmeattn.data.encoding.pool import TokenizerPool
from tmeattn.data.encoding.unknown_words import Characters
from tmeattn.data.encoding.vocabulary import SPECIAL, Vocabulary
from tmeattn.errors import BadInput, UnknownName
from tmeattn.files import disk_errors
from tmeattn.foreign import plugin_call
from tmeattn.plurals import counted
from tmeattn.spacing import midpoints
from tmeattn.specs import UNKNOWN, Dataset, Split, WordVectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO


CONTENT = "the encoded corpus"
LEAST_COVERAGE = 50
"""Per cent of the occurrences of the vocabulary's words in the training texts; the user is warned where fewer are of
words with a vector. Of the different words themselves, far fewer may have one: most of them are rare spellings."""


@dataclass(frozen=True)
class CorpusSettings:
    """How a dataset is encoded.

    tokenizer: one that is open, or the name of one.
    min_count: the occurrences in the training split from which a word has an id of its own.
    limit:     the number of training texts (see `limited_rows`); None for all.
    drop_words_without_vector: treat such a word as unknown, as the report does with frozen vectors.
    first:     a vocabulary whose words keep their ids, before the new words of these texts; None without one.
    """

    tokenizer: OpenTokenizer | str = "basic_english"
    min_count: int = 1
    limit: int | None = None
    drop_words_without_vector: bool = False
    first: Vocabulary | None = None

    def open_tokenizer(self) -> OpenTokenizer:
        """The tokenizer, open. Raises as `open_tokenizer`."""
        return open_tokenizer(self.tokenizer) if isinstance(self.tokenizer, str) else self.tokenizer


@dataclass(frozen=True, eq=False)
class EncodedSplit:
    """N encoded texts: text i is `tokens[offsets[i]:offsets[i + 1]]`, at least one token long.

    tokens: the ids of all texts, flat, int32.   offsets: (N + 1,) int64.   labels: (N,) int64.
    source: (N,) int64, the position of each text in the dataset's split, increasing.
    """

    tokens: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    source: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def lengths(self) -> np.ndarray:
        """The number of tokens of each text, (N,) int64."""
        return np.diff(self.offsets)


class Coverage(NamedTuple):
    """How many words of the vocabulary have a vector, before those without one are dropped.

    known, words:               different words that have a vector, and all that are frequent enough.
    known_tokens, words_tokens: the occurrences of both in the training texts.
    """

    known: int
    words: int
    known_tokens: int
    words_tokens: int


@dataclass(frozen=True, eq=False)
class Encoded:
    """An encoded dataset without the arrays of its splits, which are on disk.

    vectors_VD: float32, zero rows for words without a vector; None where no vectors were given.
    coverage:   the words that have a vector; None where no vectors were given.
    characters: of the training texts, in known and in unknown words.
    """

    splits: tuple[str, ...]
    vocabulary: Vocabulary
    vectors_VD: np.ndarray | None
    coverage: Coverage | None
    characters: Characters


def encode(
    dataset: Dataset,
    settings: CorpusSettings,
    vectors: WordVectors | None,
    folder: Path,
    narrate: Callable[[str], None],
) -> Encoded:
    """Read, verify, tokenize and encode a dataset. Its splits are written to `folder`, never held in memory.

    Raises:
        BadInput: the dataset is malformed.
        EnvironmentProblem: `folder` cannot be written.
    """
    started = time.monotonic()
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        splits = dataset.read()
        check_dataset(dataset, splits)
    rows = {name: _rows(dataset, name, split, settings) for name, split in splits.items()}
    texts = counted(sum(map(len, rows.values())), "text")
    narrate(f"Encoding {texts} of {dataset.name}, once; the cache keeps the result.")
    # Words get provisional ids in the order of their first occurrence, so that each text is tokenized once.
    tokenizer = settings.open_tokenizer()
    fixed = tokenizer.vocabulary
    with disk_errors(CONTENT, folder.parent), TokenizerPool(tokenizer) as pool:
        for name in splits:
            with (folder / f"{name}.provisional").open("wb") as file:
                _tokenize(dataset, name, splits[name], rows[name], pool, folder, file)
        words = pool.words
    counts_V = np.zeros(len(words), dtype=np.int64)
    for block in _blocks(folder / "train.provisional"):
        counts_V += np.bincount(block, minlength=len(words))
    frequent = np.flatnonzero(counts_V >= settings.min_count).tolist()
    counter = Counter({words[word]: int(counts_V[word]) for word in frequent})
    vocabulary, vectors_VD, coverage = _vocabulary(counter, settings, fixed, vectors)
    ids = vocabulary.encode(words)
    with disk_errors(CONTENT, folder.parent):
        for name in splits:
            _renumber(folder / f"{name}.provisional", folder / f"{name}.tokens.npy", ids)
    unknown = counts_V[ids == UNKNOWN].sum() / counts_V.sum()
    size = counted(len(vocabulary), "word" if fixed is None else "piece")
    narrate(
        f"The vocabulary has {size}; {100 * unknown:.1f} % of the training tokens are unknown "
        f"({time.monotonic() - started:.1f} s)."
    )
    characters = Characters.of(words, counts_V, ids != UNKNOWN)
    return Encoded(tuple(splits), vocabulary, vectors_VD, coverage, characters)


def encode_split(dataset: Dataset, name: str, settings: CorpusSettings, vocabulary: Vocabulary) -> EncodedSplit:
    """Encode one split with an existing vocabulary, in memory.

    Raises:
        UnknownName: the dataset has no such split.
        BadInput: the split is malformed.
    """
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        splits = dataset.read()
    if name not in splits:
        raise UnknownName("split", name, splits)
    split = splits[name]
    check_split(dataset, name, split)
    rows = _rows(dataset, name, split, settings)
    labels_N = np.asarray(split.labels, dtype=np.int64)[rows]
    return encode_texts(checked_texts(dataset, name, split, rows), labels_N, rows, settings.tokenizer, vocabulary)


def encode_texts(
    texts: Iterable[str],
    labels_N: np.ndarray,
    rows_N: np.ndarray,
    tokenizer: OpenTokenizer | str,
    vocabulary: Vocabulary,
) -> EncodedSplit:
    """Encode N texts with an existing vocabulary, in memory. rows_N: their positions in their source, increasing."""
    with TokenizerPool(tokenizer) as pool:
        chunks = list(pool.chunks(texts))
        ids = vocabulary.encode(pool.words)
    tokens = np.concatenate([ids[chunk.ids] for chunk in chunks])
    lengths = np.concatenate([chunk.lengths_N for chunk in chunks])
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    return EncodedSplit(tokens, offsets, labels_N.astype(np.int64), rows_N.astype(np.int64))


def _rows(dataset: Dataset, name: str, split: Split, settings: CorpusSettings) -> np.ndarray:
    return limited_rows(np.asarray(split.labels), name, len(dataset.classes), settings.limit)


def limited_rows(labels_N: np.ndarray, split: str, num_classes: int, limit: int | None) -> np.ndarray:
    """The positions of the texts that `--limit` keeps, increasing, the same each time.

    The training split keeps `limit` texts, the others a quarter of that, and at least one text a class. Classes get
    equal shares while their texts last. Within a class the texts are evenly spaced, as neighbouring texts of a file are
    often about one film.

    Raises:
        BadInput: the limit is smaller than the number of classes.
    """
    if limit is None:
        return np.arange(len(labels_N))
    if limit < num_classes:
        raise BadInput(
            f"A limit of {limit} texts is too small for {num_classes} classes.",
            hint=f"Give --limit {num_classes} or more.",
        )
    remaining = limit if split == "train" else max(limit // 4, num_classes)
    classes = sorted((np.flatnonzero(labels_N == label) for label in np.unique(labels_N)), key=len)
    kept = []
    for index, rows in enumerate(classes):
        chosen = rows[midpoints(len(rows), remaining // (len(classes) - index))]
        kept.append(chosen)
        remaining -= len(chosen)
    return np.sort(np.concatenate(kept))


def _tokenize(
    dataset: Dataset,
    name: str,
    split: Split,
    rows: np.ndarray,
    pool: TokenizerPool,
    folder: Path,
    file: BinaryIO,
) -> None:
    """Write the provisional ids of a split to `file`, and its other arrays to `folder`."""
    lengths = array("i")
    for chunk in pool.chunks(checked_texts(dataset, name, split, rows)):
        file.write(chunk.ids.tobytes())
        lengths.frombytes(chunk.lengths_N.tobytes())
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(np.frombuffer(lengths, dtype=np.int32), dtype=np.int64, out=offsets[1:])
    save_array(folder / f"{name}.offsets.npy", offsets)
    save_array(folder / f"{name}.labels.npy", np.asarray(split.labels, dtype=np.int64)[rows])
    save_array(folder / f"{name}.source.npy", rows.astype(np.int64))


def _blocks(path: Path) -> Iterator[np.ndarray]:
    """The ids in a file, block by block: a memory map would count as memory of the process."""
    with path.open("rb") as file:
        while block := file.read(2**22):
            yield np.frombuffer(block, dtype=np.int32)


def _renumber(provisional: Path, final: Path, ids: np.ndarray) -> None:
    """Replace provisional ids by final ones, in an .npy file like those of `np.save`."""
    with final.open("wb") as file:
        shape = (provisional.stat().st_size // ids.itemsize,)
        header = {"descr": np.lib.format.dtype_to_descr(ids.dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for block in _blocks(provisional):
            file.write(ids[block].tobytes())
    provisional.unlink()


def _vocabulary(
    counter: Counter[str], settings: CorpusSettings, fixed: Sequence[str] | None, vectors: WordVectors | None
) -> tuple[Vocabulary, np.ndarray | None, Coverage | None]:
    """The vocabulary; vectors_VD and the coverage where there are pretrained vectors.

    fixed: the vocabulary of the tokenizer, which keeps its ids, so that no piece is dropped.
    """
    vocabulary = Vocabulary.build(counter, settings.min_count) if fixed is None else Vocabulary.fixed(fixed)
    old = 0
    if settings.first is not None and fixed is None:
        vocabulary, old = settings.first.grown(vocabulary.words), len(settings.first) - len(SPECIAL)
    if vectors is None:
        return vocabulary, None, None
    words, special = vocabulary.words, len(SPECIAL)
    with plugin_call(f"Vectors {vectors.name}", "cannot be looked up"):
        table_ND, known_N = vectors.lookup(words[special:])
    shape = (len(words) - special, vectors.size)
    if table_ND.shape != shape or known_N.shape != shape[:1]:
        raise BadInput(
            f"The lookup of the word vectors {vectors.name} returned the shapes {table_ND.shape} and {known_N.shape}; "
            f"expected are {shape} and {shape[:1]}."
        )
    tokens_N = np.array([counter[word] for word in words[special:]], dtype=np.int64)
    coverage = Coverage(int(np.count_nonzero(known_N)), len(known_N), int(tokens_N[known_N].sum()), int(tokens_N.sum()))
    if settings.drop_words_without_vector and coverage.known == 0 and old == 0:
        raise no_word_has_a_vector(vectors, words[special:])
    drops = settings.drop_words_without_vector and fixed is None
    kept_N = known_N | (np.arange(len(known_N)) < old)  # the words of the run that a training starts from stay
    kept = np.flatnonzero(kept_N) if drops else np.arange(len(known_N))
    vectors_VD = np.zeros((special + len(kept), vectors.size), dtype=np.float32)
    vectors_VD[special:] = table_ND[kept]
    return Vocabulary(words[:special] + [words[special + word] for word in kept]), vectors_VD, coverage


def no_word_has_a_vector(vectors: WordVectors, words: list[str]) -> BadInput:
    """The error of frozen vectors for other words than those of the texts: every text would look alike."""
    hint = f"The texts have words such as {_examples(words)}"
    if vectors.first_words:
        hint += f"; the vectors have words such as {_examples(vectors.first_words)}"
    return BadInput(
        f"None of the {counted(len(words), 'word')} of the vocabulary has a vector in {vectors.name}, and the vectors "
        "are not trained.",
        hint=f"{hint}. Give other --vectors or another --tokenizer, or train them: --tune-embeddings",
    )


def coverage_lines(name: str, coverage: Coverage) -> list[str]:
    """The lines for the user about the words that have a vector."""
    known, words, known_tokens, words_tokens = coverage
    share, share_tokens = 100 * known / max(words, 1), 100 * known_tokens / max(words_tokens, 1)
    lines = [
        f"{known:,} of {counted(words, 'different word')} ({share:.1f} %; {share_tokens:.1f} % of their occurrences in "
        f"the training texts) have a vector in {name}."
    ]
    if share_tokens < LEAST_COVERAGE:
        lines.append(
            "Warning: fewer than half of the texts' words have a vector. "
            "Check that the vectors fit the language and the spelling of the texts."
        )
    return lines


def _examples(words: Sequence[str]) -> str:
    return ", ".join(repr(word[:20]) for word in words[:3])
