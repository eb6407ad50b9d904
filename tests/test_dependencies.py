"""What the README's first command installs is what the tests import, and constraints.txt pins all of it."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
BESIDE = {"tests", "tmeattn", *(path.stem for path in (ROOT / "tests").iterdir())}
"""What the tests import of the repository itself."""
OTHER_NAME = {"PIL": "pillow", "sklearn": "scikit-learn"}
"""The distribution of a module, where it has another name."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def installed() -> set[str]:
    """The distributions that `pip install -e ".[data,dev]"` brings, as far as they are installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    waiting = [Requirement(line) for line in (*project["dependencies"], *extras["data"], *extras["dev"])]
    found: set[str] = set()
    seen: set[str] = set()
    while waiting:
        wanted = waiting.pop()
        if str(wanted) in seen:
            continue
        seen.add(str(wanted))
        found.add(canonical(wanted.name))
        waiting.extend(_needed(wanted))
    return found


@cache
def _requirements(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in requires(name) or []]
    except PackageNotFoundError:
        return []


def _needed(wanted: Requirement) -> Iterator[Requirement]:
    if wanted.name == "torch":  # whose builds need packages of their own
        return
    for needed in _requirements(wanted.name):
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *wanted.extras)):
            yield needed


def imported() -> dict[str, str]:
    """The modules that the tests import, each with a file that does so."""
    found: dict[str, str] = {}
    pattern = re.compile(r"^ *(?:(?:from|import) (\w+)[\w. ,]*|.*importorskip\(\"(\w+))", re.MULTILINE)
    for path in sorted((ROOT / "tests").rglob("*.py")):
        if "benchmarks" not in path.parts and "campaigns" not in path.parts:
            for match in pattern.finditer(path.read_text("utf-8")):
                found.setdefault(match[1] or match[2], str(path.relative_to(ROOT)))
    own = sys.stdlib_module_names | BESIDE
    return {name: path for name, path in found.items() if name not in own and find_spec(name) is not None}


def test_what_the_tests_import_is_installed_by_the_extra_dev() -> None:
    brought = installed()
    missing = {name: path for name, path in imported().items() if canonical(OTHER_NAME.get(name, name)) not in brought}
    assert missing == {}


def test_every_distribution_has_a_tested_version() -> None:
    pinned = {canonical(line.partition("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()}
    assert sorted(installed() - pinned - {"setuptools", "tmeattn"}) == []
