"""A run whose tokenizer has changed is not continued, and the texts are not encoded with the new one first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tmeattn.data.encoding import open_tokenizer
from tmeattn.data.encoding.tokenizers import SpaceTokenizer
from tmeattn.errors import BadInput
from tmeattn.paths import runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.training import build_trainer, session


class Killed(BaseException):
    """Stands in for a kill."""


@dataclass(frozen=True)
class Changed(SpaceTokenizer):
    """A newer version of a tokenizer, which splits differently."""

    @property
    def fingerprint(self) -> str:
        return f"{self.name}-2"


def kill(event: Any) -> None:
    if event["kind"] == "checkpoint":
        raise Killed


def test_one_line_names_both_versions(planted: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Killed):
        session.start("mean", {**planted, "epochs": 4, "tokenizer": "whitespace"}, listeners=[kill])
    (path,) = runs_dir().iterdir()
    run = RunDirectory(path)
    found = replace(open_tokenizer.open_tokenizer("whitespace"), source=Changed("whitespace", marks="abcde"))
    monkeypatch.setattr(build_trainer, "run_tokenizer", lambda config: found)
    monkeypatch.setattr(build_trainer, "open_training_corpus", None)  # encoding would fail
    with pytest.raises(BadInput) as caught:
        session.resume(run)
    assert str(caught.value) == (
        f"The tokenizer whitespace has changed since the run {run.id} was begun: it was 'whitespace' and is "
        f"'whitespace-2'. Install the version of then, or train a new run: tmeattn train mean --from {run.id}"
    )
