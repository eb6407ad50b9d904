"""Pretrained word vectors: GloVe from its wheel or as downloaded, or any text file in GloVe or word2vec format."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from tmeattn.data.checksums import sampled_sha256
from tmeattn.data.download.wheels import GLOVE_50D
from tmeattn.data.vectors.source import open_vector_text, reading
from tmeattn.data.vectors.store import build_vector_store, look_up, open_vector_store
from tmeattn.errors import EnvironmentProblem
from tmeattn.paths import cache_dir, data_dir
from tmeattn.specs import WordVectors

_GLOVE_VECTORS = "data/glove_6B_50d_emb.npy", "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"
_GLOVE_WORDS = "data/glove_6B_index.parquet", "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"
"""Files of the wheel and their SHA-256."""


def glove_50d() -> WordVectors:
    """GloVe 6B (Pennington et al., 2014): 400,000 words in 50 dimensions; from the wheel, or as downloaded.

    Raises:
        EnvironmentProblem: both are missing; `lookup` raises it where the files of the wheel are damaged.
    """
    try:
        vectors_path, words_path = GLOVE_50D.file(_GLOVE_VECTORS[0]), GLOVE_50D.file(_GLOVE_WORDS[0])
    except EnvironmentProblem:
        if (store := open_vector_store(data_dir() / "glove-50d")) is not None:
            return store.word_vectors("glove-50d")
        raise
    fingerprint = f"{_GLOVE_VECTORS[1]}/{_GLOVE_WORDS[1]}"
    return WordVectors("glove-6b-50d", 50, fingerprint, partial(_look_up_in_wheel, vectors_path, words_path))


def glove_100d() -> WordVectors:
    """GloVe 6B in 100 dimensions. Raises `EnvironmentProblem` where it has not been downloaded."""
    return _downloaded("glove-100d")


def glove_200d() -> WordVectors:
    """GloVe 6B in 200 dimensions. Raises `EnvironmentProblem` where it has not been downloaded."""
    return _downloaded("glove-200d")


def glove_300d() -> WordVectors:
    """GloVe 6B in 300 dimensions. Raises `EnvironmentProblem` where it has not been downloaded."""
    return _downloaded("glove-300d")


def vectors_from_file(path: Path, narrate: Callable[[str], None] = lambda line: None) -> WordVectors:
    """Word vectors from a text file, plain, compressed or in a zip: a word and its numbers a line, optionally a
    word2vec header.

    The file is parsed once; the cache keeps the vectors while the file stays the same. Where a word occurs twice, its
    first row counts.

    Raises:
        BadInput: the file cannot be read or parsed; the message names the file and the line.
        EnvironmentProblem: the cache cannot be written.
    """
    with reading(path):
        status, content = path.stat(), sampled_sha256(path)
    state = f"{path.absolute()}\0{status.st_size}\0{status.st_mtime_ns}\0{content}"
    key = hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()
    folder = cache_dir() / f"vectors-{key[:32]}"
    return build_vector_store(folder, path, partial(open_vector_text, path), narrate=narrate).word_vectors(str(path))


def _downloaded(name: str) -> WordVectors:
    store = open_vector_store(data_dir() / name)
    if store is None:
        raise EnvironmentProblem(
            f"The word vectors {name} are {'damaged' if (data_dir() / name).exists() else 'not installed'}.",
            hint=f"Download them: tmeattn data fetch {name} (or add your copy: tmeattn data add {name} glove.6B.zip)",
        )
    return store.word_vectors(name)


def _look_up_in_wheel(vectors_path: Path, words_path: Path, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    GLOVE_50D.verify(vectors_path, _GLOVE_VECTORS[1])
    GLOVE_50D.verify(words_path, _GLOVE_WORDS[1])
    return look_up(vectors_path, words_path, words)
