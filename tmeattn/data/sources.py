"""The datasets and word vectors that the options of a run name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from tmeattn.config import AUTO_TOKENIZER, MODEL_TOKENIZER, RANDOM, TrainOptions
from tmeattn.data.data_options import DataOptions
from tmeattn.data.dataset_warnings import encoded_label_warnings
from tmeattn.data.edited_dataset import edited
from tmeattn.data.encoding.corpus import Corpus, open_corpus
from tmeattn.data.encoding.encode import CorpusSettings
from tmeattn.data.encoding.open_tokenizer import OpenTokenizer, open_tokenizer, opened
from tmeattn.data.encoding.scripts import fitting_tokenizer, latin_share
from tmeattn.data.encoding.unknown_words import unknown_words_warning
from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.data.label_edits import NO_EDITS, LabelEdits, edits_of
from tmeattn.data.readers.tables import is_pipe
from tmeattn.data.readers.text_store import TextStore
from tmeattn.errors import BadInput, UnknownName
from tmeattn.foreign import plugin_call
from tmeattn.paths import corpora_dir, existing_file, existing_path
from tmeattn.registry import registry, resolve
from tmeattn.run_config import RunConfig, is_dataset, model_config, with_tokenizer
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import Dataset, DatasetSpec, ModelSpec, Split, VectorsSpec, WordVectors

T = TypeVar("T")
TEST = "test"


def open_dataset(
    name: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    validation: float | None = None,
    edits: LabelEdits = NO_EDITS,
    narrate: Callable[[str], None] = lambda line: None,
) -> Dataset:
    """Open a dataset by name, without reading its texts; or import the labelled texts at a path, once.

    edits: the labels that are left out or merged. The result is then an `EditedDataset`.

    Raises:
        UnknownName: no plugin provides it, or it has no label that `edits` names.
        BadInput: the path does not exist or holds no labelled texts, or an option is only for paths.
        EnvironmentProblem: its files are not installed, or the cache cannot be written.
    """
    if is_dataset(name):
        options = {"text-column": text_column, "label-column": label_column, "validation": validation}
        if given := [option for option, value in options.items() if value is not None]:
            raise BadInput(
                f"--{given[0]} is only for files of your own; the dataset {name} has fixed columns and splits.",
                hint=f"Remove --{given[0]}, or give a path.",
            )
        return edited(_registered(name), edits, narrate)
    path = existing_path(name)
    if path is None:
        if is_pipe(Path(name)):
            raise BadInput(
                f"{name} is a pipe or a device, but a dataset is read more than once.", hint="Write it to a file first."
            )
        if Path(name).name != name or Path(name).suffix:
            raise BadInput(
                f"There is no file or folder {name}.", hint="Check the path. Datasets by name: tmeattn data list"
            )
        return _registered(name)
    from tmeattn.data.holdout import VALIDATION_SHARE
    from tmeattn.data.readers.labelled_table import ImportOptions
    from tmeattn.data.readers.user_files import open_user_dataset

    share = VALIDATION_SHARE if validation is None else validation
    how = ImportOptions(text_column, label_column, share, edits=edits)
    return open_user_dataset(path, how, corpora_dir(), narrate)


def import_path(
    path: Path,
    data: DataOptions,
    *,
    to_train: bool,
    validation: float | None,
    edits: LabelEdits = NO_EDITS,
    narrate: Callable[[str], None] = lambda line: None,
) -> TextStore:
    """The stored texts at a path with what is known of each, imported now where the cache lacks them.

    data: its columns are used.   to_train: as a run is trained on them; else all texts are only measured.
    edits: of the labels, to train.
    Raises as `open_dataset`.
    """
    from tmeattn.data.holdout import VALIDATION_SHARE
    from tmeattn.data.readers.labelled_table import ImportOptions
    from tmeattn.data.readers.user_files import import_texts

    share = VALIDATION_SHARE if validation is None else validation
    options = ImportOptions(
        data.text_column,
        data.label_column,
        share,
        data.id_column,
        keep_ids=data.keep_ids or data.id_column is not None or not to_train,
        to_train=to_train,
        edits=edits,
    )
    return import_texts(path, options, corpora_dir(), narrate)


def check_sources(options: TrainOptions) -> None:
    """Check that the dataset and the vectors of a run are there. Files are not read, so that they may still be refused.

    Raises:
        BadInput, EnvironmentProblem: as `open_dataset` and `open_vectors`.
    """
    if is_dataset(options.dataset) or existing_path(options.dataset) is None:
        dataset_of(options)
    if existing_file(options.vectors) is None:
        open_vectors(options.vectors)


def dataset_of(options: TrainOptions, narrate: Callable[[str], None] = lambda line: None) -> Dataset:
    """Open the dataset of a run; raises as `open_dataset`."""
    return open_dataset(
        options.dataset,
        text_column=options.text_column,
        label_column=options.label_column,
        validation=options.validation,
        edits=label_edits(options),
        narrate=narrate,
    )


def label_edits(options: TrainOptions) -> LabelEdits:
    """The labels that a run leaves out or merges."""
    return edits_of(options.drop_label, options.merge_labels)


def _registered(name: str) -> Dataset:
    return _load(registry().get(DatasetSpec, name), "Dataset", Dataset)


def _load(spec: DatasetSpec | VectorsSpec, kind: str, expected: type[T]) -> T:
    """Call the load function of a plugin, and verify the type of what it returns."""
    whose = f"{kind} {spec.name!r}"
    load = resolve(spec.load, wanted_by=whose)
    with plugin_call(whose, "cannot be loaded"):
        loaded = load()
    if not isinstance(loaded, expected):
        raise BadInput(
            f"{whose}: {spec.load} returned {type(loaded).__name__}, not tmeattn.specs.{expected.__name__}.",
            hint="Correct or remove the plugin.",
        )
    return loaded


def check_unchanged(run: RunDirectory, dataset: Dataset) -> None:
    """Check that a dataset is the one that a run was trained on, by its fingerprint and its classes.

    Otherwise the labels of its texts may be others than the model's, or its validation texts may be training texts of
    the model.

    Raises:
        BadInput: it is not.
    """
    if dataset.fingerprint != run.data["fingerprint"] or list(dataset.classes) != run.data["classes"]:
        raise changed_data(run)


def changed_data(run: RunDirectory) -> BadInput:
    """The error for a run whose data has changed since it was trained."""
    train, model = run.config["train"], run.config["model"]
    return BadInput(
        f"The data of the run {run.id} ({train['dataset']}, {train.get('vectors', RANDOM)}) has changed since it was "
        "trained.",
        hint=f"Restore the data as it was, or train a new run: tmeattn train {model} --from {run.id}",
    )


def open_split(
    run: RunDirectory, options: TrainOptions, split: str, narrate: Callable[[str], None] = lambda line: None
) -> tuple[Dataset, Split]:
    """The dataset of a run and one of its splits.

    Raises:
        UnknownName: the dataset has no such split.
        BadInput: the data has changed since the run was trained. For other errors see `open_dataset`.
    """
    dataset = dataset_of(options, narrate)
    check_unchanged(run, dataset)
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        splits = dataset.read()
    if split not in splits:
        raise UnknownName("split", split, splits)
    return dataset, splits[split]


def open_vectors(name: str, narrate: Callable[[str], None] = lambda line: None) -> WordVectors | None:
    """Open word vectors by name or from a text file; None for random vectors.

    narrate: called with a warning, such as a file whose first line states another number of words.

    Raises:
        UnknownName: there are no vectors with that name and no such file.
        BadInput: the file contains no word vectors.
        EnvironmentProblem: the vectors are not installed, or the cache cannot be written.
    """
    if name == RANDOM:
        return None
    if (file := existing_file(name)) is not None:
        from tmeattn.data.vectors.pretrained import vectors_from_file

        return vectors_from_file(file, narrate)
    path = Path(name)
    if is_pipe(path):
        raise BadInput(
            f"--vectors: {name} is a pipe or a device, but word vectors are read more than once.",
            hint="Write them to a file first.",
        )
    if existing_path(name) is not None:
        raise BadInput(f"--vectors: {name} is a folder.", hint="Give a GloVe or word2vec text file, plain or .gz.")
    if path.name != name or path.suffix.lower() in {".txt", ".gz", ".vec", ".zip", ".bin", ".xz", ".bz2", ".npy"}:
        raise BadInput(f"--vectors: there is no file {name}.", hint="Give a GloVe or word2vec text file, plain or .gz.")
    return _load(registry().get(VectorsSpec, name), "Vectors", WordVectors)


def run_tokenizer(config: RunConfig) -> OpenTokenizer:
    """The tokenizer of a run.

    Raises:
        UnknownName: no plugin provides it.
        BadInput: the plugin fails, or returns no tokenizer.
        EnvironmentProblem: something that it needs is not installed.
    """
    name = config.train.tokenizer
    if name != MODEL_TOKENIZER:
        return open_tokenizer("basic_english" if name == AUTO_TOKENIZER else name)
    spec = registry().get(ModelSpec, config.model)
    whose = f"The tokenizer of the model {spec.name!r} (from {registry().plugin_of(spec).distribution})"
    if spec.tokenizer is None:
        raise BadInput(
            f"The model {spec.name!r} has no tokenizer of its own any more.", hint="Install its old version."
        )
    return opened(spec.tokenizer, (model_config(config),), whose)


def with_chosen_tokenizer(config: RunConfig, dataset: Dataset, narrate: Callable[[str], None]) -> RunConfig:
    """The configuration with the name of a tokenizer in place of `auto`: the one that fits the script of the training
    texts. Raises as `Dataset.read`."""
    if config.train.tokenizer != AUTO_TOKENIZER:
        return config
    with plugin_call(f"Dataset {dataset.name}", "cannot be read"):
        share = latin_share(dataset.read()["train"].texts)
    name = fitting_tokenizer(share)
    if name != "basic_english":
        narrate(
            f"The tokenizer is {name}, because {100 * share:.0f} % of the letters of the training texts are Latin "
            "(--tokenizer takes another one)."
        )
    return with_tokenizer(config, name)


def open_training_corpus(
    config: RunConfig,
    dataset: Dataset,
    vectors: WordVectors | None,
    narrate: Callable[[str], None],
    first: Vocabulary | None = None,
) -> Corpus:
    """Open the encoded corpus of a run from the cache, or encode it now. It never contains the test split.

    first: the words of the run that it starts from (`tmeattn.data.first_words`).
    """
    without_test = replace(dataset, read=lambda: {key: split for key, split in dataset.read().items() if key != TEST})
    settings = replace(corpus_settings(config, vectors), first=first)
    corpus = open_corpus(without_test, settings, vectors, corpora_dir(), narrate=narrate)
    name = config.train.tokenizer

    def texts() -> Sequence[str]:
        return dataset.read()["train"].texts

    warning = unknown_words_warning(corpus.splits["train"].tokens, texts, name)
    if warning is None and corpus.characters is not None:
        warning = corpus.characters.warning(name, texts)
    named = is_dataset(config.train.dataset)  # the import of files has warned of their labels
    of_labels = encoded_label_warnings(corpus, limited=config.train.limit is not None) if named else []
    for line in [*of_labels, *([] if warning is None else [warning])]:
        narrate(line)
    return corpus


def corpus_settings(config: RunConfig, vectors: WordVectors | None) -> CorpusSettings:
    """How the texts of a run are encoded.

    With frozen embeddings, all words without a vector would have the same zero vector, so they count as unknown (as in
    the report).
    """
    options = config.train
    return CorpusSettings(
        tokenizer=run_tokenizer(config),
        min_count=options.min_count,
        limit=options.limit,
        drop_words_without_vector=vectors is not None and not options.tune_embeddings,
    )
