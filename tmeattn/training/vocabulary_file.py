"""The file of a run's words: written before training begins, verified by every resume, rebuilt where it is damaged."""

from __future__ import annotations

from collections.abc import Callable

from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.data.first_words import first_words
from tmeattn.data.sources import changed_data, check_unchanged, dataset_of, open_training_corpus, open_vectors
from tmeattn.files import disk_errors, open_regular
from tmeattn.run_config import stored_config
from tmeattn.runs.checksums import vocabulary_checksum
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.checkpoint import Checkpoint

Narrate = Callable[[str], None]


def settle_vocabulary(run: RunDirectory, vocabulary: Vocabulary, saved: Checkpoint | None) -> str | None:
    """Write the words of the training data to the run, unless its file already holds them.

    saved: the checkpoint from which training continues, whose weights fit the number of words; None at step 0.

    Returns: a warning where the file was damaged and is now rebuilt.

    Raises:
        BadInput: the checkpoint was trained with other words.
        EnvironmentProblem: the file cannot be written.
    """
    expected = saved.progress.vocabulary if saved is not None else ""
    content = _content(run)
    if expected and expected != vocabulary.checksum:
        raise changed_data(run)
    if content == vocabulary.content:
        return None
    if saved is not None and not expected and content is not None and _is_readable(content):
        raise changed_data(run)  # version 0.1 stored no checksum, and these are whole words of other data
    with disk_errors("the vocabulary", run.path):
        vocabulary.save(run.vocabulary_path)
    return None if content is None and saved is None else _rebuilt(run)


def rebuild_vocabulary(run: RunDirectory, narrate: Narrate) -> None:
    """Rebuild the vocabulary of a finished run from its data, if the file is missing or damaged.

    Raises:
        BadInput: the data has changed, so that its words are not the run's.
        EnvironmentProblem: the data is not installed, or the file cannot be written.
    """
    expected, content = vocabulary_checksum(run.checkpoints), _content(run)
    if content is not None and _is_readable(content, expected):
        return
    config = stored_config(run.id, run.config)
    dataset, vectors = dataset_of(config.train, narrate), open_vectors(config.train.vectors)
    check_unchanged(run, dataset)
    vocabulary = open_training_corpus(config, dataset, vectors, narrate, first_words(run)).vocabulary
    if expected and expected != vocabulary.checksum:
        raise changed_data(run)
    with disk_errors("the vocabulary", run.path):
        vocabulary.save(run.vocabulary_path)
    narrate(_rebuilt(run))


def _content(run: RunDirectory) -> bytes | None:
    try:
        with open_regular(run.vocabulary_path) as file:
            return file.read()
    except OSError:
        return None


def _is_readable(content: bytes, checksum: str = "") -> bool:
    try:
        Vocabulary.parse(content, checksum)
    except ValueError:
        return False
    return True


def _rebuilt(run: RunDirectory) -> str:
    return f"The vocabulary of {run.id} was damaged: it is rebuilt from the data."
