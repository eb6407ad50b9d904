"""The encoded corpus: built once for a dataset and its settings, then memory-mapped from the cache folder.

vocabulary.json        the words, in the order of their ids
SPLIT.{tokens,offsets,labels,source}.npy    the arrays of `EncodedSplit`
vectors.npy            (V, D) float32, where pretrained vectors were given
corpus.json            classes, fingerprint, splits, and the sizes of the files: written last
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from tmeattn.data.cache import DAMAGE, file_sizes, load_array, open_or_build, read_manifest, write_manifest, writing
from tmeattn.data.encoding.encode import CONTENT, CorpusSettings, Encoded, EncodedSplit, encode
from tmeattn.data.encoding.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tmeattn.specs import Dataset, WordVectors

FORMAT = 2
"""Part of every key: raise it whenever the encoding or the files change."""

_MANIFEST, _VOCABULARY, _VECTORS = "corpus.json", "vocabulary.json", "vectors.npy"


class CorpusManifest(TypedDict):
    """`corpus.json`. `sizes`: bytes of each file."""

    format: int
    classes: list[str]
    fingerprint: str
    splits: list[str]
    sizes: dict[str, int]


@dataclass(frozen=True, eq=False)
class Corpus:
    """An encoded dataset in the cache, opened without reading it; its arrays are read-only.

    classes:     the names of the labels.
    fingerprint: the SHA-256 of everything that was encoded: ids, labels, words, vectors.
    splits:      "train", "validation", and "test" where the dataset has one.
    vectors:     pretrained vectors (V, D) float32, zero rows for words without one; None where none were given.
    folder:      its folder in the cache.
    """

    classes: tuple[str, ...]
    fingerprint: str
    splits: dict[str, EncodedSplit]
    vectors: np.ndarray | None
    folder: Path

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The V words; read from disk at the first use."""
        return Vocabulary.load(self.folder / _VOCABULARY)


def open_corpus(
    dataset: Dataset,
    settings: CorpusSettings,
    vectors: WordVectors | None,
    cache: Path,
    *,
    narrate: Callable[[str], None] = lambda line: None,
) -> Corpus:
    """Open the corpus from the cache; where the cache lacks these fingerprints and settings, encode it first.

    Raises:
        BadInput: the dataset is malformed.
        EnvironmentProblem: the cache cannot be written.
    """

    def build(temporary: Path) -> None:
        encoded = encode(dataset, settings, vectors, temporary, narrate)
        with writing(CONTENT, cache):
            _write(temporary, dataset.classes, encoded)

    return open_or_build(cache / f"corpus-{_key(dataset, settings, vectors)[:32]}", _open, build, CONTENT)


def _key(dataset: Dataset, settings: CorpusSettings, vectors: WordVectors | None) -> str:
    parts = [FORMAT, dataset.name, dataset.classes, dataset.fingerprint, asdict(settings)]
    return hashlib.sha256(json.dumps([*parts, vectors and vectors.fingerprint], sort_keys=True).encode()).hexdigest()


def _write(folder: Path, classes: tuple[str, ...], encoded: Encoded) -> None:
    """Write the files that `encode` did not write, the manifest last."""
    encoded.vocabulary.save(folder / _VOCABULARY)
    if encoded.vectors_VD is not None:
        np.save(folder / _VECTORS, encoded.vectors_VD)
    digest = hashlib.sha256(json.dumps(classes).encode())
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    manifest = CorpusManifest(
        format=FORMAT,
        classes=list(classes),
        fingerprint=digest.hexdigest(),
        splits=list(encoded.splits),
        sizes=file_sizes(folder),
    )
    write_manifest(folder / _MANIFEST, manifest)


def _open(folder: Path) -> Corpus | None:
    """The corpus in this folder; None where it is missing or damaged."""
    try:
        manifest: CorpusManifest = read_manifest(folder / _MANIFEST, FORMAT)
        splits = {
            name: EncodedSplit(
                **{field.name: load_array(folder / f"{name}.{field.name}.npy") for field in fields(EncodedSplit)}
            )
            for name in manifest["splits"]
        }
        vectors = load_array(folder / _VECTORS) if _VECTORS in manifest["sizes"] else None
        return Corpus(tuple(manifest["classes"]), manifest["fingerprint"], splits, vectors, folder)
    except DAMAGE:
        return None
