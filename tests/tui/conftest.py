"""Fixtures of the screens' tests (see logged_runs.py, run_screen.py, explain_screen.py, data_screen.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from support.data_screen import planted_run, quick_data
from support.explain_screen import quick_and_coloured, runs
from support.logged_runs import clock, write_run
from support.run_screen import resumed, three, watched_texts
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from tmeattn.tui.app import TmeattnApp

__all__ = [
    "clock",
    "planted_run",
    "quick_and_coloured",
    "quick_data",
    "resumed",
    "runs",
    "three",
    "watched_texts",
    "write_run",
]


@pytest.fixture(autouse=True)
def all_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal with all colours, whatever the one of the test has."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(scope="session", autouse=True)
def keys_have_had_their_effect() -> Iterator[None]:
    """A pilot that presses keys goes on when the application has handled them (see `InputOrder`), on any machine."""
    press = Pilot.press

    async def press_and_wait(self: Pilot[Any], *keys: str) -> None:
        await press(self, *keys)
        while isinstance(self.app, TmeattnApp) and not self.app._input.idle:
            await asyncio.sleep(0.001)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pilot, "press", press_and_wait)
        yield


@pytest.fixture(scope="session", autouse=True)
def styles_are_parsed_once() -> Iterator[None]:
    """All apps of a session share the rules parsed from the same styles: parsing took a quarter of the tests' time."""
    parse = Stylesheet._parse_rules
    parsed: dict[tuple[Any, ...], Any] = {}

    def parse_once(self: Stylesheet, *source: Any, **named: Any) -> Any:
        key = (source, tuple(named.items()), frozenset(self._variables.items()))
        if key not in parsed:
            parsed[key] = parse(self, *source, **named)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", parse_once)
        yield
