"""The checks of datasets, word vectors and attribution methods, and those that are skipped on this machine."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from cli.conftest import tmeattn

from tmeattn.paths import data_dir
from tmeattn.registry import registry
from tmeattn.specs import DatasetSpec, ExplainerSpec, VectorsSpec
from tmeattn.testing import CheckFailed, check_dataset
from tmeattn.testing.spec_checks import checks_of

__all__ = ["tmeattn"]

NEEDY = """
from tmeattn.errors import EnvironmentProblem
from tmeattn.hookspecs import hookimpl
from tmeattn.paths import data_dir
from tmeattn.specs import Dataset, DatasetSpec, Split

def load():
    if not (data_dir() / "needy").exists():
        raise EnvironmentProblem("The dataset needy is not here yet.", hint="Fetch it: needy fetch")
    return Dataset("needy", ("cold", "warm"), "needy-1", read)

def read():
    train = Split([f"{word} {number}" for number in range(4) for word in ("snow", "sun")], [0, 1] * 4)
    return {"train": train, "validation": Split(["snow again", "sun again"], [0, 1])}

@hookimpl
def tmeattn_datasets():
    return [DatasetSpec("needy", "Texts", load="needy_plugin:load")]
"""
SELVES = """
import numpy as np
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import ExplainerSpec

served = set()

def explain(classifier, texts, target):
    served.add(classifier.spec.attention)
    return [np.ones(len(text.spans)) for text in texts]

@hookimpl
def tmeattn_explainers():
    return [ExplainerSpec("selves", "Ones", "selves_plugin:explain", signed=False, {needs})]
"""


def test_checks_of_missing_data_are_skipped(tmeattn: Any, install: Any) -> None:
    install("needy", NEEDY)
    result = tmeattn("plugins", "check", "needy", "--json")
    assert [check for check in result.json if check["problem"]] == []
    (skipped,) = [check for check in result.json if check["skipped"]]
    assert skipped["skipped"] == "The dataset needy is not here yet. Fetch it: needy fetch"
    page = tmeattn("plugins", "check", "needy")
    assert "skipped: The dataset needy is not here yet." in " ".join(page.out.split())
    assert "1 of 3 checks were skipped" in page.err


def test_a_test_of_missing_data_does_not_pass(install: Any) -> None:
    install("needy", NEEDY)
    with pytest.raises(CheckFailed, match="splits: The dataset needy is not here yet"):
        check_dataset(registry().get(DatasetSpec, "needy"))


def test_downloaded_data_are_checked(install: Any) -> None:
    install("needy", NEEDY)
    (data_dir() / "needy").mkdir(parents=True)
    checks = checks_of(registry().get(DatasetSpec, "needy"))
    assert [check.name for check in checks if check.passed] == ["listing", "splits", "repeatable", "held out"]


@pytest.mark.parametrize(("kind", "name"), [(DatasetSpec, "imdb"), (VectorsSpec, "glove-100d")])
def test_tmeattns_own_data_have_no_problem_when_they_are_missing(kind: Any, name: str) -> None:
    checks = checks_of(registry().get(kind, name))
    assert [check.problem for check in checks if check.problem] == []
    assert f"tmeattn data fetch {name}" in (checks[-1].skipped or "")


@pytest.mark.parametrize("name", ["attention", "rollout", "leave-one-out"])
def test_tmeattns_own_methods_pass(name: str) -> None:
    assert [check for check in checks_of(registry().get(ExplainerSpec, name)) if not check.passed] == []


@pytest.mark.parametrize(
    ("needs", "attentions"),
    [
        ("needs_maps=True", ["self"]),
        ("needs_attention=True", ["pool", "self"]),
        ("", ["none", "pool", "self"]),
    ],
)
def test_a_method_is_checked_with_the_models_that_it_supports(install: Any, needs: str, attentions: list[str]) -> None:
    install("selves", SELVES.format(needs=needs))
    checks = checks_of(registry().get(ExplainerSpec, "selves"))
    assert [check for check in checks if not check.passed] == []
    assert sorted(sys.modules["selves_plugin"].served) == attentions
