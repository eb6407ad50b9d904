"""The remedy for a plugin with problems: for its author with the line, and for its user."""

from __future__ import annotations

from typing import Any

from tmeattn.plugin import Plugin
from tmeattn.testing.diagnosis import advice


def plugin(distribution: str, *errors: BaseException) -> Plugin:
    found = Plugin("p", distribution, "1", "p")
    for error in errors:
        found.fail("fails", error)
    return found


def raised_in(path: Any) -> BaseException:
    path.write_text("def fail():\n    raise ValueError('no')\n")
    names: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), names)
    try:
        names["fail"]()
    except ValueError as error:
        return error
    raise AssertionError


def test_the_remedy_of_a_plugin_names_its_line(tmp_path: Any) -> None:
    path = tmp_path / "demo.py"
    author, user = (advice(plugin("demo", raised_in(path))) or "").split(". Otherwise ")
    assert author == (f"Remedy: if you are the author, correct {path}, line 2, then run: tmeattn plugins check demo")
    assert user == "install a newer version, or run: pip uninstall demo"


def test_a_problem_without_a_line() -> None:
    assert "correct the problems above, then run" in (advice(plugin("demo", ValueError("no"))) or "")


def test_tmeattn_itself_is_installed_again() -> None:
    expected = "Remedy: install tmeattn again with the versions in constraints.txt."
    assert advice(plugin("tmeattn", ValueError("no"))) == expected
    assert advice(plugin("tmeattn")) is None
