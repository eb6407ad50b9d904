"""What Explain shows, written to a file."""

from __future__ import annotations

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
