"""The words of a run, against those of the data and of its checkpoint."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tmeattn.data.encoding.vocabulary import SPECIAL, Vocabulary
from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.training.vocabulary_file import settle_vocabulary

WORDS = Vocabulary([*SPECIAL, "good", "film"])
OTHERS = Vocabulary([*SPECIAL, "bad", "film"])


def saved(checksum: str) -> Any:
    """A checkpoint that was trained with the words of such a checksum; that of version 0.1 has none."""
    return SimpleNamespace(progress=SimpleNamespace(vocabulary=checksum))


def test_a_checkpoint_of_other_words_is_refused(trained: RunDirectory) -> None:
    before = trained.vocabulary_path.read_bytes()
    with pytest.raises(BadInput, match="has changed since it was trained"):
        settle_vocabulary(trained, WORDS, saved(OTHERS.checksum))
    assert trained.vocabulary_path.read_bytes() == before


def test_without_a_checksum_whole_other_words_are_refused_and_damaged_ones_rebuilt(trained: RunDirectory) -> None:
    trained.vocabulary_path.write_bytes(OTHERS.content)
    with pytest.raises(BadInput, match="has changed since it was trained"):
        settle_vocabulary(trained, WORDS, saved(""))
    trained.vocabulary_path.write_bytes(OTHERS.content[:-3])
    warning = settle_vocabulary(trained, WORDS, saved(""))
    assert warning == f"The vocabulary of {trained.id} was damaged: it is rebuilt from the data."
    assert trained.vocabulary_path.read_bytes() == WORDS.content
    assert settle_vocabulary(trained, WORDS, saved("")) is None


def test_at_the_first_step_the_words_are_written(trained: RunDirectory) -> None:
    trained.vocabulary_path.unlink()
    assert settle_vocabulary(trained, WORDS, None) is None
    assert trained.vocabulary_path.read_bytes() == WORDS.content
