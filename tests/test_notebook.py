"""A notebook that trains, explains and evaluates, executed by a kernel of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import path_with_planted
from support import chromium

NEEDED = "is not installed: a notebook is executed (the extra dev)"
nbformat = pytest.importorskip("nbformat", reason=f"nbformat {NEEDED}")
nbclient = pytest.importorskip("nbclient", reason=f"nbclient {NEEDED}")
pytest.importorskip("ipykernel", reason=f"ipykernel {NEEDED}")

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


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The HTML of the last output of each cell."""
    home = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", path_with_planted(home / "site"))
        patch.setenv("TMEATTN_HOME", str(home))
        patch.setenv("IPYTHONDIR", str(home))
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.split("---\n")])
        nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return [cell.outputs[-1]["data"]["text/html"] for cell in notebook.cells]


def test_a_notebook_trains_explains_and_evaluates(parts: list[str]) -> None:
    training, model, one, several, evaluation = parts
    assert "finished: best validation accuracy" in training
    assert "<progress" in training
    assert model.count("<polyline") == 6
    assert "AttentionPooling" in model
    assert "&lt;b&gt;" in one
    assert several.count("<section>") == 4
    assert "macro-F1" in evaluation


def test_what_it_shows_is_whole_and_aligned_in_light_and_dark(parts: list[str], tmp_path: Path) -> None:
    chromium.require()
    page_file = tmp_path / "page.html"
    page_file.write_text('<!doctype html><meta charset="utf-8"><body style="margin: 1rem">' + "<hr>".join(parts))
    with chromium.page() as page:
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
        for scheme, expected in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(22, 21, 20)")):
            page.emulate_media(color_scheme=scheme)
            ground = page.locator(".tmeattn-shown").nth(0).evaluate("part => getComputedStyle(part).backgroundColor")
            assert ground == expected
