"""`tmeattn plugins new`: the package that it creates works, and invalid names are refused before it writes files."""

from __future__ import annotations

import importlib
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tmeattn import testing
from tmeattn.cli.plugins import KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_passes_the_checks(
    tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name = f"my-own.{kind}2"
    made = tmeattn("plugins", "new", name, "--kind", kind, "--into", str(tmp_path / "new"), "--json").json
    folder = tmp_path / "new" / name
    assert sorted(made["files"]) == sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )
    assert all(
        "@" not in (folder / file).read_text().replace("@tmeattn.hookimpl", "").replace("@pytest", "")
        for file in made["files"]
    )
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    (module,) = project["tool"]["setuptools"]["packages"]
    assert project["project"]["entry-points"]["tmeattn"] == {name: module}
    monkeypatch.syspath_prepend(folder)
    found = importlib.import_module(module)
    for spec in getattr(found, f"tmeattn_{kind}s")():
        assert spec.name == name
        getattr(testing, f"check_{kind}")(spec)
    for loaded in [loaded for loaded in sys.modules if loaded.partition(".")[0] == module]:
        del sys.modules[loaded]


def test_it_prints_the_next_commands(tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = tmeattn("plugins", "new", "mine")
    assert result.code == 0
    assert "mine/pyproject.toml" in result.out.replace("\\", "/")
    assert "pip install -e mine" in result.err
    assert "tmeattn train mine" in result.err
    assert tmeattn("plugins", "new", "mine").refused().startswith("mine already exists.")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../up", "'../up' is no valid name of a plugin."),
        ("two words", "is no valid name of a plugin."),
        ("class", "'class' is no valid name of a plugin."),
        ("-x", "No such option"),
        ("json", "A Python module json already exists."),
        ("torch", "A Python module torch already exists. Choose another name, such as my-torch."),
        ("tmeattn", "A Python module tmeattn already exists."),
        ("lstm", "A model named 'lstm' already exists, from tmeattn. Choose another name, such as my-lstm."),
        ("a\x1b[31m", r"'a\x1b[31m' is no valid name"),
    ],
)
def test_an_invalid_name_writes_nothing(
    tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, expected: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert expected.lower() in tmeattn("plugins", "new", name).refused().lower()
    assert [path for path in tmp_path.iterdir() if path.name != "home"] == []


def test_a_name_has_to_be_free_for_its_kind_only(tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = tmeattn("plugins", "new", "imdb-25k", "--kind", "dataset").refused()
    assert expected.startswith("A dataset named 'imdb-25k' already exists, from tmeattn.")
    assert tmeattn("plugins", "new", "imdb-25k", "--kind", "explainer").code == 0


def test_a_folder_that_cannot_be_written(tmeattn: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    refused = tmeattn("plugins", "new", "mine", "--into", str(file / "x")).refused()
    assert refused == f"{file} is not a folder. Choose another."
