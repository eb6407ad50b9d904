"""`tmeattn config`: the defaults of the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def test_settings(tmeattn: Any, planted: Any, isolated: Path) -> None:
    assert tmeattn("config", "get", "dataset").out == "imdb-25k\n"
    assert tmeattn("config", "set", "dataset", "planted").code == 0
    assert tmeattn("config", "set", "threads", "1").code == 0
    assert tmeattn("config", "get", "dataset", "--json").json == "planted"
    assert tmeattn("config", "get", "--json").json == {
        "dataset": "planted", "vectors": "glove-50d", "device": "auto", "threads": "1"
    }  # fmt: skip
    assert (isolated / "config.toml").read_text() == 'dataset = "planted"\nthreads = "1"\n'
    assert "yours" in tmeattn("config", "get").out
    assert "[default: planted]" in " ".join(tmeattn("train", "mean", "--help").out.split())
    run = tmeattn("train", "mean", "--vectors", "random", "--epochs", "1", "--json").json
    assert run["dataset"] == "planted"
    assert tmeattn("config", "unset", "dataset").code == 0
    assert tmeattn("config", "get", "dataset").out == "imdb-25k\n"


def test_a_path_is_kept_whole(tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reviews.csv").write_text("text,label\na,1\nb,2\n")
    monkeypatch.chdir(tmp_path)
    assert tmeattn("config", "set", "dataset", "reviews.csv").code == 0
    assert tmeattn("config", "get", "dataset").out == f"{tmp_path / 'reviews.csv'}\n"


@pytest.mark.parametrize("content", ["dataset = ", "alpha = '1'", "dataset = [1]", "\xff"])
def test_damaged_settings_are_named(tmeattn: Any, isolated: Path, content: str) -> None:
    isolated.mkdir()
    (isolated / "config.toml").write_bytes(content.encode("latin-1"))
    for command in (["train", "mean"], ["config", "get"], ["data", "list"]):
        assert tmeattn(*command).refused().startswith(f"Cannot read your defaults in {isolated / 'config.toml'}: ")


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("config get datset", "There is no default named 'datset'. Did you mean dataset?"),
        ("config set datset x", "There is no default named 'datset'. Did you mean dataset?"),
        ("config set dataset imbd", "There is no dataset named 'imbd'. Did you mean imdb"),
        ("config set vectors nothing", "There are no vectors named 'nothing'."),
        ("config set device gpu", "--device: must be 'auto', 'cpu', 'cuda' or 'mps', got 'gpu'."),
        ("config set threads 0", "--threads: "),
        ("config unset alpha", "There is no default named 'alpha'."),
    ],
)
def test_refused(tmeattn: Any, isolated: Path, command: str, message: str) -> None:
    assert tmeattn(*command.split()).refused().startswith(message)
    assert not (isolated / "config.toml").exists()
