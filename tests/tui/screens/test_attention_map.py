"""The screen of an attention map, key by key. Nothing here needs torch: see scripted_reader.py."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.explain_screen import REVIEW, open_screen
from support.scripted_reader import Driver, opened
from textual.widgets import Input

from tmeattn.tui.screens.attention_map import AttentionMapScreen
from tmeattn.tui.widgets.heatmap import HeatmapView
from tmeattn.tui.widgets.map_view import MapView

pytestmark = pytest.mark.usefixtures("quick_and_coloured")


def open_map(run, text: str | None, size: tuple[int, int] = (80, 24), heads: tuple[int, ...] = (2, 2)) -> Any:
    return opened(lambda session: AttentionMapScreen(session, run, text), size, heads)


def view(driver: Driver) -> MapView:
    return driver.screen.query_one(MapView)


def seen(driver: Driver) -> str:
    return "\n".join(strip.text for strip in driver.app.screen._compositor.render_strips())


async def test_rows_layers_heads_zoom_and_export(runs, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_map(runs[0], REVIEW) as driver:
        assert "Mean of 2 layers, mean of 2 heads" in driver.said("#about")
        await driver.press("home", "down", "down")
        assert view(driver).row == 2
        assert driver.said("#row").startswith("music reads")
        assert all(len(driver.said(line)) <= driver.screen.query_one(line).size.width for line in ("#row", "#cell"))
        assert "The reads CLS" not in driver.said("#cell")
        text = driver.screen.query_one("#text", HeatmapView)
        assert text.item.word.token == "music"
        assert max(text.words, key=lambda item: item.word.score).word.token == "the"  # the word before it
        await driver.press("right_curly_bracket", "greater_than_sign")
        assert "Layer 1 of 2, head 1 of 2" in driver.said("#about")
        await driver.press("left_curly_bracket")
        assert "Mean of 2 layers, head 1 of 2" in driver.said("#about")
        asked = len(driver.reader.questions)
        await driver.press("right_curly_bracket")  # computed before
        assert len(driver.reader.questions) == asked
        await driver.press("plus")
        assert " 53 " in seen(driver)
        assert re.search(r" [1-9]\.\d ", seen(driver))  # not "1" or "0"
        assert "numbers in %" in driver.said("#cell")
        await driver.press("U", "e")
        driver.app.screen.query_one(Input).value = "map.csv"
        await driver.press("enter")
        assert (tmp_path / "map.csv").read_text().count("\n") == 1 + 15 * 15


async def test_a_long_text_scrolls_and_is_zoomed_out(runs) -> None:
    words = [f"w{at}" for at in range(500)]
    async with open_map(runs[0], " ".join(words)) as driver:
        assert "/501" in seen(driver)
        await driver.press("end")
        assert view(driver).row == 500
        assert "w499" in seen(driver)
        await driver.press(*["minus"] * 8)
        assert view(driver).block == 64
        assert "↓" not in seen(driver)
        assert "a cell is 64 words" in driver.said("#cell")
        await driver.press("home", "pagedown")
        assert driver.said("#row").startswith("w")


async def test_all_heads_in_small(runs) -> None:
    async with open_map(runs[0], REVIEW) as driver:
        await driver.press("H", "right", "down")
        assert driver.said("#cell").startswith("Layer 2, head 2")
        assert "layer 1 head 2" in seen(driver)
        await driver.press("enter")
        assert "Layer 2 of 2, head 2 of 2" in driver.said("#about")


async def test_a_pooling_model_has_one_row_and_a_model_without_attention_a_sentence(runs) -> None:
    async with open_map(runs[0], None, heads=()) as driver:
        assert "Attention of the pooling" in driver.said("#about")
        await driver.press("down", "right_curly_bracket")
        assert view(driver).row == 0
        assert "no layers" in driver.said("#cell")
        await driver.press("H")
        assert "pools by attention" in driver.said("#cell")
    async with open_map(runs[1], "a film") as driver:
        assert "has no attention" in driver.said("#message")
        await driver.press("down", "plus", "e")


async def test_explain_opens_it_and_escape_goes_back(runs) -> None:
    async with open_screen(heads=(2, 2)) as driver:
        await driver.explain(REVIEW)
        await driver.press("a")
        assert isinstance(driver.app.screen, AttentionMapScreen)
        await driver.press("escape")
        assert driver.app.modes == ["runs"]  # the host of the test counts it; the application goes back
