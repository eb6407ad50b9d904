"""The encoded corpus: built once for a dataset and its settings, then memory-mapped from the cache folder.

vocabulary.json        the words, in the order of their ids
SPLIT.{tokens,offsets,labels,source}.npy    the arrays of `EncodedSplit`
vectors.npy            (V, D) float32, where pretrained vectors were given
corpus.json            classes, fingerprint, splits, sizes and checksums of the files: written last
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, NotRequired

import numpy as np

from tmeattn.data.cache import (
    DAMAGE,
    FileChecks,
    file_checks,
    load_array,
    open_or_build,
    read_manifest,
    save_array,
    write_manifest,
)
from tmeattn.data.encoding.encode import (
    CONTENT,
    CorpusSettings,
    Coverage,
    Encoded,
    EncodedSplit,
    coverage_lines,
    encode,
)
from tmeattn.data.encoding.unknown_words import Characters
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.files import disk_errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tmeattn.specs import Dataset, WordVectors

FORMAT = 4
"""Part of every key: raise it whenever the encoding or the files change."""

_MANIFEST, _VOCABULARY, _VECTORS = "corpus.json", "vocabulary.json", "vectors.npy"


class CorpusManifest(FileChecks):
    """`corpus.json`. `coverage`: the numbers of `Coverage`, in their order; None without pretrained vectors.
    `characters`: those of `Characters`; earlier corpora have none."""

    format: int
    classes: list[str]
    fingerprint: str
    splits: list[str]
    coverage: list[int] | None
    characters: NotRequired[list[int]]


@dataclass(frozen=True, eq=False)
class Corpus:
    """An encoded dataset in the cache, opened without reading it; its arrays are read-only.

    classes:     the names of the labels.
    fingerprint: the SHA-256 of everything that was encoded: ids, labels, words, vectors.
    splits:      "train", "validation", and "test" where the dataset has one.
    vectors:     pretrained vectors (V, D) float32, zero rows for words without one; None where none were given.
    folder:      its folder in the cache.
    coverage:    the words that have a vector; None without `vectors`.
    characters:  of the training texts, in known and in unknown words; None in a corpus of an earlier version.
    """

    classes: tuple[str, ...]
    fingerprint: str
    splits: dict[str, EncodedSplit]
    vectors: np.ndarray | None
    folder: Path
    coverage: Coverage | None = None
    characters: Characters | None = None

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

    settings = replace(settings, tokenizer=settings.open_tokenizer())

    def build(temporary: Path) -> None:
        encoded = encode(dataset, settings, vectors, temporary, narrate)
        with disk_errors(CONTENT, cache):
            _write(temporary, dataset.classes, encoded)

    folder = cache / f"corpus-{_key(dataset, settings, vectors)[:32]}"
    corpus = open_or_build(folder, _open, build, CONTENT, narrate)
    if vectors is not None and corpus.coverage is not None:
        for line in coverage_lines(vectors.name, corpus.coverage):
            narrate(line)
    return corpus


def _key(dataset: Dataset, settings: CorpusSettings, vectors: WordVectors | None) -> str:
    encoding = {field.name: getattr(settings, field.name) for field in fields(settings)}
    encoding["tokenizer"] = settings.open_tokenizer().key
    first = encoding.pop("first")
    if first is not None:  # without it, the key is that of earlier versions
        encoding["first"] = first.checksum
    parts = [FORMAT, dataset.name, dataset.classes, dataset.fingerprint, encoding]
    return hashlib.sha256(json.dumps([*parts, vectors and vectors.fingerprint], sort_keys=True).encode()).hexdigest()


def _write(folder: Path, classes: tuple[str, ...], encoded: Encoded) -> None:
    """Write the files that `encode` did not write, the manifest last."""
    encoded.vocabulary.save(folder / _VOCABULARY)
    if encoded.vectors_VD is not None:
        save_array(folder / _VECTORS, encoded.vectors_VD)
    digest = hashlib.sha256(json.dumps(classes).encode())
    for path in sorted(folder.iterdir()):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    manifest = CorpusManifest(
        format=FORMAT,
        classes=list(classes),
        fingerprint=digest.hexdigest(),
        splits=list(encoded.splits),
        coverage=list(encoded.coverage) if encoded.coverage is not None else None,
        characters=list(encoded.characters),
        **file_checks(folder),
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
        coverage = Coverage(*manifest["coverage"]) if manifest["coverage"] is not None else None
        characters = Characters(*manifest["characters"]) if "characters" in manifest else None
        classes = tuple(manifest["classes"])
        return Corpus(classes, manifest["fingerprint"], splits, vectors, folder, coverage, characters)
    except DAMAGE:
        return None
