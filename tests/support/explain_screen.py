"""The screen Explain, opened for a test, and what its tests share. Nothing here needs torch: see scripted_reader.py.

quick_and_coloured  no pauses, and a terminal with colours: use in every module that opens the screen
runs                two runs to explain with, of an LSTM with attention and of a model without
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from support.scripted_reader import Driver, opened
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.screens import explain, explained_words
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.heatmap import HeatmapView

REVIEW = "The music is good and great, but the plot is so dull that xyzzy"


@pytest.fixture
def quick_and_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain, "PAUSE", 0.02)
    monkeypatch.setattr(explained_words, "MOMENT", 0.0)


@pytest.fixture
def runs(write_run: Callable[..., RunDirectory]) -> list[RunDirectory]:
    return [write_run("aaaa-lstm-attn", created=2.0, name="mine"), write_run("bbbb-mean", model="mean", created=1.0)]


def open_screen(size: tuple[int, int] = (80, 24), heads: tuple[int, ...] = ()) -> AbstractAsyncContextManager[Driver]:
    return opened(ExplainScreen, size, heads)


def heatmap(driver: Driver) -> HeatmapView:
    return driver.screen.query_one("#first", ExplanationPane).heatmap
