"""The recording of the README: a first run, from the empty home to its end, made by the application from a real run.

    python tests/support/record_run.py [--size 110x36] [--seconds 24]

It opens the application in an empty home, starts the small demo as a user does, keeps a picture of the screen every
half second while it trains, then opens Explain with the run, and writes `.assets/tui-demo.svg`. The pictures are real
and follow each other as they did; only the time between them is shorter. Give the computer nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.pictures import FOLDER, settle
from support.screen_svg import recording
from tmeattn.render.export.terminal_svg import Frame
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.terminal import frame_of

EVERY = 0.5
"""Seconds between two pictures."""
MOST = 48
"""Pictures of the training that are kept, evenly spaced."""
HELD = 2.5
"""Seconds for which the first, the last and every picture of another screen are seen."""
PATIENCE = 600.0


async def record(size: tuple[int, int]) -> tuple[list[Frame], list[Frame]]:
    """The screens of the training, and those before and after it."""
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        still, moving = [frame_of(app)], []
        await pilot.press("enter")
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            await pilot.pause(EVERY)
            screen: Any = app.screen
            now = frame_of(app)
            if not moving or now.rows != moving[-1].rows:
                moving.append(now)
            if isinstance(screen, RunScreen) and screen.run_state.state in ("finished", "failed", "crashed"):
                break
        await pilot.press("x")
        await settle(pilot)
        still.append(frame_of(app))
        return moving, still


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="110x36")
    parser.add_argument("--seconds", type=float, default=24.0, help="that the recording takes")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(TMEATTN_HOME=home, TZ="UTC", COLORTERM="truecolor", TERM="xterm-256color")
        time.tzset()
        moving, (welcome, explain) = asyncio.run(record((width, height)))
    step = max(len(moving) / MOST, 1.0)
    kept = [moving[int(at * step)] for at in range(int(len(moving) / step))]
    each = max((options.seconds - 4 * HELD) / max(len(kept), 1), 0.1)
    frames = [(welcome, HELD), *((one, each) for one in kept), (moving[-1], HELD), (explain, 2 * HELD)]
    (FOLDER / "tui-demo.svg").write_text(recording(frames), encoding="utf-8")
    print(f"{len(kept)} of {len(moving)} pictures, {(FOLDER / 'tui-demo.svg').stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
