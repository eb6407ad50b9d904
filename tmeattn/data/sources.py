"""From the names in a run's options to the data they mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tmeattn.config import RANDOM, TrainOptions, is_dataset
from tmeattn.data.encoding.corpus import Corpus, open_corpus
from tmeattn.data.encoding.encode import CorpusSettings, EncodedSplit, encode_split
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.errors import BadInput, UnknownName
from tmeattn.paths import cache_dir, existing_file, existing_path
from tmeattn.registry import registry, resolve
from tmeattn.specs import Dataset, DatasetSpec, Split, VectorsSpec, WordVectors

TEST = "test"


def open_dataset(
    name: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    validation: float | None = None,
    narrate: Callable[[str], None] = lambda line: None,
) -> Dataset:
    """The dataset of that name, whose texts are not read yet; or labelled texts at a path, imported once.

    Raises:
        UnknownName: no plugin brings it.
        BadInput: a path that is not there or holds no labelled texts; options that are for paths alone.
        EnvironmentProblem: its files are not installed, or the cache cannot be written.
    """
    if is_dataset(name):
        options = {"text-column": text_column, "label-column": label_column, "validation": validation}
        if given := [option for option, value in options.items() if value is not None]:
            raise BadInput(f"--{given[0]} is for files of your own; the dataset {name} has its columns and splits.")
        return _registered(name)
    path = existing_path(name)
    if path is None:
        if Path(name).name != name or Path(name).suffix:
            raise BadInput(f"There is no file or folder {name}.", hint="Datasets by name: tmeattn data list")
        return _registered(name)
    from tmeattn.data.readers.user_files import VALIDATION_SHARE, Reading, dataset_at

    how = Reading(text_column, label_column, VALIDATION_SHARE if validation is None else validation)
    return dataset_at(path, how, cache_dir(), narrate)


def dataset_of(options: TrainOptions, narrate: Callable[[str], None] = lambda line: None) -> Dataset:
    """The dataset of a run; raises as `open_dataset`."""
    return open_dataset(
        options.dataset,
        text_column=options.text_column,
        label_column=options.label_column,
        validation=options.validation,
        narrate=narrate,
    )


def _registered(name: str) -> Dataset:
    spec = registry().get(DatasetSpec, name)
    dataset = resolve(spec.load, wanted_by=f"Dataset {name!r}")()
    if not isinstance(dataset, Dataset):
        raise BadInput(f"Dataset {name!r}: {spec.load} returned {type(dataset).__name__}, not a tmeattn.specs.Dataset.")
    return dataset


def open_split(options: TrainOptions, split: str) -> tuple[Dataset, Split]:
    """The dataset of a run and the texts of one of its splits; raises as `open_dataset`.

    Raises:
        UnknownName: it has no such split.
    """
    dataset = dataset_of(options)
    splits = dataset.read()
    if split not in splits:
        raise UnknownName("split", split, splits)
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
        from tmeattn.data.vectors.pretrained import from_text_file

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
    """The encoded corpus of a run: from the cache, or encoded now. The test split is no part of it."""
    without_test = replace(dataset, read=lambda: {k: split for k, split in dataset.read().items() if k != TEST})
    return open_corpus(without_test, corpus_settings(options, vectors), vectors, cache_dir(), narrate=narrate)


def open_test_split(
    options: TrainOptions, dataset: Dataset, vectors: WordVectors | None, vocabulary: Vocabulary
) -> EncodedSplit:
    """The test split in a run's own words, encoded anew: training never looks at it.

    Raises:
        UnknownName: the dataset has none.
    """
    return encode_split(dataset, TEST, corpus_settings(options, vectors), vocabulary)


def corpus_settings(options: TrainOptions, vectors: WordVectors | None) -> CorpusSettings:
    """How a run's texts are encoded.

    With frozen vectors a word without one cannot be told from another, so it counts as unknown (the report's rule).
    """
    return CorpusSettings(
        tokenizer=options.tokenizer,
        min_count=options.min_count,
        max_words=None,
        limit=options.limit,
        drop_words_without_vector=vectors is not None and not options.tune_embeddings,
    )
