"""The screen of one run and the list of runs, opened for a test, and what their tests share.

watched_texts  the watch list reads made-up texts: use in every module that opens the screen
resumed        the runs that were asked to resume, in place of processes
three          three runs: one that is trained, a finished one with a name, and a stopped one
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.services import processes
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets import watch_list as watch
from tmeattn.tui.widgets.chart import Chart
from tmeattn.tui.widgets.run_header import RunHeader
from tmeattn.tui.widgets.run_table import RunTable
from tmeattn.tui.widgets.watch_list import WatchedSource

SOURCES = {
    index: WatchedSource("a dull film", ("negative", "positive")[index % 2],
                  ((0, 1, "a", True), (2, 6, "dull", True), (7, 11, "film", True)), (0, 1, 2), 3)
    for index in range(3)
}  # fmt: skip


@pytest.fixture
def watched_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "read_watched_texts", lambda run, indices: {index: SOURCES[index] for index in indices})


@pytest.fixture
def resumed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(processes.TrainingProcesses, "resume", lambda self, run: found.append(run.id))
    return found


@pytest.fixture
def three(write_run: Callable[..., RunDirectory]) -> None:
    write_run("aaaa-lstm-attn", created=3.0, done=2, state="running")
    write_run("bbbb-mean", model="mean", created=2.0, name="baseline", done=4)
    write_run("cccc-lstm-attn", created=1.0, state="stopped", done=1)


def an_app(run: RunDirectory | None = None) -> TmeattnApp:
    return TmeattnApp(run, saved=SavedState())


async def settled(pilot) -> RunScreen:
    """The screen, once it has read the log and drawn it."""
    for _ in range(50):
        await pilot.pause(0.02)
        screen = pilot.app.screen
        if isinstance(screen, RunScreen) and screen.run_state.caught_up and screen.query_one(RunHeader)._drawn:
            break
    await pilot.pause()
    return pilot.app.screen


def head(screen) -> str:
    return str(screen.query_one(RunHeader).render())


def heading(screen, chart: str) -> str:
    """The line above a chart."""
    return str(screen.query_one(f"#{chart}", Chart).query_one("Static").render())


def rows(app: TmeattnApp) -> list[list[str]]:
    """The cells of the list of runs."""
    table = app.screen.query_one(RunTable)
    return [[str(cell).strip() for cell in table.cells(at)] for at in range(table.line_count)]
