"""Metadata of distributions that are no readable files: they are named, and nothing waits for them."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, PathDistribution, distributions, entry_points, version
from pathlib import Path
from typing import Any

import pytest

from tmeattn import installed
from tmeattn.installed import LARGEST_METADATA
from tmeattn.registry import discover
from tmeattn.specs import DatasetSpec, ModelSpec

SOURCE = """
from tmeattn.hookspecs import hookimpl
from tmeattn.specs import DatasetSpec

@hookimpl
def tmeattn_datasets():
    return [DatasetSpec("animals", "Texts", load="animals:load")]
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pipes and devices among files")


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(LARGEST_METADATA + 1)


ODD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "pipe": (os.mkfifo, "it is a pipe"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    "folder": (Path.mkdir, "it is a folder"),
    "dangling link": (lambda path: path.symlink_to("nothing"), "it is a link to nothing"),
    "looping link": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "large file": (large, "it is larger than 16 MiB"),
}


@pytest.fixture(autouse=True)
def library() -> Iterator[None]:
    """Reading odd metadata changes how the standard library reads those of other distributions."""
    kept = vars(Distribution)["entry_points"], PathDistribution.read_text
    yield
    Distribution.entry_points, PathDistribution.read_text = kept  # type: ignore[method-assign]


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("file", ["entry_points.txt", "METADATA"])
def test_odd_metadata_are_named_and_not_waited_for(install: Any, tmp_path: Path, kind: str, file: str) -> None:
    make, why = ODD[kind]
    install("demo", SOURCE)
    install("sound", "")
    path = tmp_path / "site" / "demo-1.0.dist-info" / file
    path.unlink()
    make(path)
    importlib.invalidate_caches()
    found = discover()
    (demo,) = [plugin for plugin in found.plugins if plugin.distribution == "demo"]
    assert demo.version == "1.0"
    if file == "METADATA":
        assert demo.problems == []
        assert found.get(DatasetSpec, "animals")
    else:
        assert demo.problems == [f"cannot be loaded: its entry_points.txt cannot be read: {why}"]
    assert found.get(ModelSpec, "mean")
    names = {entry.name for entry in entry_points(group="tmeattn")}  # as other libraries read them
    assert "sound" in names
    assert version("torch")


def test_a_pipe_on_the_path_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.syspath_prepend(pipe)
    assert discover().get(ModelSpec, "mean")


def test_metadata_in_the_place_of_their_folder(install: Any, tmp_path: Path) -> None:
    install("sound", "")
    os.mkfifo(tmp_path / "site" / "odd-1.0.dist-info")
    (tmp_path / "site" / "old.egg-info").write_text("Name: old\nVersion: 2\n")
    importlib.invalidate_caches()
    assert [plugin.distribution for plugin in discover().plugins if plugin.problems] == []
    assert "sound" in {entry.name for entry in entry_points(group="tmeattn")}
    assert version("old") == "2"


def test_without_its_own_metadata_tmeattn_still_has_its_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_distributions", lambda: iter([]))
    (own,) = installed.installed_plugins()
    assert (own.distribution, own.version, own.problem) == ("tmeattn", "unknown", "")
    assert own.entry is not None
    assert own.entry.value == "tmeattn.builtin"


def test_a_damaged_folder_on_the_path_ends_the_search_and_not_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(path: list[str]) -> Iterator[Distribution]:
        yield from distributions(name="tmeattn")
        raise RuntimeError("damaged")

    monkeypatch.setattr(installed, "distributions", found)
    assert {one.distribution for one in installed.installed_plugins()} == {"tmeattn"}


class Odd(Distribution):
    """A distribution in a place that is no folder, whose entry points cannot be read."""

    _path: Any = None

    def read_text(self, filename: str) -> str | None:
        raise RuntimeError("damaged")

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("path", [None, object()])
def test_a_damaged_distribution_that_may_be_no_plugin_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, path: Any
) -> None:
    odd = Odd()
    odd._path = path
    monkeypatch.setattr(installed, "_distributions", lambda: iter([odd]))
    assert {one.distribution for one in installed.installed_plugins()} == {"tmeattn"}
