"""The report's targets, key by key. The commands in the background are states that the test sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.scripted_reader import Driver, opened

from tmeattn.reproduce.targets import all_targets
from tmeattn.tui.screens import reproduce
from tmeattn.tui.screens.dialogs import Confirm
from tmeattn.tui.screens.reproduce import ReproduceScreen
from tmeattn.tui.services.background import BackgroundCommand
from tmeattn.tui.services.reproduction import NeededRun, TargetRuns
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.wording.reproduction import target_line

TRAIN, ESTIMATE = ("reproduce", "table1"), ("reproduce", "table1", "--list")
FORECAST = "1 run to train. Training takes at most about 3 min 10 s, by a timed step."


class Commands:
    """The state of each command by its arguments, and what it prints."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.states: dict[tuple[str, ...], str] = {}
        fake: dict[str, Any] = {
            "start": lambda command, **options: self.states.update({command.arguments: "running"}),
            "state": lambda command: self.states.get(command.arguments, "absent"),
            "is_running": lambda command: self.states.get(command.arguments) == "running",
            "stop": lambda command: self.states.update({command.arguments: "failed"}),
            "tail": lambda command, lines: ["epoch 2 of 4"],
        }
        for name, function in fake.items():
            monkeypatch.setattr(BackgroundCommand, name, function)

    def end(self, command: BackgroundCommand, printed: str) -> None:
        command.results[-1].parent.mkdir(parents=True, exist_ok=True)
        command.results[-1].write_text(printed)
        self.states[command.arguments] = "done"


def page(driver: Driver) -> str:
    return driver.screen.query_one(Picture).plain


async def test_a_target_is_estimated_trained_stopped_and_read(isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(monkeypatch)
    runs = (NeededRun("mean", 0, 4, "trained", epoch=4, accuracy=0.7), NeededRun("lstm", 0, 4, "to train"))
    monkeypatch.setattr(reproduce, "read_targets", lambda settings: [TargetRuns(all_targets()["table1"], runs)])
    monkeypatch.setattr(reproduce, "MOMENT", 0.0)
    async with opened(ReproduceScreen) as driver:
        screen = driver.screen
        assert driver.said("#status").startswith("1 of 2 runs trained: p trains it")
        assert commands.states == {ESTIMATE: "running"}
        assert "Estimating" in page(driver)
        commands.end(screen._forecast, FORECAST)
        screen._look()
        assert " ".join(page(driver).split()) == FORECAST
        assert "in at most about 3 min 10 s" in driver.said("#status")
        await driver.press("p")
        assert isinstance(driver.app.screen, Confirm)
        assert "It takes at most about 3 min 10 s, which is an estimate." in driver.app.screen.question
        await driver.press("y")
        assert commands.states[TRAIN] == "running"
        assert "Being reproduced" in page(driver)
        assert "epoch 2 of 4" in page(driver)
        await driver.press("s")
        screen._look()
        assert "p continues it" in page(driver)
        await driver.press("p", "y")
        commands.end(screen.command("table1"), "Table 1")
        screen._look()
        assert page(driver) == "Table 1"
        assert driver.said("#status").startswith("The results below are stored")
        assert not screen.is_applicable("export")  # one run is not trained
        monkeypatch.setattr(reproduce, "read_targets", lambda settings: [TargetRuns(all_targets()["table1"], runs[:1])])
        screen._read()
        await driver.settle()
        await driver.press("e", "enter")
        assert screen._export.arguments[-2:] == ("--export", str(Path.cwd() / "table1"))
        commands.end(screen._export, "Table 1")
        screen._look()
        assert screen._export is None


async def test_an_estimate_for_other_settings_is_not_shown(isolated, monkeypatch: pytest.MonkeyPatch) -> None:
    commands = Commands(monkeypatch)
    runs = (NeededRun("lstm", 0, 4, "to train"),)
    monkeypatch.setattr(reproduce, "read_targets", lambda settings: [TargetRuns(all_targets()["table1"], runs)])
    monkeypatch.setattr(reproduce, "MOMENT", 0.0)
    async with opened(ReproduceScreen) as driver:
        screen = driver.screen
        commands.end(screen._forecast, FORECAST)
        screen._look()
        assert " ".join(page(driver).split()) == FORECAST
        monkeypatch.setattr(reproduce, "MOMENT", 0.2)
        screen.query_one("#quick").choose(True)
        await driver.pilot.pause(0.05)
        screen._look()
        assert "3 min 10 s" not in page(driver)
        again = ReproduceScreen(driver.app.session)
        await driver.app.push_screen(again)
        await driver.settle()
        assert again.settings.quick  # as it was chosen before


def test_the_columns_of_the_list_are_below_each_other() -> None:
    lines = [target_line(TargetRuns(target, ()), "absent").plain for target in all_targets().values()]
    assert {line.index("–") for line in lines} == {lines[0].index("–")}
