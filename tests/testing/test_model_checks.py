"""The checks of models whose faults show only for some texts, and what is no fault."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from support.faulty_model import SPEC, Config

from tmeattn.testing import model_checks
from tmeattn.testing.checks import Check, Problem, sandbox
from tmeattn.training import checkpoint


@pytest.fixture(autouse=True)
def quick(fresh_registry: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the process that lists the module."""
    monkeypatch.setattr(model_checks, "check_import", lambda target: None)


@pytest.mark.parametrize(
    ("fault", "problem", "advice"),
    [
        (
            "logits of long texts",
            "logits are not finite for texts of 1 to 12 words.",
            "Avoid divisions by zero and ln(0).",
        ),
        (
            "weights of long texts",
            "the attention weights of a text do not sum to 1.",
            "Normalise over the tokens of each text.",
        ),
    ],
)
def test_an_output_that_is_wrong_for_long_texts_only(fault: str, problem: str, advice: str) -> None:
    checks = model_checks.model_checks(SPEC, {"fault": fault})
    assert [check.name for check in checks] == ["options", "listing", "build", "output"]
    assert checks[-1] == Check("output", problem, advice)


def checked(fault: str, check: Callable[[Any], None]) -> tuple[str, str] | None:
    """The problem that one check finds, with its remedy."""
    with sandbox(SPEC):
        try:
            check(model_checks._Model(SPEC, {"fault": fault}))
        except Problem as problem:
            return problem.problem, problem.advice
    return None


def test_weights_that_depend_on_the_other_texts_of_a_batch() -> None:
    problem = "the output of a text changes in a batch with longer texts: the attention weights."
    assert checked("weights in batches", model_checks._Model.padding_has_no_effect) == (
        problem,
        model_checks.MASK_ADVICE,
    )
    assert checked("", model_checks._Model.padding_has_no_effect) is None


def test_a_gradient_that_is_not_finite_is_named() -> None:
    found = checked("gradient", model_checks._Model.gradients_reach_all_parameters)
    names = "embedding.weight, score.weight, classify.weight, classify.bias"
    assert found == (f"the gradient of {names} is not finite.", "Avoid 0/0, ln(0) and sqrt(0).")


@pytest.mark.parametrize("fault", ["", "frozen"])
def test_a_model_that_trains_nothing_has_no_faulty_gradient(fault: str) -> None:
    assert checked(fault, model_checks._Model.gradients_reach_all_parameters) is None


def test_a_checkpoint_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "load", lambda folder, name: None)
    found = checked("", model_checks._Model.checkpoint_restores_the_model)
    assert found == ("its checkpoint cannot be loaded.", "Keep its state in parameters and buffers.")


def test_the_tensor_in_which_two_checkpoints_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = torch.ones(2), torch.zeros(2)
    states: dict[str, Any] = {
        "a": {"adam.x": one, "model.x": one},
        "b": {"adam.x": two, "model.x": two},
        "c": {"adam.x": two, "model.x": one},
        "d": {"adam.x": one},
    }
    monkeypatch.setattr(checkpoint, "load", lambda folder, name: SimpleNamespace(tensors=states[folder]))
    runs: dict[str, Any] = {name: SimpleNamespace(checkpoints=name) for name in states}
    found = [model_checks._difference(runs["a"], runs[other]) for other in "abcd"]
    assert found == [None, "model.x", "adam.x", "set of tensors"]


def test_a_default_space_that_is_not_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    for space, problem in (({"lr": "0..1:log"}, "begins above 0"), ({"temperature": "1..2"}, "is no option")):
        monkeypatch.setattr(Config, "recipes", {"sweep": space})
        found = checked("", model_checks._Model.options_are_valid)
        assert found is not None
        assert "its default space is not valid" in found[0]
        assert problem in found[0]
        assert 'recipes["sweep"]' in found[1]
    monkeypatch.setattr(Config, "recipes", {"sweep": {"lr": "1e-3..1e-2:log"}})
    assert checked("", model_checks._Model.options_are_valid) is None


def test_a_name_that_tmeattn_has_already() -> None:
    from tmeattn.specs import ModelSpec

    checks = model_checks.model_checks(ModelSpec("mean", "Mine", "mine:Config", "mine:Model", "none"), {})
    assert checks == [Check("name", "tmeattn already provides the name 'mean'.", "Choose another name in the spec.")]
