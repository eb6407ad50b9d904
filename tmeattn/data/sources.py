"""From the names in a run's options to the data they mean."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tmeattn.config import RANDOM, TrainOptions
from tmeattn.data.corpus import Corpus, open_corpus
from tmeattn.data.encoding import CorpusSettings
from tmeattn.errors import BadInput, UnknownName
from tmeattn.paths import cache_dir, existing_file
from tmeattn.registry import registry, resolve
from tmeattn.specs import Dataset, DatasetSpec, Split, VectorsSpec, WordVectors


def open_dataset(name: str) -> Dataset:
    """The dataset of that name; its texts are not read yet.

    Raises:
        UnknownName: no plugin brings it.
        EnvironmentProblem: its files are not installed.
    """
    spec = registry().get(DatasetSpec, name)
    dataset = resolve(spec.load, wanted_by=f"Dataset {name!r}")()
    if not isinstance(dataset, Dataset):
        raise BadInput(f"Dataset {name!r}: {spec.load} returned {type(dataset).__name__}, not a tmeattn.specs.Dataset.")
    return dataset


def open_split(name: str, split: str) -> tuple[Dataset, Split]:
    """A dataset and the texts of one of its splits.

    Raises:
        UnknownName: there is no such dataset, or it has no such split.
        EnvironmentProblem: its files are not installed, or damaged.
    """
    dataset = open_dataset(name)
    splits = dataset.read()
    if split not in splits:
        raise UnknownName("split", split, splits, list_command="tmeattn evaluate --help")
    return dataset, splits[split]


def open_vectors(name: str) -> WordVectors | None:
    """Word vectors by name or from a text file; None for random ones.

    Raises:
        UnknownName: neither a known name nor a file.
        BadInput: the file holds no word vectors.
    """
    if name == RANDOM:
        return None
    if (file := existing_file(name)) is not None:
        from tmeattn.data.vectors import from_text_file

        return from_text_file(file)
    path = Path(name)
    if path.name != name or path.suffix in {".txt", ".gz", ".vec"}:
        raise BadInput(f"--vectors: there is no file {name}.", hint="Give a GloVe or word2vec text file, plain or .gz.")
    spec = registry().get(VectorsSpec, name)
    vectors = resolve(spec.load, wanted_by=f"Vectors {name!r}")()
    if not isinstance(vectors, WordVectors):
        raise BadInput(f"Vectors {name!r}: {spec.load} returned {type(vectors).__name__}, not WordVectors.")
    return vectors


def open_training_corpus(
    options: TrainOptions, dataset: Dataset, vectors: WordVectors | None, narrate: Callable[[str], None]
) -> Corpus:
    """The encoded corpus of a run: from the cache, or encoded now.

    With frozen vectors a word without one cannot be told from another, so it counts as unknown (the report's rule).
    """
    settings = CorpusSettings(
        tokenizer=options.tokenizer,
        min_count=options.min_count,
        max_words=None,
        limit=options.limit,
        drop_words_without_vector=vectors is not None and not options.tune_embeddings,
    )
    return open_corpus(dataset, settings, vectors, cache_dir(), narrate=narrate)
