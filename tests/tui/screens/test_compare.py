"""The screen that compares runs, key by key."""

import time

import numpy as np
import pytest

from tmeattn.errors import TmeattnError
from tmeattn.evaluation.paired import RunOnTexts, compare_groups
from tmeattn.evaluation.quality import quality
from tmeattn.render.comparison import marks_of
from tmeattn.runs.comparison import compare_runs
from tmeattn.tui.app import TmeattnApp
from tmeattn.tui.screens.compare import CompareScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.services import comparing
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.widgets.chart import Chart
from tmeattn.tui.widgets.comparison_panes import ComparedCurves, legend
from tmeattn.tui.widgets.footer import KeyFooter
from tmeattn.watching.run_charts import View

LONG = "a very long name of a run that says all of its options lr 0.001 dropout 0.5 number"
QUALITY = quality(np.full((5, 2), 0.5), np.array([0, 0, 1, 1, 1]), ("a", "b"))


@pytest.fixture
def three(write_run):
    write_run("aaaa-lstm-attn", created=3.0, done=5, seed=0, name=f"{LONG} 1")
    write_run("bbbb-lstm-attn", created=2.0, done=5, seed=1, name=f"{LONG} 2")
    write_run("cccc-mean", model="mean", created=1.0, done=2, state="stopped", name="base")


async def until(pilot, condition):
    for _ in range(500):
        if condition():
            return
        await pilot.pause(0.01)
    raise AssertionError("it never came")


async def test_marked_runs_are_compared_by_keyboard(three, monkeypatch):
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("c")
        assert isinstance(app.screen, RunsScreen)  # a single run
        await pilot.press("space", "space", "space", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.comparer.comparison)
        results = app.screen.query_one("#results").plain
        assert "! base (stopped, 2/5) is not trained to its end" in results
        assert "±" in results  # the two seeds are a group
        assert all(f"{mark} " in results for mark in "ABC")
        assert app.focused.id == "results"
        await pilot.press("2")
        curves = app.screen.query_one(ComparedCurves)
        accuracy, loss = curves.query(Chart)
        assert (accuracy.display, loss.display) == (True, False)
        assert [curve.sign for curve in accuracy.curves] == ["A", "B", "C"]
        assert [curve.colour for curve in accuracy.curves] == [0, 0, 1]  # one colour for the seeds of a group
        await pilot.press("A", "D", "D")
        assert loss.display
        assert [curve.sign for curve in loss.curves] == ["a", "A", "b", "B", "c", "C"]
        await pilot.press("left", "left")
        assert curves.cursor is not None
        await pilot.press("f", "X", "plus")
        view = curves.view
        assert (view.smoothing, view.axis, view.span is None) == (0.6, "step", False)
        assert sum(curve.faint for curve in loss.curves) == 6  # behind their means
        assert loss.curves[1].xs[-1] == 100  # steps
        await pilot.press("U", "X", "L")
        assert (curves.view.axis, loss.view.log, accuracy.view.log) == ("time", True, False)
        await pilot.press("3", "enter")
        assert "--batch-size" in app.screen.query_one("#options").plain
        assert "are equal" in app.screen.query_one("#options").plain
        await pilot.press("y")
        assert app.clipboard == "tmeattn runs compare aaaa-lstm-attn bbbb-lstm-attn cccc-mean"
        monkeypatch.setattr("tmeattn.inference.compare_texts.compare_on_texts", lambda *a, **k: (None, "no such data"))
        await pilot.press("P")
        await until(pilot, lambda: app.screen.comparer.reason)
        await pilot.press("1")
        await until(pilot, lambda: "Not compared text by text: no such data" in app.screen.query_one("#results").plain)
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


async def test_export_and_all_panes_at_once(three, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("space", "down", "c")  # the marked one and the selected one
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.comparer.comparison)
        await pilot.pause()
        assert [chart.display for chart in app.screen.query_one(ComparedCurves).charts] == [True, True]
        await pilot.press("e", "enter")
        await until(pilot, (tmp_path / "comparison.md").exists)
        assert "Best validation accuracy" in (tmp_path / "comparison.md").read_text()


async def test_a_cancelled_comparison_ends_before_its_next_batch(three, write_run):
    comparer = comparing.RunComparer(
        [write_run("dddd-mean", model="mean"), write_run("eeee-mean", model="mean", done=1)]
    )
    await comparer.read()

    class Reader:
        async def call(self, call):
            return call()

    told = []

    def progress(place):
        told.append(place)
        if place.texts == 64:
            comparer.cancel()

    def compare(comparison, runs, progress, check, read):
        progress(1, 2)
        for batch in range(3):
            check()
            read(32 * (batch + 1), 160)
        raise TmeattnError("never")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tmeattn.inference.compare_texts.compare_on_texts", compare)
        patch.setattr(comparing, "EVERY", 0.0)
        with pytest.raises(comparing.Cancelled):
            await comparer.compare_texts(Reader(), progress)
    assert told == [(1, 2, 0, 0), (1, 2, 32, 160), (1, 2, 64, 160)]


async def test_while_texts_are_classified_their_number_is_shown_and_s_stops_it(three, monkeypatch):
    monkeypatch.setattr(comparing, "EVERY", 0.1)
    places = [1]

    def compare(comparison, runs, progress, check, read):
        progress(places[0], 3)
        for batch in range(5000):
            check()
            if places == [1]:
                read(batch, 5000)
            time.sleep(0.002)
        raise TmeattnError("never")

    monkeypatch.setattr("tmeattn.inference.compare_texts.compare_on_texts", compare)
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "space", "space", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.comparer.comparison)
        footer = app.screen.query_one(KeyFooter)
        assert not app.screen.is_applicable("stop")
        await pilot.press("P")
        await until(pilot, lambda: "of 5,000 texts. s stops this." in said(app))
        assert "Classifying the validation texts with run 2 of 3: " in said(app)
        await until(pilot, lambda: footer.keys[0].action == "stop")
        assert not app.screen.is_applicable("paired")
        await pilot.press("s")
        await until(pilot, lambda: "Stopped. Press P to classify" in said(app))
        await until(pilot, lambda: "stop" not in [key.action for key in footer.keys])
        places[:] = [3]  # all runs have classified the texts
        await pilot.press("P")
        await until(pilot, lambda: "Comparing the predictions" in said(app))
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


def said(app) -> str:
    return " ".join(app.screen.query_one("#results").plain.split())


def test_a_legend_names_only_the_columns_that_are_shown(write_run):
    from rich.console import Console

    from tmeattn.render.comparison import run_table

    runs = [write_run("dddd-mean", model="mean"), write_run("eeee-mean", model="mean", done=1)]
    for width in (70, 45):
        console = Console(width=width, color_system=None)
        with console.capture() as captured:
            console.print(run_table(compare_runs(runs)))
        said = captured.get()
        assert ("loss: cross-entropy" in said) == (" loss " in said.split("─")[0]) == (width == 70)


def test_many_runs_with_long_names_have_a_legend_each(write_run):
    from rich.console import Console

    runs = [write_run(f"r{at:02}-mean", model="mean", name=f"{LONG} {at}", lr=at / 100 + 0.01) for at in range(40)]
    comparison = compare_runs(runs)
    assert len(set(marks_of(comparison))) == 36
    console = Console(width=60, color_system=None)
    with console.capture() as capture:
        console.print(legend(comparison, "accuracy", 2.0, View()))
    lines = capture.get().splitlines()
    assert max(map(len, lines)) <= 60
    assert sum("number" in line for line in lines) >= 40


def test_an_epoch_in_the_legend_cannot_be_read_as_the_best_one(write_run):
    from rich.console import Console

    comparison = compare_runs([write_run("aaaa-mean", model="mean", done=5), write_run("bbbb-mean", model="mean")])
    for cursor, which in ((None, "the last"), (2.0, "that at the cursor")):
        console = Console(width=80, color_system=None)
        with console.capture() as capture:
            console.print(legend(comparison, "accuracy", cursor, View()))
        said = capture.get()
        assert said.split("\n")[0].split()[-4:] == ["epoch", "validation", "training", "best"]
        assert f"epoch: {which}; best: on the validation texts in the best epoch." in " ".join(said.split())


async def test_the_differences_come_first_and_name_the_runs(write_run, monkeypatch):
    write_run("aaaa-mean", model="mean", created=3.0, done=5, lr=0.1, name="demo")
    write_run("bbbb-mean", model="mean", created=2.0, done=5, lr=0.2, name="base")
    one = RunOnTexts("aaaa", 0, np.array([0, 0, 1, 1, 0]), QUALITY, 0.5)
    other = RunOnTexts("bbbb", 0, np.array([0, 0, 0, 0, 1]), QUALITY, 0.6)
    found = compare_groups(
        [("demo", [one]), ("base", [other])], np.array([0, 0, 1, 1, 1]), ("a", "b"), dataset="d", split="validation"
    )
    monkeypatch.setattr("tmeattn.inference.compare_texts.compare_on_texts", lambda *a, **k: (found, None))
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "space", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.comparer.comparison)
        await pilot.press("2", "P")  # the pane that shows them is opened
        await until(pilot, lambda: "McNemar p" in app.screen.query_one("#results").plain)
        results = app.screen.query_one("#results")
        assert results.display
        assert results.scroll_offset.y == 0
        seen = " ".join(results.plain.splitlines()[: results.size.height])
        assert "points" in seen
        assert "1 / 2" in seen
        assert "only 1st / 2nd: the texts that only base / only demo classifies correctly" in said(app)


async def test_a_pane_says_that_columns_are_left_out(write_run):
    write_run("aaaa-lstm-attn", created=3.0, done=5, name="demo")
    write_run("cccc-mean", model="mean", created=1.0, done=5, name="base")
    app = TmeattnApp(saved=SavedState())
    async with app.run_test(size=(140, 45)) as pilot:
        await pilot.press("space", "space", "c")
        await until(pilot, lambda: isinstance(app.screen, CompareScreen) and app.screen.comparer.comparison)
        await pilot.pause()
        results = app.screen.query_one("#results")
        assert all(name in results.plain for name in ("accuracy", "loss", "entropy", "seed"))
        await pilot.resize_terminal(112, 40)
        await until(pilot, lambda: "s/epoch" not in results.plain)
        assert results.border_subtitle == "columns left out: z enlarges"
        await pilot.press("z")
        await until(pilot, lambda: "s/epoch" in results.plain)
        assert not results.border_subtitle
