"""What the shell is offered to complete."""

from __future__ import annotations

from types import SimpleNamespace
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


def test_the_sweeps_of_the_storage_that_is_named(tmp_path: Any) -> None:
    optuna = pytest.importorskip("optuna")
    context: Any = SimpleNamespace(params={})
    assert completion.sweeps(context, NONE, "") == []
    from tmeattn.sweep.plan import ATTRIBUTE
    from tmeattn.sweep.storage import open_store

    url = f"sqlite:///{tmp_path}/sweeps.db"
    for storage, name in ((None, "mine"), (url, "ours")):
        optuna.create_study(storage=open_store(storage).storage, study_name=name).set_user_attr(ATTRIBUTE, {})
    assert [item.value for item in completion.sweeps(context, NONE, "m")] == ["mine"]
    context.params["storage"] = url
    assert [item.value for item in completion.sweeps(context, NONE, "")] == ["ours"]
    context.params["storage"] = "nothing"
    assert completion.sweeps(context, NONE, "") == []


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
