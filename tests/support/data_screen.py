"""The screen Data, opened for a test on the dataset `planted`. Nothing here needs torch: see scripted_reader.py.

quick_data   no pauses: use in every module that opens the screen
planted_run  a run on that dataset
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from support.planted import texts as planted_texts
from support.scripted_reader import Driver, opened
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.screens import data, predicted_texts
from tmeattn.tui.screens.data import DataScreen
from tmeattn.tui.widgets.text_table import TextTable

VALIDATION = planted_texts(16, 1)


@pytest.fixture
def quick_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "PAUSE", 0.02)
    monkeypatch.setattr(predicted_texts, "MOMENT", 0.0)


@pytest.fixture
def planted_run(planted: dict[str, Any], write_run: Callable[..., RunDirectory]) -> RunDirectory:
    return write_run("aaaa-lstm-attn", dataset="planted", name="mine")


def open_screen(size: tuple[int, int] = (80, 24)) -> AbstractAsyncContextManager[Driver]:
    return opened(DataScreen, size)


def table(driver: Driver) -> TextTable:
    return driver.screen.query_one(TextTable)


def lines(driver: Driver) -> list[str]:
    """The table as it is drawn."""
    return [table(driver).render_line(y).text.rstrip() for y in range(table(driver).size.height)]
