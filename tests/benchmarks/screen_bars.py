"""Bars of the screens in CPU seconds, and whether each is kept. `load.py bars` makes the home and starts each part.

python tests/benchmarks/screen_bars.py first|again|data|text
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

COLUMNS, ROWS = 140, 45


def bar(what: str, value: float, most: float, unit: str) -> None:
    print(f"{what:58} {value:8,.2f} {unit}" if unit == "s" else f"{what:58} {value:8,.0f} {unit}", end="  ")
    print(f"(bar {most:g} {unit}) {'ok' if value <= most else 'MISSED'}", flush=True)


async def _warm() -> None:
    """Import what the screens need."""
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    home = os.environ["TMEATTN_HOME"]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMEATTN_HOME"] = folder
        async with TmeattnApp(saved=SavedState()).run_test(size=(COLUMNS, ROWS)) as pilot:
            await pilot.pause()
    os.environ["TMEATTN_HOME"] = home


async def _cpu(work, times: int = 5) -> float:
    """The median of the CPU seconds of `work` in the thread of the screen; a reader of texts has its own."""
    took = []
    for _ in range(times):
        began = time.thread_time()
        await work()
        took.append(time.thread_time() - began)
    return statistics.median(took)


async def _keys(pilot, *rounds: tuple[str, ...], most: float = 100.0) -> None:
    """The median of five rounds of presses, for each of the keys of a round."""
    for keys in rounds:
        took: dict[str, list[float]] = {key: [] for key in keys}
        for _ in range(5):
            for key in keys:
                took[key].append(await _cpu(lambda key=key: pilot.press(key), 1))
        for key, each in took.items():
            bar(f"key {key}, in the round {' '.join(keys)}", 1000 * statistics.median(each), most, "ms")


async def _settling() -> None:
    """From the start until the newest runs are shown with their figures and a key is answered; then until all is
    read."""
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    await _warm()
    began = time.process_time()
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(COLUMNS, ROWS)):
        await _page_is_read(app)
        app.simulate_key("down")  # a pilot would wait until all runs are read
        while app.screen.table.cursor != 1:
            await asyncio.sleep(0.002)
        newest = [one.run.id for one in app.session.runs.sorted("newest", "")][:ROWS]
        bar("screen without a cache: settles", time.process_time() - began, 2.0, "s")
        while not app.session.runs.caught_up:
            await asyncio.sleep(0.02)
        bar("screen without a cache: everything is read", time.process_time() - began, 10.0, "s")
        assert newest == [one.run.id for one in app.session.runs.sorted("newest", "")][:ROWS]


async def _page_is_read(app) -> None:
    while True:
        await asyncio.sleep(0.005)
        table, runs = app.screen.table, app.session.runs
        if table.line_count >= ROWS and all(runs.runs[name].is_read for name in table.seen):
            return


async def _list_keys() -> None:
    """With the cache that was written before."""
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    await _warm()
    began = time.process_time()
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        await _page_is_read(app)
        await pilot.press("down")
        bar("screen with the cache: settles", time.process_time() - began, 2.0, "s")
        while not app.session.runs.caught_up:
            await asyncio.sleep(0.02)
        await pilot.press("home")
        await _keys(pilot, ("down",), ("up",), ("pagedown",), ("end", "home"), ("space",), ("o",))
        await _keys(pilot, ("slash", "n", "a", "escape"))
        bar("open a run for the first time", await _cpu(lambda: pilot.press("enter"), 1), 0.5, "s")
        await pilot.press("escape")
        await _keys(pilot, ("enter", "escape"))


async def _data_keys() -> None:
    from tmeattn.tui.app import TmeattnApp
    from tmeattn.tui.services.saved_state import SavedState

    await _warm()
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
        app.switch_mode("data")
        await pilot.pause(0.5)
        app.screen._open(str(Path(os.environ["TMEATTN_HOME"]) / "texts.csv"))
        while app.screen.table.texts is None or app.screen.filtering:
            await asyncio.sleep(0.05)
        app.screen.table.focus()
        await pilot.pause(0.5)
        print("Data screen:")
        await _keys(pilot, ("down",), ("pagedown",), ("end", "home"), ("slash", "w", "escape"))


async def _long_text(words: int = 20_000) -> None:
    """The screen Explain with a reader that needs no model: what remains is the work of the screen."""
    from support import scripted_reader
    from textual.widgets import TextArea

    from tmeattn.tui.screens.explain import ExplainScreen

    scripted_reader.MOST_WORDS = words
    text = " ".join(f"word{at % 997}" if at % 9 else "good" for at in range(words))
    async with scripted_reader.opened(ExplainScreen, (COLUMNS, ROWS)) as driver:
        pilot, screen = driver.pilot, driver.screen

        async def load() -> None:
            screen.query_one(TextArea).load_text("")
            screen.query_one(TextArea).load_text(text)
            await pilot.pause(0.5)
            await driver.settle()

        print(f"a text of {words:,} words on the screen Explain:")
        bar("until it is shown", await _cpu(load, 3), 2.0, "s")
        screen.active.heatmap.focus()
        await pilot.pause(0.5)
        await _keys(pilot, ("right",), ("down",), ("pagedown",), ("end", "home"), ("asterisk",), ("d", "u"))
        for size in ((120, 40), (COLUMNS, ROWS)):
            bar(
                f"resize to {size[0]}x{size[1]}",
                1000 * await _cpu(lambda s=size: pilot.resize_terminal(*s), 1),
                500,
                "ms",
            )
        screen.query_one(TextArea).focus()
        await pilot.pause(0.5)
        await _keys(pilot, ("right",), ("a",))


PARTS = {"first": _settling, "again": _list_keys, "data": _data_keys, "text": _long_text}

if __name__ == "__main__":
    asyncio.run(PARTS[sys.argv[1]]())
