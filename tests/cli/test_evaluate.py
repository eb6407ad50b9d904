"""`tmeattn evaluate`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support import planted as planted_plugin

from tmeattn.runs.directory import RunDirectory


def test_evaluate(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("evaluate", trained.id, "--json").json
    assert document.keys() >= {"run", "model", "dataset", "split", "texts", "accuracy", "accuracy_interval",
                               "cross_entropy", "entropy", "normalized_entropy", "confusion"}  # fmt: skip
    assert document["texts"] == 16
    confusion = document["confusion"]
    right = sum(confusion[name][name] for name in ("negative", "positive"))
    assert document["accuracy"] == pytest.approx(right / 16)
    low, high = document["accuracy_interval"]
    assert low <= document["accuracy"] <= high
    assert tmeattn("evaluate", "--split", "train", "--json").json["texts"] == 64
    assert "accuracy" in tmeattn("evaluate").out
    assert tmeattn("evaluate", "--split", "validatoin").refused().endswith("Did you mean validation?")


def test_evaluate_with_shuffled_words(tmeattn: Any, trained: RunDirectory) -> None:
    document = tmeattn("evaluate", trained.id, "--shuffle-words", "--shuffle-seed", "2", "--json").json
    assert document["shuffled_words"]["seed"] == 2
    assert document["shuffled_words"]["accuracy"] == document["accuracy"]  # simple-attn reads a bag of words
    assert tmeattn("evaluate", trained.id, "--json").json == {
        key: value for key, value in document.items() if key != "shuffled_words"
    }
    assert "0 of 16" in tmeattn("evaluate", trained.id, "--shuffle-words").out
    assert tmeattn("evaluate", trained.id, "--shuffle-seed", "2").refused() == "--shuffle-seed needs --shuffle-words."


def test_evaluate_refuses_data_that_has_changed(
    tmeattn: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = planted_plugin.load()
    texts = planted_plugin.texts(64, 5)
    longer = replace(texts, texts=[f"{text} new new" for text in texts.texts])
    changed = replace(original, fingerprint="planted-2", read=lambda: {"train": longer, "validation": longer})
    monkeypatch.setattr(planted_plugin, "load", lambda: changed)
    result = tmeattn("evaluate", trained.id)
    assert (result.code, result.out) == (2, "")
    last_line = result.err.splitlines()[-1]  # after the narration of encoding it
    assert last_line.startswith(
        f"Error: The data of the run {trained.id} (planted, random) has changed since it was trained."
    )
