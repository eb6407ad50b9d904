"""The words of an explanation, key by key: the cursor, and the words that are left out."""

from __future__ import annotations

import pytest
from support.explain_screen import REVIEW, heatmap, open_screen
from support.scripted_reader import MOST_WORDS
from support.waiting import until

pytestmark = pytest.mark.usefixtures("quick_and_coloured")


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_arrows_go_from_word_to_word(runs, size) -> None:
    async with open_screen(size) as driver:
        await driver.explain(REVIEW)
        assert driver.app.focused is heatmap(driver)
        await driver.press("right", "right", "right")
        assert heatmap(driver).item.word.token == "good"
        assert driver.said("#word").startswith("good  0.1500, rank 1 of 14\nif deleted: positive 73.1 → 50.0 %")
        await driver.press("left")
        assert driver.said("#word").startswith("is  0.0500")
        await driver.press("end")
        assert driver.said("#word").startswith("xyzzy  0.0500, rank 4 of 14, not in the vocabulary")
        await driver.press("home")
        assert heatmap(driver).cursor == 0


async def test_up_down_and_pages_in_a_long_text(runs) -> None:
    async with open_screen() as driver:
        await driver.explain("word " * (MOST_WORDS + 5))
        await driver.press("down", "down", "up")
        assert heatmap(driver)._layout.places[heatmap(driver).cursor] == (1, 0)
        await driver.press("pagedown", "pagedown")
        assert heatmap(driver)._layout.places[heatmap(driver).cursor][0] == heatmap(driver)._layout.places[-1][0]
        await driver.press("pageup", "pageup")
        assert heatmap(driver).cursor == 0


async def test_the_strongest_words_one_after_another(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        found = []
        for _ in range(3):
            await driver.press("asterisk")
            found.append(heatmap(driver).item.word.token)
        assert found == ["good", "great", "dull"]


async def test_the_mouse_points_at_words(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.pilot.hover(heatmap(driver), offset=(14, 0))
        await until(driver.pilot, lambda: driver.said("#word").startswith("good"))
        assert heatmap(driver).cursor == 0
        await driver.pilot.click(heatmap(driver), offset=(5, 0))
        await driver.settle()
        assert heatmap(driver).item.word.token == "music"


async def test_a_dropped_word_moves_the_prediction_and_comes_back(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.press("asterisk", "d")
        assert "1 word deleted: positive 73.1 → 50.0 % (-23.1 points, the prediction changes)" in driver.said(
            "#first .verdict"
        )
        assert heatmap(driver).item.word is None
        assert "deleted" in driver.said("#word")
        await driver.press("asterisk", "delete")
        assert "2 words deleted: positive 73.1 → 26.9 % (-46.2 points, the prediction changes)" in driver.said(
            "#first .verdict"
        )
        await driver.press("u")
        assert "1 word deleted" in driver.said("#first .verdict")
        assert heatmap(driver).item.word.token == "great"
        await driver.press("d", "U")
        assert driver.said("#first .verdict").startswith("positive 73.1 %  \n")
        assert driver.screen.dropped == []


async def test_dropping_the_same_word_twice_brings_it_back(runs) -> None:
    async with open_screen() as driver:
        await driver.explain(REVIEW)
        await driver.press("asterisk", "d", "d")
        assert "deleted" not in driver.said("#first .verdict")
        assert heatmap(driver).item.word.token == "good"


async def test_all_words_can_be_dropped(runs) -> None:
    async with open_screen() as driver:
        await driver.explain("good")
        await driver.press("d")
        assert "no words" in driver.said("#first .message")
        await driver.press("u")
        assert driver.said("#first .verdict").startswith("positive")
