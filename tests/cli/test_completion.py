"""What the shell is offered to complete."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn.cli.support import completion
from tmeattn.errors import EnvironmentProblem
from tmeattn.runs import index

NONE: Any = None


def offered(function: Any, typed: str) -> list[str]:
    return [item.value for item in function(NONE, NONE, typed)]


def test_the_runs_are_offered_by_id_and_name(trained: Any) -> None:
    trained.rename("mine")
    assert offered(completion.runs, "mi") == ["mine"]
    assert offered(completion.runs, trained.id[:4]) == [trained.id]
    assert "latest" in offered(completion.runs, "")


@pytest.mark.parametrize("error", [EnvironmentProblem("no"), OSError()])
def test_an_error_offers_nothing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(index, "all_runs", fail)
    assert offered(completion.runs, "") == []


def test_topics_have_their_titles() -> None:
    found = {item.value: item.help for item in completion.topics(NONE, NONE, "tro")}
    assert list(found) == ["troubleshooting"]
    assert found["troubleshooting"]


def test_targets_datasets_and_downloads() -> None:
    assert "imdb" in offered(completion.datasets, "im")
    assert offered(completion.datasets, "./my")[-1] == "./my"
    assert "glove-100d" in offered(completion.fetchable, "glove")
    assert all(name.startswith("t") for name in offered(completion.targets, "t"))
