"""The words that a run has from the run that it started from (`--init`): they have the first ids of its vocabulary."""

from __future__ import annotations

from collections.abc import Iterator

from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.lineage import parent_of


def first_words(run: RunDirectory) -> Vocabulary | None:
    """The words of the run that `run` started from; None where it started from none.

    They are read from the run's own vocabulary, or else from that of the other run, and have the checksum that was
    stored when the run was created.

    Raises:
        BadInput: both vocabularies are missing or damaged.
    """
    origin = run.info.get("init")
    if origin is None:
        return None
    for vocabulary in _candidates(run):
        first = Vocabulary(vocabulary.words[: origin["words"]])
        if first.checksum == origin["vocabulary"]:
            return first
    raise BadInput(
        f"The words that the run {run.id} has from the run {origin['run']} cannot be read: neither has them any more.",
        hint=f"Restore {run.vocabulary_path} or the run {origin['run']} from a copy.",
    )


def _candidates(run: RunDirectory) -> Iterator[Vocabulary]:
    for one in (run, parent_of(run)):
        if one is not None:
            try:
                yield Vocabulary.load(one.vocabulary_path)
            except EnvironmentProblem:
                continue
