"""Every screen as a picture, at three sizes and in five looks, to be looked at; and a sheet of them for the manual.

    python tests/support/gallery.py HOME FOLDER [--only run,explain] [--sizes 80x24,140x45,200x60] [--looks dark,light]
    python tests/support/gallery.py HOME --sheet

HOME has trained runs, such as those of `pictures.py`; nothing in it is changed. FOLDER gets one SVG for each screen,
size and look, and a PNG beside it where `rsvg-convert` is installed; with `--sheet`, `.assets/tui-screens.svg` is
written instead. Look at every picture for what is clipped, misaligned, empty or unexplained.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.pictures import FOLDER, TWO_SIDED, settle
from support.screen_svg import sheet
from tmeattn.render.export.terminal_svg import Frame, picture
from tmeattn.runs.index import all_runs
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.messages import OpenExplain
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.terminal import frame_of

SIZES = ((80, 24), (140, 45), (200, 60))


@dataclass(frozen=True)
class Look:
    """A theme, and the terminal that shows it."""

    theme: str = "tmeattn-dark"
    term: str = "xterm-256color"
    colours: str | None = "truecolor"
    no_color: bool = False


LOOKS = {
    "dark": Look(),
    "light": Look("tmeattn-light"),
    "contrast": Look("tmeattn-contrast"),
    "256": Look(colours=None),
    "256-light": Look("tmeattn-light", colours=None),
    "linux": Look(term="linux", colours=None),
    "plain": Look(no_color=True),
}

SCREENS: dict[str, tuple[str, ...]] = {
    "runs": (),
    "marked": ("space", "space"),
    "filter": ("slash", "l", "s"),
    "welcome": (),
    "form": ("n",),
    "run": ("enter",),
    "run-alone": ("enter", "1"),
    "run-attention": ("enter", "2"),
    "run-watch": ("enter", "3"),
    "run-log": ("enter", "4"),
    "run-about": ("enter", "5"),
    "explain": ("f3",),
    "explain-two": ("f3",),
    "data": ("f4",),
    "models": ("f5",),
    "model": ("f5", *["down"] * 4),
    "help": ("f1",),
    "manual": ("f1", "f1"),
    "palette": ("ctrl+p",),
    "delete": ("d",),
    "columns": ("C",),
    "compare": ("space", "space", "c"),
    "compare-curves": ("space", "space", "c", "2"),
    "queue": ("Q",),
    "evaluation": ("enter", "v"),
    "evaluation-reliability": ("enter", "v", "3"),
    "mistakes": ("enter", "m"),
    "map": ("enter", "a"),
    "heads": ("a", "H"),
    "reproduce": ("p",),
}
"""The keys that lead from the first screen to each of them."""
MULTI_HEAD = ("heads",)
"""The screens that begin with a run of a transformer."""
SHEET = (
    ("The list of runs", "runs", "dark"),
    ("A run", "run", "dark"),
    ("Two runs read one text", "explain-two", "dark"),
    ("Are the probabilities of a run right?", "evaluation-reliability", "dark"),
    ("Two runs compared, in the light theme", "compare", "light"),
    ("The texts of a dataset", "data", "light"),
    ("The form of a new run, in high contrast", "form", "contrast"),
    ("A model", "model", "contrast"),
)
"""The title, the screen and the look of each picture of the sheet."""
SHEET_SIZE = (120, 38)


async def frame(name: str, size: tuple[int, int], look: Look) -> Frame:
    """One screen as a terminal of this size and look shows it."""
    environment = {"TERM": look.term, "COLORTERM": look.colours, "NO_COLOR": "1" if look.no_color else None}
    before = {key: os.environ.get(key) for key in (*environment, "TMEATTN_HOME")}
    for key, value in environment.items():
        os.environ.pop(key, None) if value is None else os.environ.update({key: value})
    with tempfile.TemporaryDirectory() as empty:
        if name == "welcome":
            os.environ["TMEATTN_HOME"] = empty
        try:
            transformers = (run for run in all_runs() if run.config["model"] == "transformer")
            run = next(transformers, None) if name in MULTI_HEAD else None
            app = TmeattnApp(run, saved=SavedState(theme=look.theme))
            async with app.run_test(size=size) as pilot:
                await settle(pilot)
                for key in SCREENS[name]:
                    await pilot.press(key)
                    await settle(pilot)
                if name == "explain-two":
                    await _two_runs(app, pilot)
                return frame_of(app)
        finally:
            for key, value in before.items():
                os.environ.pop(key, None) if value is None else os.environ.update({key: value})


async def _two_runs(app: TmeattnApp, pilot: Any) -> None:
    """Explain one review with the two newest runs."""
    from tmeattn.tui.widgets.choice import Choice

    first, second = [run for run in all_runs() if run.has_checkpoint()][:2]
    app.post_message(OpenExplain(TWO_SIDED, run=first, true_label="negative"))
    await settle(pilot)
    screen: Any = app.screen
    screen.query_one("#beside", Choice).choose(second.id)
    await settle(pilot)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", default=",".join(SCREENS))
    parser.add_argument("--sizes", default=",".join(f"{width}x{height}" for width, height in SIZES))
    parser.add_argument("--looks", default="dark,light,contrast,256,linux")
    parser.add_argument("--sheet", action="store_true")
    options = parser.parse_args()
    os.environ.update(TMEATTN_HOME=str(options.home.absolute()), TZ="UTC")
    time.tzset()
    if options.sheet:
        found = [(title, asyncio.run(frame(name, SHEET_SIZE, LOOKS[look]))) for title, name, look in SHEET]
        (FOLDER / "tui-screens.svg").write_text(sheet(found, columns=2), encoding="utf-8")
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    for name in options.only.split(","):
        for size in options.sizes.split(","):
            for look in options.looks.split(","):
                width, height = map(int, size.split("x"))
                path = options.folder / f"{name}-{size}-{look}.svg"
                shown = asyncio.run(frame(name, (width, height), LOOKS[look]))
                path.write_text(picture(shown, f"tmeattn: {name}"), encoding="utf-8")
                if shutil.which("rsvg-convert"):
                    subprocess.run(["rsvg-convert", str(path), "-o", str(path.with_suffix(".png"))], check=True)
                print(path, flush=True)


if __name__ == "__main__":
    main()
