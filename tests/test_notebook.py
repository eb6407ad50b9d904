"""A notebook that trains, explains and evaluates, executed by a kernel of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

CELLS = """\
import tmeattn
options = dict(dataset="planted", vectors="random", vector_size=8, min_count=1, batch_size=16, max_length=12, threads=1)
model = tmeattn.train("simple-attn", epochs=3, lr=0.05, patience=0, **options)
---
model
---
model.explain("a <b>good</b> film")
---
model.explain(["a good film", "a bad film"], method=["attention", "leave-one-out"])
---
model.evaluate("validation")
"""


def executed(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The data of the last output of each cell, by type."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("IPYTHONDIR", os.environ["TMEATTN_HOME"])
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.split("---\n")])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs[-1]["data"] for cell in notebook.cells]


def test_a_notebook(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from support import chromium

    training, model, one, several, evaluation = executed(environment, monkeypatch)
    assert "finished: best validation accuracy" in training["text/html"]
    assert "<progress" in training["text/html"]
    assert model["text/html"].count("<polyline") == 6
    assert "AttentionPooling" in model["text/html"]
    assert "&lt;b&gt;" in one["text/html"]
    assert several["text/html"].count("<section>") == 4
    assert "macro-F1" in evaluation["text/html"]
    if chromium.program() is None:
        return
    pytest.importorskip("playwright")
    page_file = tmp_path / "page.html"
    parts = [part["text/html"] for part in (training, model, one, several, evaluation)]
    page_file.write_text('<!doctype html><meta charset="utf-8"><body style="margin: 1rem">' + "<hr>".join(parts))
    with chromium.page(dark=True) as page:
        page.goto(page_file.as_uri())
        word = page.locator(".text .w").nth(1)
        assert word.evaluate("word => getComputedStyle(word).backgroundColor") != "rgba(0, 0, 0, 0)"
        sections = page.locator(".several section")
        assert sections.nth(0).bounding_box()["y"] == sections.nth(1).bounding_box()["y"], "side by side"
        heading, number = (page.locator(".listing").first.locator(part).first for part in ("th + th", "td"))
        edges = [box["x"] + box["width"] for box in (heading.bounding_box(), number.bounding_box())]
        assert edges[0] == pytest.approx(edges[1]), "a heading stands above its numbers"
        assert all(part.evaluate("cell => getComputedStyle(cell).textAlign") == "right" for part in (heading, number))
        for shown in ("precision", "100.0 %"):
            assert page.get_by_text(shown, exact=True).last.bounding_box()["height"] < 30, "on one line"
        ground = page.locator(".tmeattn-shown").nth(0).evaluate("part => getComputedStyle(part).backgroundColor")
        assert ground == "rgb(22, 21, 20)"
