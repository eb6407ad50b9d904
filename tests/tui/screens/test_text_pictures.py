"""Pictures of Explain, Data and Models (see test_run_pictures.py), of a reader that needs no torch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support.scripted_reader import Driver, Host, ScriptedReader
from textual.pilot import Pilot
from textual.widgets import OptionList, TextArea

from tmeattn.registry import _discovered
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import themes
from tmeattn.tui.screens import data, explain, explained_words, predicted_texts
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.data import DataScreen
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.screens.models import ModelsScreen

SMALL, LARGE = (80, 24), (140, 45)
REVIEW = (
    "The first half hour is great: the leads are wonderful together, and the music is good. But then the plot goes "
    "nowhere, the jokes are slow, and by the end it is a bad film.\n\nStill, “xyzzy” is worth the ticket."
)
Act = Callable[[Driver], Awaitable[None]]


@pytest.fixture(autouse=True)
def quick_and_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for module in (data, explain):
        monkeypatch.setattr(module, "PAUSE", 0.0)
    for module in (predicted_texts, explained_words):
        monkeypatch.setattr(module, "MOMENT", 0.0)


@pytest.fixture
def picture(snap_compare: Any, planted: dict[str, Any], write_run: Callable[..., RunDirectory]) -> Callable[..., bool]:
    write_run("bbbb-mean", model="mean", created=1.0)
    write_run("aaaa-lstm-attn", created=2.0, name="mine", dataset="planted")

    def picture(screen: type[BaseScreen], act: Act, size: tuple[int, int], theme: str = themes.DEFAULT) -> bool:
        reader = ScriptedReader((4, 4))
        app = Host(screen, reader)
        app.theme = theme

        async def before(pilot: Pilot[None]) -> None:
            driver = Driver(pilot, app, reader)
            await driver.settle()
            await act(driver)
            for field in app.tested.query("Input, TextArea"):
                field.cursor_blink = False  # type: ignore[attr-defined]
            await driver.settle()

        return bool(snap_compare(app, terminal_size=size, run_before=before))

    return picture


async def one_run(driver: Driver) -> None:
    await driver.explain(REVIEW, true_label="positive")
    await driver.press("asterisk", "asterisk", "d", "asterisk")


async def two_runs(driver: Driver) -> None:
    await driver.explain(REVIEW, true_label="positive")
    await driver.choose("beside", "bbbb-mean")
    await driver.press("asterisk")


async def nothing_yet(driver: Driver) -> None:
    driver.screen.query_one(TextArea).focus()


async def a_choice(driver: Driver) -> None:
    await one_run(driver)
    driver.screen.asking.choice("method").focus()
    await driver.press("enter")


async def browse(driver: Driver) -> None:
    await driver.press("down", "down")


async def count(driver: Driver) -> None:
    await driver.choose("split", "train")
    await driver.choose("order", "least confident")
    await driver.press("i")


async def the_transformer(driver: Driver) -> None:
    options = driver.screen.query_one(OptionList)
    options.highlighted = options.get_option_index("Models/transformer")


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("act", [one_run, two_runs])
def test_explain(picture, act, size) -> None:
    assert picture(ExplainScreen, act, size)


@pytest.mark.parametrize("act", [nothing_yet, a_choice])
def test_explain_small(picture, act) -> None:
    assert picture(ExplainScreen, act, SMALL)


def test_explain_in_the_light(picture) -> None:
    assert picture(ExplainScreen, one_run, SMALL, themes.LIGHT.name)


def test_explain_without_colour(picture, monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert picture(ExplainScreen, one_run, SMALL)


@pytest.mark.parametrize(("act", "size"), [(browse, SMALL), (browse, LARGE), (count, LARGE)])
def test_data(picture, act, size) -> None:
    assert picture(DataScreen, act, size)


@pytest.fixture
def own_alone(monkeypatch):
    """Plugins that happen to be installed are in no picture."""
    monkeypatch.setenv("TMEATTN_PLUGINS", "off")
    _discovered.cache_clear()
    yield
    _discovered.cache_clear()


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_models(picture, own_alone, size) -> None:
    assert picture(ModelsScreen, the_transformer, size)
