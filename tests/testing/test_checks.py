"""The parts of all checks: what a failed one says, and the sandbox in which they run."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tmeattn.errors import BadInput
from tmeattn.registry import registry
from tmeattn.specs import DatasetSpec
from tmeattn.testing import sandbox
from tmeattn.testing.checks import Check, Problem, check_import, run_checks


def fail(error: BaseException) -> None:
    raise error


def test_the_place_of_an_error_is_the_innermost_line_of_the_plugin(tmp_path: Any) -> None:
    plugin = tmp_path / "plugin.py"
    plugin.write_text("def inner():\n    [].pop()\n\ndef outer():\n    inner()\n")
    names: dict[str, Any] = {}
    exec(compile(plugin.read_text(), str(plugin), "exec"), names)
    checks = run_checks([("outer", names["outer"])], required=0)
    assert checks == [Check("outer", "IndexError: pop from empty list", f"It was raised in {plugin}, line 2.")]


def test_an_error_of_tmeattn_has_the_advice_of_its_own() -> None:
    steps = [
        ("hint", lambda: fail(BadInput("It is bad.", hint="Mend it."))),
        ("none", lambda: fail(BadInput("It is bad."))),
    ]
    assert run_checks(steps, required=0) == [Check("hint", "It is bad.", "Mend it."), Check("none", "It is bad.")]


def test_checks_end_with_a_required_one_that_failed() -> None:
    steps = [(name, lambda: fail(Problem("no.", "Do."))) for name in "abc"]
    assert [check.name for check in run_checks(steps, required=0)] == ["a", "b", "c"]
    assert [check.name for check in run_checks(steps, required=2)] == ["a"]


@pytest.mark.parametrize("home", [None, "mine"])
def test_the_sandbox_leaves_everything_as_it_was(
    fresh_registry: Any, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    if home is None:
        monkeypatch.delenv("TMEATTN_HOME")
    else:
        monkeypatch.setenv("TMEATTN_HOME", home)
    before = [spec.name for spec in registry().all(DatasetSpec)]
    with sandbox(DatasetSpec("mine", "Texts", "mine:load")):
        inside = os.environ["TMEATTN_HOME"]
        assert "tmeattn-check-" in inside
        added = {spec.name for spec in registry().all(DatasetSpec)} - set(before)
        assert added == {"mine", "tmeattn-toy-2", "tmeattn-toy-3"}
    assert os.environ.get("TMEATTN_HOME") == home
    assert not os.path.exists(inside)  # noqa: PTH110
    assert [spec.name for spec in registry().all(DatasetSpec)] == before


def test_a_module_that_a_new_process_cannot_import() -> None:
    with pytest.raises(Problem) as caught:
        check_import("no_such_plugin_anywhere:load")
    assert caught.value.problem == (
        "no_such_plugin_anywhere cannot be imported in a new Python process: "
        "ModuleNotFoundError: No module named 'no_such_plugin_anywhere'."
    )
    assert caught.value.advice == "Install the plugin: pip install -e ."
