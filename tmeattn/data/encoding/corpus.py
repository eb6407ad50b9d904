"""The encoded corpus: built once for a dataset and its settings, then memory-mapped from the cache folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tmeattn.data.cache import entry, load_array, writing
from tmeattn.data.encoding.encode import WHAT, CorpusSettings, Encoded, EncodedSplit, encode
from tmeattn.data.encoding.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tmeattn.specs import Dataset, WordVectors

FORMAT = 1
"""Part of every key: raise it whenever the encoding or the files change."""

_MANIFEST, _VOCABULARY, _VECTORS, _HAS_VECTOR = "corpus.json", "vocabulary.json", "vectors.npy", "has_vector.npy"


@dataclass(frozen=True, eq=False)
class Corpus:
    """An encoded dataset in the cache, opened without reading it; arrays are read-only.

    classes:     names of the labels.
    fingerprint: SHA-256 of everything encoded: ids, labels, words, vectors.
    splits:      "train", "validation", and "test" where the dataset has one.
    vectors:     pretrained vectors (V, D) float32, zero rows for words without one; None where none were given.
    has_vector:  which words have a pretrained vector, (V,) bool; None where none were given.
    folder:      its entry in the cache.
    """

    classes: tuple[str, ...]
    fingerprint: str
    splits: dict[str, EncodedSplit]
    vectors: np.ndarray | None
    has_vector: np.ndarray | None
    folder: Path

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The V words; read when first asked for."""
        return Vocabulary.load(self.folder / _VOCABULARY)


def open_corpus(
    dataset: Dataset,
    settings: CorpusSettings,
    vectors: WordVectors | None,
    cache: Path,
    *,
    narrate: Callable[[str], None] = lambda line: None,
) -> Corpus:
    """The corpus from the cache, where it stands under the fingerprints and settings; else encoded and put there.

    Raises `BadInput` for a malformed dataset, `EnvironmentProblem` where the cache cannot be written.
    """

    def build(temporary: Path) -> None:
        encoded = encode(dataset, settings, vectors, temporary, narrate)
        with writing(WHAT, cache):
            _write(temporary, dataset.classes, encoded)

    return entry(cache / f"corpus-{_key(dataset, settings, vectors)[:32]}", _open, build, WHAT)


def _key(dataset: Dataset, settings: CorpusSettings, vectors: WordVectors | None) -> str:
    parts = [FORMAT, dataset.name, dataset.classes, dataset.fingerprint, asdict(settings)]
    return hashlib.sha256(json.dumps([*parts, vectors and vectors.fingerprint], sort_keys=True).encode()).hexdigest()


def _write(folder: Path, classes: tuple[str, ...], encoded: Encoded) -> None:
    """Write what `encode` has not, the manifest with the sizes of all files last."""
    encoded.vocabulary.save(folder / _VOCABULARY)
    if encoded.vectors_VD is not None and encoded.has_vector_V is not None:
        np.save(folder / _VECTORS, encoded.vectors_VD)
        np.save(folder / _HAS_VECTOR, encoded.has_vector_V)
    digest = hashlib.sha256(json.dumps(classes).encode())
    sizes = {}
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
        sizes[path.name] = path.stat().st_size
    manifest = {
        "format": FORMAT,
        "classes": classes,
        "fingerprint": digest.hexdigest(),
        "splits": list(encoded.splits),
        "sizes": sizes,
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _open(folder: Path) -> Corpus | None:
    """The corpus in this folder, or None where it is missing or damaged."""
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        sizes = manifest["sizes"]
        if any((folder / name).stat().st_size != size for name, size in sizes.items()):
            return None
        splits = {
            name: EncodedSplit(
                **{field.name: load_array(folder / _array(name, field.name)) for field in fields(EncodedSplit)}
            )
            for name in manifest["splits"]
        }
        vectors, has_vector = (load_array(folder / name) if name in sizes else None for name in (_VECTORS, _HAS_VECTOR))
        return Corpus(tuple(manifest["classes"]), manifest["fingerprint"], splits, vectors, has_vector, folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _array(split: str, field: str) -> str:
    return f"{split}.{field}.npy"
