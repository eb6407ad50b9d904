"""Pretrained word vectors: GloVe from its wheel or as fetched, or any text file in the format of GloVe or word2vec."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from tmeattn.data.download.wheels import GLOVE_50D
from tmeattn.data.vectors.parse import naming
from tmeattn.data.vectors.store import build_vector_store, look_up, open_vector_store
from tmeattn.errors import EnvironmentProblem
from tmeattn.paths import cache_dir, data_dir
from tmeattn.specs import WordVectors

_GLOVE_VECTORS = "data/glove_6B_50d_emb.npy", "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
_GLOVE_WORDS = "data/glove_6B_index.parquet", "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"


def glove_50d() -> WordVectors:
    """GloVe 6B (Pennington et al., 2014): 400,000 words, 50 dimensions; from the wheel, or as fetched.

    Raises `EnvironmentProblem` where both are missing, and `lookup` where the wheel's files are damaged.
    """
    try:
        vectors_path, words_path = GLOVE_50D.file(_GLOVE_VECTORS[0]), GLOVE_50D.file(_GLOVE_WORDS[0])
    except EnvironmentProblem:
        if (store := open_vector_store(data_dir() / "glove-50d")) is not None:
            return store.word_vectors("glove-50d")
        raise
    fingerprint = f"{_GLOVE_VECTORS[1]}/{_GLOVE_WORDS[1]}"
    return WordVectors("glove-6b-50d", 50, fingerprint, partial(_lookup_glove, vectors_path, words_path))


def glove_100d() -> WordVectors:
    """GloVe 6B in 100 dimensions. Raises `EnvironmentProblem` where it has not been fetched."""
    return _fetched("glove-100d")


def glove_200d() -> WordVectors:
    """GloVe 6B in 200 dimensions. Raises `EnvironmentProblem` where it has not been fetched."""
    return _fetched("glove-200d")


def glove_300d() -> WordVectors:
    """GloVe 6B in 300 dimensions. Raises `EnvironmentProblem` where it has not been fetched."""
    return _fetched("glove-300d")


def _fetched(name: str) -> WordVectors:
    store = open_vector_store(data_dir() / name)
    if store is None:
        raise EnvironmentProblem(
            f"The word vectors {name} are not here yet.",
            hint=f"Fetch them: tmeattn data fetch {name}, or bring glove.6B.zip: tmeattn data add {name} PATH",
        )
    return store.word_vectors(name)


def _lookup_glove(vectors_path: Path, words_path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    GLOVE_50D.verify(vectors_path, _GLOVE_VECTORS[1])
    GLOVE_50D.verify(words_path, _GLOVE_WORDS[1])
    return look_up(vectors_path, words_path, words)


def from_text_file(path: Path) -> WordVectors:
    """Vectors from a text file, one word and its numbers a line, plain or `.gz`; a word2vec header is understood.

    It is parsed once and kept in the cache while the file is unchanged. Of a word that occurs twice, the first row
    counts. Raises `BadInput`, naming file and line, and `EnvironmentProblem` where the cache cannot be written.
    """
    with naming(path):
        about = path.stat()
    key = hashlib.sha256(f"{path.absolute()}\0{about.st_size}\0{about.st_mtime_ns}".encode("utf-8", "surrogateescape"))
    folder = cache_dir() / f"vectors-{key.hexdigest()[:32]}"
    return build_vector_store(folder, path, partial(opened_text, path)).word_vectors(str(path))


@contextmanager
def opened_text(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a text file, plain or `.gz`."""
    with naming(path), gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        yield file  # type: ignore[misc]
