"""The checks of datasets, word vectors and attribution methods, and those that are skipped on this machine."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from cli.conftest import tmeattn

from tmeattn.paths import data_dir
from tmeattn.registry import registry
from tmeattn.specs import DatasetSpec, ExplainerSpec, TrackerSpec, VectorsSpec
from tmeattn.testing import CheckFailed, check_dataset, check_vectors, spec_checks
from tmeattn.testing.checks import Check
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
    assert "1 of 3 checks was skipped" in page.err


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


def failed(spec: Any) -> list[Check]:
    return [check for check in checks_of(spec) if not check.passed]


@pytest.mark.parametrize(
    ("function", "name", "problem", "advice"),
    [
        ("changing_fingerprint", "repeatable", "its fingerprint differs from one load to the next", "SHA-256"),
        ("changing_texts", "repeatable", "two reads give different texts", "Fix the order and every seed"),
        ("shared_text", "held out", "1 text is in both the training and the validation split", "Remove them"),
    ],
)
def test_each_fault_of_a_dataset_has_its_remedy(
    fresh_registry: Any, monkeypatch: pytest.MonkeyPatch, function: str, name: str, problem: str, advice: str
) -> None:
    monkeypatch.setattr(spec_checks, "check_import", lambda target: None)
    (check,) = failed(DatasetSpec("faulty", "Texts", f"support.faulty_specs:{function}"))
    assert (check.name, check.problem) == (name, f"{problem}.")
    assert advice in check.advice


@pytest.mark.parametrize(
    ("function", "problem", "advice"),
    [
        ("vectors_of_another_size", "their size differs from that of the spec.", "Give both the same `size`."),
        (
            "vectors_of_float64",
            "lookup of 3 words gave float64 (3, 3) and (3,).",
            "Return float32 (3, 3) and bool (3,).",
        ),
        ("vectors_of_unknown_words", "an unknown word has a vector.", "Return a zero row and False for it."),
    ],
)
def test_each_fault_of_word_vectors_has_its_remedy(
    fresh_registry: Any, function: str, problem: str, advice: str
) -> None:
    spec = VectorsSpec("faulty", "Vectors", f"support.faulty_specs:{function}", size=3)
    assert failed(spec) == [Check("lookup", problem, advice)]
    with pytest.raises(CheckFailed) as caught:
        check_vectors(spec)
    assert str(caught.value) == f"faulty fails 1 of 1 check:\nlookup: {problem} {advice}"


def test_sound_word_vectors_pass(fresh_registry: Any) -> None:
    spec = VectorsSpec("sound", "Vectors", "support.faulty_specs:sound_vectors", size=3)
    assert checks_of(spec) == [Check("lookup")]
    check_vectors(spec)


def test_a_method_with_other_scores_each_time(fresh_registry: Any) -> None:
    spec = ExplainerSpec("faulty", "Scores", "support.faulty_specs:random_scores", signed=False, needs_maps=True)
    assert failed(spec) == [
        Check("repeatable", "two explanations of one text differ.", "Seed random numbers with the text.")
    ]


def test_a_tracker_that_changes_the_random_state_of_the_training(fresh_registry: Any) -> None:
    spec = TrackerSpec("faulty", "Nothing", "support.faulty_specs:random_tracker")
    assert failed(spec) == [
        Check("random state", "it draws from torch's global random state.", "Use a torch.Generator of its own.")
    ]


def test_a_tracker_that_works_for_finished_runs_only(fresh_registry: Any) -> None:
    (check,) = failed(TrackerSpec("faulty", "Nothing", "support.faulty_specs:tracker_of_whole_runs"))
    assert check.name == "live run"
    assert "failed: RuntimeError: not in this thread. Training continues without it." in (check.problem or "")
    assert check.advice.startswith("It works for a finished run: check its use of threads")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (DatasetSpec("imdb", "Mine", "mine:load"), "tmeattn already provides the name 'imdb'."),
        (VectorsSpec("no name", "Mine", "mine:load", size=3), "the name 'no name' is invalid"),
    ],
)
def test_a_spec_that_cannot_be_registered(fresh_registry: Any, spec: Any, problem: str) -> None:
    (check,) = checks_of(spec)
    assert check.name == "name"
    assert problem in (check.problem or "")
    assert check.advice in ("Choose another name in the spec.", "Correct the spec.")
