"""Pretrained word vectors: GloVe from its wheel, or any text file in the format of GloVe or word2vec."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from tmeattn.data.wheels import GLOVE_50D
from tmeattn.errors import BadInput
from tmeattn.specs import WordVectors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_GLOVE_VECTORS = "data/glove_6B_50d_emb.npy", "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
_GLOVE_WORDS = "data/glove_6B_index.parquet", "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"
_SURROGATE = re.compile("[\ud800-\udfff]")


def glove_50d() -> WordVectors:
    """GloVe 6B (Pennington et al., 2014): 400,000 words, 50 dimensions.

    Raises `EnvironmentProblem` where the wheel is missing, and `lookup` where its files are damaged.
    """
    vectors_path, words_path = GLOVE_50D.file(_GLOVE_VECTORS[0]), GLOVE_50D.file(_GLOVE_WORDS[0])
    fingerprint = f"{_GLOVE_VECTORS[1]}/{_GLOVE_WORDS[1]}"
    return WordVectors("glove-6b-50d", 50, fingerprint, partial(_lookup_glove, vectors_path, words_path))


def _lookup_glove(vectors_path: Path, words_path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    GLOVE_50D.verify(vectors_path, _GLOVE_VECTORS[1])
    GLOVE_50D.verify(words_path, _GLOVE_WORDS[1])
    import polars as pl

    index = pl.read_parquet(words_path).with_row_index("row")
    # A word with a lone surrogate has no UTF-8 form; null joins nothing.
    wanted = pl.DataFrame(
        {"index": [None if _SURROGATE.search(word) else word for word in words]}, {"index": pl.String}
    )
    rows = wanted.join(index, on="index", how="left", maintain_order="left")["row"]
    known = rows.is_not_null().to_numpy()
    table = np.load(vectors_path, mmap_mode="r")
    vectors = np.zeros((len(words), table.shape[1]), dtype=np.float32)
    vectors[known] = table[rows.drop_nulls().to_numpy()]
    return vectors, known


def from_text_file(path: Path) -> WordVectors:
    """Vectors from a text file, one word and its numbers a line, plain or `.gz`; a word2vec header is understood.

    Every row is checked for its width, and for its numbers where the word is looked up. Of a word that occurs twice,
    the first row counts. Raises `BadInput`, naming file and line: here for the first row, in `lookup` for the rest.
    """
    with _naming(path), path.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    return WordVectors(str(path), _layout(path)[0], fingerprint, partial(_lookup_text, path))


def _lookup_text(path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    size, stated = _layout(path)
    wanted: dict[str, list[int]] = {}
    for i, word in enumerate(words):
        wanted.setdefault(word, []).append(i)
    vectors, known = np.zeros((len(words), size), dtype=np.float32), np.zeros(len(words), dtype=bool)
    count = 0
    for number, line in _lines(path):
        if number == 1 and stated is not None:
            continue
        word, numbers = _row(path, number, line, size)
        count += 1
        for i in wanted.pop(word, ()):
            vectors[i], known[i] = _vector(path, number, numbers), True
    if stated not in (None, count):
        raise BadInput(f"{path} holds {count} vectors, but its first line says {stated}.", hint="Is it complete?")
    return vectors, known


def _layout(path: Path) -> tuple[int, int | None]:
    """The width of the vectors, and the number of rows where the first line states it (word2vec)."""
    for _, line in _lines(path):
        pieces = line.split(b" ")
        if len(pieces) == 2 and all(piece.isdigit() for piece in pieces) and int(pieces[1]) > 0:
            return int(pieces[1]), int(pieces[0])
        size = 0
        while size < len(pieces) - 1 and _is_number(pieces[-1 - size]):
            size += 1
        if size == 0:
            raise BadInput(f"{path}, line 1: not a word followed by numbers, separated by single spaces.")
        return size, None
    raise BadInput(f"{path} holds no word vectors: it is empty.")


def _row(path: Path, number: int, line: bytes, size: int) -> tuple[str, bytes]:
    """The word of a row, and its numbers still as text."""
    spaces = line.count(b" ")
    if spaces == size:
        word, _, numbers = line.partition(b" ")
    else:
        # Some words of GloVe 840B contain spaces (". . ."), so the numbers are counted from the right.
        word, *rest = line.rsplit(b" ", size)
        if len(rest) < size or _is_number(word.rpartition(b" ")[2]):
            raise BadInput(f"{path}, line {number}: {spaces} numbers where the first row has {size}.")
        numbers = b" ".join(rest)
    try:
        return word.decode(), numbers
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}, line {number}: not UTF-8.") from error


def _vector(path: Path, number: int, numbers: bytes) -> np.ndarray:
    try:
        with np.errstate(over="ignore"):
            vector = np.array([float(piece) for piece in numbers.split(b" ")], dtype=np.float32)
    except ValueError as error:
        raise BadInput(f"{path}, line {number}: {error}.") from error
    if not np.isfinite(vector).all():
        raise BadInput(f"{path}, line {number}: NaN, infinite, or beyond float32.")
    return vector


def _is_number(piece: bytes) -> bool:
    try:
        float(piece)
    except ValueError:
        return False
    return True


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Lines that hold anything, numbered from 1, without the white space at their end."""
    with _naming(path), gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if stripped := line.rstrip(b" \r\n"):
                yield number, stripped


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what can go wrong while reading the file into an error that names it."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"The word vectors {path} cannot be read: {reason}.") from error
