"""The screen Data: what the run predicts, when, and what is said of it meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest
from support import scripted_reader
from support.data_screen import lines, open_screen, table
from support.waiting import until

from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import Dataset, Split
from tmeattn.tui.screens import data
from tmeattn.tui.widgets.footer import KeyFooter

pytestmark = pytest.mark.usefixtures("quick_data")


async def test_only_what_is_seen_is_predicted_until_a_choice_needs_all(planted_run) -> None:
    async with open_screen() as driver:
        await driver.choose("split", "train")
        assert len(set(driver.reader.read)) <= 2 * table(driver).size.height
        await driver.choose("prediction", "right")
        assert table(driver).predictions.known().all()
        before = len(driver.reader.read)
        await driver.choose("order", "least confident")
        assert len(driver.reader.read) == before


async def test_wrong_answers_by_one_key(planted_run, monkeypatch) -> None:
    monkeypatch.setitem(scripted_reader.PLANTED, "bad", 1)
    async with open_screen() as driver:
        await driver.press("m")
        assert driver.said("#summary") == "8 of 16 texts"
        assert all(line.split()[2] == "✗" for line in lines(driver)[1:9])
        await driver.press("m")
        assert driver.said("#summary").startswith("16 of 16")


async def test_a_reckoning_can_be_stopped(planted_run) -> None:
    async with open_screen() as driver:
        await driver.choose("split", "train")
        driver.screen.predictions = None
        driver.reader._predicted.clear()
        original = driver.reader.probabilities

        async def slow(*arguments: Any) -> np.ndarray:
            await asyncio.sleep(0.3)
            return await original(*arguments)

        driver.reader.probabilities = slow
        driver.screen.choice("prediction").choose("wrong")
        await driver.pilot.pause(0.1)
        assert driver.screen.query_one(KeyFooter).keys[0].action == "stop"
        await driver.press("s")
        assert driver.screen.choice("prediction").value is None
        assert "stop" not in [key.action for key in driver.screen.query_one(KeyFooter).keys]
        assert driver.said("#summary").startswith("64 of 64")
        assert driver.app.modes == []


async def test_hits_are_listed_as_they_come_and_nothing_is_said_to_fit_no_text_before_all_are_read(
    planted_run, monkeypatch
) -> None:
    monkeypatch.setitem(scripted_reader.PLANTED, "bad", 1)
    monkeypatch.setattr("tmeattn.tui.services.reader.CHUNK", 2)
    async with open_screen() as driver:
        await driver.choose("split", "train")
        driver.screen.choice("label").value = 0
        driver.reader._predicted.clear()
        original, goes_on = driver.reader.probabilities, asyncio.Event()
        asked: list[int] = []

        async def slow(*arguments: Any) -> np.ndarray:
            asked.append(len(asked))
            if len(asked) % 4 == 1:
                await goes_on.wait()
                goes_on.clear()
            return await original(*arguments)

        driver.reader.probabilities = slow
        driver.screen.choice("prediction").choose("wrong")
        await until(driver.pilot, lambda: driver.said("#summary") == "none found so far, s stops this")
        await until(driver.pilot, lambda: driver.said("#whole-text") == "Searching …")
        goes_on.set()
        await until(driver.pilot, lambda: driver.said("#summary").startswith("8 of 32 predicted"))
        so_far = len(table(driver).rows)
        assert 0 < so_far <= 8
        assert driver.said("#summary") == f"8 of 32 predicted, {so_far} found so far, s stops this"
        assert "bad" in driver.said("#whole-text")
        driver.reader.probabilities = original
        goes_on.set()
        await driver.settle()
        assert driver.said("#summary") == "32 of 64 texts"


async def test_no_share_is_shown_before_all_texts_are_predicted_and_all_classes_are_read_alike(
    planted_run, monkeypatch
) -> None:
    ordered = Split([f"good {at}" for at in range(60)] + [f"bad {at}" for at in range(30)], [1] * 60 + [0] * 30)
    splits = {"train": ordered, "validation": ordered}
    dataset = Dataset("planted", ("negative", "positive"), planted_run.data["fingerprint"], lambda: splits)
    monkeypatch.setattr("tmeattn.tui.services.dataset_view.dataset_of", lambda options, narrate: dataset)
    monkeypatch.setitem(scripted_reader.PLANTED, "bad", 1)
    async with open_screen() as driver:
        assert 0 < int(table(driver).predictions.known().sum()) < 90
        assert driver.said("#summary") == "90 of 90 texts; v predicts all"
        await driver.press("i")
        assert "%" not in driver.said("#whole-text")
        await driver.press("i")
        driver.reader._predicted.clear()
        driver.reader.read.clear()
        await driver.press("v")
        assert driver.said("#summary") == "90 of 90 texts, 66.7 % right"
        first = driver.reader.read[:9]
        assert sum(text.startswith("good") for text in first) == 6
        await driver.choose("label", 0)
        assert driver.said("#summary") == "30 of 90 texts, 0.0 % right"


async def test_texts_are_there_before_the_model_is_loaded(planted_run) -> None:
    async with open_screen() as driver:
        original, goes_on = driver.reader.capabilities, asyncio.Event()

        async def slow(run: RunDirectory) -> Any:
            await goes_on.wait()
            return await original(run)

        driver.reader.capabilities = slow
        driver.screen.choice("split").choose("train")
        await driver.pilot.pause(0.1)
        assert len(table(driver).rows) == 64
        assert driver.said("#summary") == "64 of 64 texts; loading aaaa-lstm-attn …"
        assert driver.said("#whole-text") == table(driver).texts.texts[0]
        goes_on.set()
        await driver.settle()
        assert driver.said("#summary").endswith("v predicts all")


async def test_without_a_run_texts_can_be_browsed(planted, monkeypatch) -> None:
    monkeypatch.setattr(data, "DEFAULT_DATASET", "planted")
    async with open_screen() as driver:
        assert driver.said("#summary") == "16 of 16 texts"
        await driver.press("m")
        assert driver.said("#summary") == "16 of 16 texts"


async def test_a_deleted_run_leaves_the_texts(planted_run) -> None:
    async with open_screen() as driver:
        planted_run.delete()
        await driver.press("m")
        assert driver.said("#summary").startswith("16 of 16")
        assert any("was deleted" in str(toast.message) for toast in driver.app._notifications)


async def test_of_changed_data_neither_right_nor_wrong_is_shown(planted_run) -> None:
    info = json.loads((planted_run.path / "run.json").read_text())
    info["data"]["fingerprint"] = "another"
    (planted_run.path / "run.json").write_text(json.dumps(info))
    async with open_screen((140, 45)) as driver:
        assert "the data has changed since the run was trained" in driver.said("#summary")
        assert not {"✓", "✗"} & set("".join(lines(driver)))
        await driver.press("m")
        assert "0 of 16 texts" in driver.said("#summary")
