"""The curves of the screen of a run, key by key."""

import pytest
from support.logged_runs import epoch_events, step_event, write
from support.run_screen import an_app, heading, settled

from tmeattn.tui.messages import OpenRun
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.widgets.chart import Chart

pytestmark = pytest.mark.usefixtures("watched_texts")


async def test_curves_grow_with_the_log(write_run):
    run = write_run("aaaa-lstm-attn", done=1, state="running")
    app = an_app(run)
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        assert heading(screen, "accuracy") == "Accuracy  ─ train 60.5  ○ validation 66.0 %  ★ best epoch 1"
        before = screen.query_one("#loss", Chart).redraws
        screen.refresh_run()
        assert screen.query_one("#loss", Chart).redraws == before  # nothing new, nothing drawn
        write(run.path, *epoch_events(2, 2))
        screen.refresh_run()
        assert heading(screen, "accuracy").endswith("validation 75.6 %  ★ best epoch 2")
        assert screen.query_one("#loss", Chart).redraws == before + 1


async def test_a_run_too_short_to_log_steps_has_a_curve_of_training(write_run):
    run = write_run("aaaa-lstm-attn", done=0, state="running")
    write(run.path, *(event for event in epoch_events(1, 1) if event["kind"] == "epoch"))
    app = an_app(run)
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        assert heading(screen, "accuracy") == "Accuracy  ● train 66.0  ○ validation 66.0 %  ★ best epoch 1"
        write(run.path, *(event for event in epoch_events(2, 2) if event["kind"] == "epoch"))
        write(run.path, step_event(21, 2))  # one step makes no line either
        screen.refresh_run()
        assert heading(screen, "accuracy") == "Accuracy  ─ train 75.6  ○ validation 75.6 %  ★ best epoch 2"


async def test_the_x_axis_counts_epochs(write_run):
    app = an_app(write_run("aaaa-lstm-attn", done=2))
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        await pilot.pause(0.1)
        plot = screen.query_one("#loss Plot")
        bottom = screen._compositor.render_strips()[plot.region.bottom - 1].text
        assert bottom[plot.region.x : plot.region.right].split() == ["epoch", "1", "2"]


async def test_the_cursor_is_one_for_both_charts_and_escape_takes_it_away(write_run):
    app = an_app(write_run("aaaa-lstm-attn", done=3))
    async with app.run_test(size=(140, 45)) as pilot:
        screen = await settled(pilot)
        loss, accuracy = screen.curves.charts
        await pilot.press("left", "left")
        screen.action_cursor(-30)
        await pilot.pause()
        assert loss.cursor == accuracy.cursor
        assert 1.0 < loss.cursor < 2.5
        assert f"at {loss.cursor:.2f}" in heading(screen, "accuracy")
        await pilot.press("right")
        await pilot.pause()
        moved = loss.cursor
        await pilot.hover("#accuracy Plot", offset=(30, 4))
        await pilot.pause()
        assert loss.cursor == accuracy.cursor != moved
        await pilot.press("escape")
        await pilot.pause()
        assert (loss.cursor, accuracy.cursor) == (None, None)
        assert app.screen is screen
        await pilot.press("escape")
        assert isinstance(app.screen, RunsScreen)


async def test_a_logarithmic_scale_for_the_loss(write_run):
    app = an_app(write_run("aaaa-lstm-attn"))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        await pilot.press("L")
        assert "log scale" in heading(screen, "loss")
        assert "log scale" not in heading(screen, "accuracy")
        await pilot.press("L")
        assert "log scale" not in heading(screen, "loss")


async def test_other_runs_lie_over_it_each_with_its_name(write_run):
    first, second = write_run("aaaa-lstm-attn"), write_run("bbbb-mean", model="mean", name="baseline", done=2)
    app = an_app()
    async with app.run_test(size=(140, 45)) as pilot:
        app.post_message(OpenRun(first, [second]))
        screen = await settled(pilot)
        await pilot.pause(0.1)
        assert "○ aaaa-lstm-attn 81.4  ◆ baseline 75.6" in heading(screen, "accuracy")


@pytest.mark.parametrize("size", [(140, 45), (80, 24)])
async def test_every_curve_has_its_name_on_as_many_lines_as_that_takes(write_run, size):
    first = write_run("aaaa-lstm-attn")
    others = [write_run(f"{letter * 4}-mean", model="mean", name=f"another run {letter}") for letter in "bcde"]
    app = an_app()
    async with app.run_test(size=size) as pilot:
        app.post_message(OpenRun(first, others))
        screen = await settled(pilot)
        await pilot.pause(0.2)
        static = screen.query_one("#loss Static")
        drawn = " ".join("\n".join(static.render_line(y).text for y in range(static.size.height)).split())
        for mark, letter in zip("◆◇▲△", "bcde", strict=True):
            assert f"{mark} another run {letter} 0.358" in drawn
        assert static.size.height >= 2
        assert screen.query_one("#loss Plot").size.height >= 4


async def test_a_legend_leaves_room_for_the_curves(write_run):
    first = write_run("aaaa-lstm-attn")
    others = [write_run(f"{letter * 4}-mean", model="mean", name=letter * 30) for letter in "bcdefghijk"]
    app = an_app()
    async with app.run_test(size=(80, 24)) as pilot:
        app.post_message(OpenRun(first, others))
        screen = await settled(pilot)
        await pilot.pause(0.2)
        assert heading(screen, "loss").endswith(" …")
        assert screen.query_one("#loss Plot").size.height >= 4


async def test_charts_over_time_smoothed_zoomed_one_alone_and_exported(write_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app = an_app(write_run("aaaa-lstm-attn", done=3))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await settled(pilot)
        shown = lambda: [chart.id for chart in screen.curves.charts]  # noqa: E731
        assert shown() == ["loss", "accuracy"]
        await pilot.press("V")
        assert shown() == ["entropy", "learning-rate"]
        await pilot.press("V", "V", "X", "X", "f", "f")
        assert shown() == ["loss", "accuracy"]
        assert "smoothed 0.9" in heading(screen, "loss")
        await pilot.pause()
        assert "time" in "\n".join(strip.text for strip in screen._compositor.render_strips())
        await pilot.press("plus", "plus")
        left, right = screen.curves.view.span
        assert right - left == pytest.approx((right - screen.curves._extent()[0]) / 4)
        await pilot.press("U")
        assert screen.curves.view.span is None
        await pilot.press("z")
        assert shown() == ["loss"]
        await pilot.press("z", "e")
        app.screen.query_one("Input").value = "points.csv"
        await pilot.press("enter")
        for _ in range(100):
            await pilot.pause(0.02)
            if (tmp_path / "points.csv").exists():
                break
        assert "aaaa-lstm-attn,accuracy,%,validation," in (tmp_path / "points.csv").read_text()
