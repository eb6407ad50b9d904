"""Where tmeattn keeps its files, with TMEATTN_HOME and without."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmeattn import paths

FOLDERS = (paths.home, paths.cache_dir, paths.state_dir, paths.settings_path)


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_home_they_are_the_systems_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, given: str | None
) -> None:
    for kind in ("data", "cache", "state", "config"):
        monkeypatch.setattr(paths.platformdirs, f"user_{kind}_dir", lambda name, kind=kind, **_: f"/{kind}/{name}")
    monkeypatch.delenv("TMEATTN_HOME") if given is None else monkeypatch.setenv("TMEATTN_HOME", given)
    found = [folder().as_posix() for folder in FOLDERS]
    assert found == ["/data/tmeattn", "/cache/tmeattn", "/state/tmeattn", "/config/tmeattn/config.toml"]
    assert paths.runs_dir() == Path("/data/tmeattn/runs")


def test_a_home_holds_them_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMEATTN_HOME", "~/mine")
    mine = tmp_path / "mine"
    assert [folder() for folder in FOLDERS] == [mine, mine / "cache", mine, mine / "config.toml"]


def test_an_existing_file_may_begin_with_a_tilde(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "elsewhere"))
    monkeypatch.chdir(tmp_path)
    Path("~data.csv").write_text("")
    assert paths.existing_file("~data.csv") == tmp_path / "~data.csv"
    assert paths.existing_path(".") == tmp_path
    assert paths.existing_file(".") is None
    assert [paths.existing_path(odd) for odd in ("~nobody_at_all/x", "a\0b", "x" * 5000)] == [None, None, None]
