"""Pictures of the main screens at both sizes.

After an intended change: pytest tests/tui/screens/test_run_pictures.py --snapshot-update; then look at every picture
that changed.
"""

import pytest
from support.logged_runs import BEGAN

from tmeattn.docs import Topic
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens import manual
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.services import run_form as form
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.themes import CONTRAST, LIGHT
from tmeattn.tui.widgets import watch_list as watch
from tmeattn.tui.widgets.run_header import RunHeader
from tmeattn.tui.widgets.watch_list import WatchedSource, WatchedTextView

SMALL, LARGE = (80, 24), (140, 45)
TEXT = "A dull film with a plot that goes nowhere."
WORDS = tuple(
    (TEXT.index(word), TEXT.index(word) + len(word), word.lower(), True) for word in ("dull", "plot", "nowhere")
)


@pytest.fixture(autouse=True)
def texts(monkeypatch, clock):
    found = {index: WatchedSource(TEXT, ("negative", "positive")[index % 2], WORDS, (0, 1, 2), 3) for index in range(3)}
    monkeypatch.setattr(watch, "read_watched_texts", lambda run, indices: {index: found[index] for index in indices})
    monkeypatch.setattr(form, "open_dataset", lambda name: None)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")  # as the runs had, whatever this machine has
    monkeypatch.setattr("tmeattn.tui.widgets.welcome.missing_data", lambda: "")


@pytest.fixture
def runs(write_run):
    """The newest is being trained."""
    write_run("dddd-transformer", model="transformer", created=BEGAN + 1, state="failed", done=1, heads=True)
    write_run("cccc-lstm-attn", created=BEGAN + 2, state="stopped", done=2)
    write_run("bbbb-mean", model="mean", created=BEGAN + 3, name="baseline", done=5)
    return write_run("aaaa-lstm-attn", created=BEGAN + 4, state="running", done=3)


async def drawn(pilot):
    """Wait until the screen has what it waits for and no longer changes, however busy the machine is."""
    before, same = "", 0
    for _ in range(400):
        await pilot.pause(0.02)
        screen = pilot.app.screen
        for field in screen.query("Input"):
            field.cursor_blink = False
        ready = not isinstance(screen, RunScreen) or (screen.run_state.caught_up and screen.query_one(RunHeader)._drawn)
        waits = (
            isinstance(screen, RunScreen) and screen.query_one("#watch").region and not screen.query(WatchedTextView)
        )
        text = "\n".join(strip.text for strip in screen._compositor.render_strips())
        same = same + 1 if ready and not waits and text == before else 0
        before = text
        if same == 5:
            return


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_runs(snap_compare, runs, size):
    assert snap_compare(TmeattnApp(saved=SavedState()), terminal_size=size, run_before=drawn)


def test_runs_in_the_light(snap_compare, runs):
    assert snap_compare(TmeattnApp(saved=SavedState(theme=LIGHT.name)), terminal_size=SMALL, run_before=drawn)


def test_compare(snap_compare, runs):
    async def compared(pilot):
        await drawn(pilot)
        await pilot.press("space", "space", "space", "c")
        while not pilot.app.screen.query("#results") or not pilot.app.screen.comparer.comparison:
            await pilot.pause(0.01)
        await drawn(pilot)

    assert snap_compare(TmeattnApp(saved=SavedState()), terminal_size=LARGE, run_before=compared)


def test_welcome(snap_compare):
    assert snap_compare(TmeattnApp(saved=SavedState()), terminal_size=SMALL, run_before=drawn)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_run(snap_compare, runs, size):
    assert snap_compare(TmeattnApp(runs, saved=SavedState()), terminal_size=size, run_before=drawn)


def test_run_in_high_contrast(snap_compare, runs):
    assert snap_compare(TmeattnApp(runs, saved=SavedState(theme=CONTRAST.name)), terminal_size=LARGE, run_before=drawn)


def test_new_run(snap_compare, runs):
    async def opened(pilot):
        await pilot.press("n")
        await drawn(pilot)
        await pilot.pause(0.3)

    assert snap_compare(TmeattnApp(saved=SavedState()), terminal_size=SMALL, run_before=opened)


PAGE = """# Training

`tmeattn train` trains a model and writes a [run](runs.md).

## Recipes

| recipe | optimizer | epochs |
|---|---|---|
| `modern` | AdamW | 5 |
| `report` | SGD | 50 |

- **Alpha** is the factor of the entropy penalty in the loss.
- A run that was interrupted continues with this command:

```bash
tmeattn resume latest
```
"""


def test_manual(snap_compare, runs, monkeypatch):
    pages = [Topic("training", "Training", PAGE), Topic("runs", "Runs", "# Runs"), Topic("data", "Data", "# Data")]
    monkeypatch.setattr(manual, "topics", lambda: pages)

    async def opened(pilot):
        await drawn(pilot)
        await pilot.press("f1", "f1")
        await drawn(pilot)

    assert snap_compare(TmeattnApp(saved=SavedState()), terminal_size=SMALL, run_before=opened)


def test_help(snap_compare, runs):
    async def opened(pilot):
        await drawn(pilot)
        await pilot.press("f1")
        await pilot.pause(0.1)

    assert snap_compare(TmeattnApp(saved=SavedState()), terminal_size=SMALL, run_before=opened)
