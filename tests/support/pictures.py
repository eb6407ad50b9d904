"""The pictures of the README and of the manual, made by the application itself from runs on imdb-25k.

`python tests/support/pictures.py HOME` writes `.assets/*.svg`. It trains the runs `simple` and `penalty` (8,000 texts,
seed 0) in the folder HOME unless they are there. Look at every picture afterwards.

The ids of the runs are fixed. The times are those of the trainings: give the computer nothing else to do meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from tmeattn.cli.main import run as run_command
from tmeattn.errors import BadInput
from tmeattn.render.export.terminal_svg import picture
from tmeattn.runs.creation import ID_VARIABLE
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.messages import OpenExplain
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.terminal import frame_of
from tmeattn.tui.widgets.choice import Choice
from tmeattn.tui.widgets.explanation_pane import ExplanationPane

FOLDER = Path(__file__).parents[2] / ".assets"
RUNS = {"simple": "simple-attn", "penalty": "lstm-attn"}
IDS = {"simple": "4cbw-simple-attn", "penalty": "7k2m-lstm-attn"}
REVIEW = (
    "I wanted to like this film, and the first half hour is charming. But the plot makes no sense, the jokes are old, "
    "and Zzyzx, the villain, is simply dull. What a waste of a wonderful cast!"
)
TWO_SIDED = (
    "I wanted to like this film, and the first half hour is charming: the two leads are wonderful together and the "
    "photography is superb. But the plot makes no sense, the jokes are dull, and what a waste of two fine actors!"
)
WORD = "superb"


def trained(name: str) -> RunDirectory:
    """The run of that name, trained if there is none."""
    try:
        return find_run(name)
    except BadInput:
        os.environ[ID_VARIABLE] = IDS[name]
        arguments = ["train", RUNS[name], *shlex.split(f"--name {name} --alpha 0.05 --limit 8000 --seed 0")]
        before, sys.argv = sys.argv, ["tmeattn", *arguments]  # the run remembers what a user types
        if code := run_command(arguments):
            sys.exit(code)
        sys.argv = before
        return find_run(name)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until the screen does not change any more. The cursors of fields stop blinking."""
    before, unchanged = "", 0
    while unchanged < 10:
        for field in pilot.app.screen.query("Input, TextArea"):
            field.cursor_blink = False  # type: ignore[attr-defined]
        for worker in list(pilot.app.workers):
            with suppress(WorkerCancelled):
                await worker.wait()
        await pilot.pause(0.1)
        shown = pilot.app.export_screenshot()
        unchanged = unchanged + 1 if shown == before else 0
        before = shown


async def picture_of_run(run: RunDirectory) -> str:
    """The screen of a finished run."""
    app = TmeattnApp(run, saved=SavedState())
    async with app.run_test(size=(140, 48)) as pilot:
        await settle(pilot)
        return picture(frame_of(app), "The screen of a run")


async def picture_of_explain(first: RunDirectory, second: RunDirectory) -> str:
    """The Explain screen with two runs, and the cursor on a word."""
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(120, 30)) as pilot:
        app.post_message(OpenExplain(TWO_SIDED, run=first, true_label="negative"))
        await settle(pilot)
        screen: Any = app.screen
        screen.query_one("#beside", Choice).choose(second.id)
        await settle(pilot)
        heatmap = screen.query_one("#first", ExplanationPane).heatmap
        heatmap.focus()
        heatmap.go_to(TWO_SIDED.index(WORD))
        await settle(pilot)
        return picture(frame_of(app), "The screen Explain with two runs")


def main(home: Path) -> None:
    """Write all pictures."""
    os.environ.update(TMEATTN_HOME=str(home), TZ="UTC", COLORTERM="truecolor", TERM="xterm-256color")
    time.tzset()
    runs = {name: trained(name) for name in RUNS}
    exported = ["explain", REVIEW, "--run", "penalty", "--export", str(FOLDER / "explain.svg")]
    if code := run_command(exported):
        sys.exit(code)
    screens = {
        "tui-run": picture_of_run(runs["penalty"]),
        "tui-explain": picture_of_explain(runs["simple"], runs["penalty"]),
    }
    for name, made in screens.items():
        (FOLDER / f"{name}.svg").write_text(asyncio.run(made), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
