"""What stands around a text that is explained: as much as there is room for, and nothing of an earlier text."""

from __future__ import annotations

import dataclasses

import pytest
from support.explain_screen import REVIEW, heatmap, open_screen
from support.scripted_reader import ScriptedReader

pytestmark = pytest.mark.usefixtures("quick_and_coloured")


async def test_without_a_text_nothing_is_left_of_the_last_one(runs, monkeypatch) -> None:
    with_note(monkeypatch)
    async with open_screen((140, 45)) as driver:
        await driver.explain(REVIEW)
        note, strongest = (driver.screen.query_one(f"#first {name}") for name in (".note", ".strongest"))
        await driver.pilot.pause()
        assert (note.display, strongest.display) == (True, True)
        await driver.press("n")
        assert (note.display, strongest.display) == (False, False)


def with_note(monkeypatch: pytest.MonkeyPatch) -> None:
    original = ScriptedReader._explanation
    note = "Attention is nearly uniform here: only what stands out from an equal share of 0.0714 is coloured."
    monkeypatch.setattr(ScriptedReader, "_explanation", lambda *asked: dataclasses.replace(original(*asked), note=note))


@pytest.mark.parametrize(("size", "told"), [((80, 24), True), ((60, 16), False)])
async def test_lines_around_the_text_wrap_where_there_is_room(runs, monkeypatch, size, told) -> None:
    with_note(monkeypatch)
    async with open_screen(size) as driver:
        await driver.explain(REVIEW)
        for _ in range(50):  # room is dealt out anew after a text is drawn
            await driver.pilot.pause(0.02)
            text = " ".join("\n".join(strip.text for strip in driver.screen._compositor.render_strips()).split())
            if (whole := "60 % of uniform" in text and "is coloured" in text) == told:
                break
        assert whole == told
        assert heatmap(driver).size.height >= 2
