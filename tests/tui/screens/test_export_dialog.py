"""What Explain shows, written to a file."""

from __future__ import annotations

import json
import re

import pytest
from support.explain_screen import REVIEW, open_screen
from textual.widgets import Input, Static

pytestmark = pytest.mark.usefixtures("quick_and_coloured")


@pytest.mark.parametrize("ending", ["html", "svg", "tex", "json", "csv"])
async def test_export_writes_what_is_shown(runs, tmp_path, monkeypatch, ending) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        if ending == "svg":
            await driver.choose("beside", "bbbb-mean")
        await driver.press("e")
        field = driver.app.screen.query_one(Input)
        assert field.value == "explanation.html"
        field.value = f"found.{ending}"
        await driver.press("enter")
        assert "great" in (tmp_path / f"found.{ending}").read_text()


@pytest.mark.parametrize("ending", ["html", "svg", "tex", "json", "csv"])
async def test_an_export_names_the_deleted_word(runs, tmp_path, monkeypatch, ending) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.press("asterisk", "d", "e")
        driver.app.screen.query_one(Input).value = f"found.{ending}"
        await driver.press("enter")
        found = (tmp_path / f"found.{ending}").read_text().replace("\u00a0", " ").replace("&#160;", " ")
    if ending == "json":
        (document,) = json.loads(found)
        assert document["deleted"] == [{"start": 13, "end": 17, "word": "good"}]
        assert document["whole_probabilities"]["positive"] == pytest.approx(0.731, abs=1e-3)
    elif ending == "csv":
        assert re.search(r",13,17,good,,,,True\r?\n", found)
    else:
        assert re.search(r"50\.0 (\\)?% without the deleted word", found)
        assert re.search(r"Deleted: good\. Prediction of the whole text: positive 73\.1 (\\)?%", found)
    if ending == "html":
        assert "<del>good</del>" in found
    elif ending == "tex":
        assert r"\hbox{good}\rlap{\rule" in found


async def test_export_names_what_is_wrong_and_asks_before_it_replaces(runs, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").write_text("precious")
    (tmp_path / "folder.csv").mkdir()
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.press("e")
        field = driver.app.screen.query_one(Input)
        for name, problem in {
            "found.txt": "must end in .html",
            "nowhere/found.csv": "does not exist",
            "folder.csv": "is a folder",
        }.items():
            field.value = name
            await driver.press("enter")
            assert problem in str(driver.app.screen.query_one("#problem", Static).render())
        field.value = "old.csv"
        await driver.press("enter", "n")
        assert (tmp_path / "old.csv").read_text() == "precious"
        await driver.press("e")
        driver.app.screen.query_one(Input).value = "old.csv"
        await driver.press("enter", "y")
        assert "great" in (tmp_path / "old.csv").read_text()
