"""The charts of a run as data: axes, smoothing, zoom, what older logs lack, and their export."""

import csv
import math

import pytest
from support.logged_runs import BEGAN, STEPS, epoch_event, started_event, step_event, write

from tmeattn.errors import BadInput, UnknownName
from tmeattn.watching import chart_files
from tmeattn.watching.curve import Curve, smoothed
from tmeattn.watching.run_charts import CHARTS, View, best, charts_of, curves, extent

LOSS, ACCURACY = CHARTS[0], CHARTS[1]


def test_a_smoothed_curve_is_the_exponential_mean_without_a_pull_to_zero():
    assert smoothed([4.0, 4.0, 4.0], 0.9) == pytest.approx([4.0, 4.0, 4.0])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 2 / 3])
    assert smoothed([1.0, None, math.nan, 3.0], 0.5) == [1.0, None, None, pytest.approx(7 / 3)]


def test_the_visible_part_ends_where_the_curve_crosses_its_edges():
    line = Curve("a", [0, 10, 20], [0.0, 10.0, 0.0])
    part = line.within(5, 12)
    assert (part.xs, part.ys) == ([5, 10, 12], [5.0, 10.0, 8.0])
    assert (line.within(2, 4).xs, line.within(2, 4).ys) == ([2, 4], [2.0, 4.0])
    assert Curve("a", [1, 2, 3], [1.0, 2.0, 3.0], marked=True).within(1.5, 2.5).xs == [2]


def test_zooming_keeps_the_place_of_the_cursor_and_ends_at_the_whole():
    view = View().zoomed((0, 100), 0.5, around=20)
    assert view.span == (10, 60)
    assert view.moved_to((0, 100), 70).span == (20, 70)
    assert view.moved_to((0, 100), 0).span == (0, 50)
    assert View().zoomed((0, 100), 0.5, around=None).span == (50, 100)
    assert view.zoomed((0, 100), 2.0, around=None).span is None
    assert View().zoomed(None, 0.5, None).span is None
    for _ in range(40):
        view = view.zoomed((0, 100), 0.5, around=50)
    assert view.span[1] - view.span[0] == pytest.approx(100 / 4096)


def test_over_steps_epochs_and_time_without_the_pause_before_a_resume(write_run):
    run = write_run("abcd-lstm-attn", done=0, state="running")
    write(
        run.path,
        {**step_event(10, 1), "time": BEGAN + 4},
        {**step_event(20, 1), "time": BEGAN + 8},
        {**epoch_event(1), "time": BEGAN + 10},
        {"kind": "stopped", "step": 20, "epoch": 2, "reason": "request", "time": BEGAN + 11},
        {"kind": "resumed", "step": 20, "epoch": 1, "epochs": 5, "steps_per_epoch": STEPS, "time": BEGAN + 1000},
        {**step_event(30, 2), "time": BEGAN + 1003},
    )
    state = chart_files.read(run)
    for axis, xs, end in (("step", [10, 20, 30], 20), ("epoch", [0.5, 1.0, 1.5], 1), ("time", [4, 8, 13], 10)):
        train, validation = curves(LOSS, [state], ["a"], View(axis))
        assert train.xs == pytest.approx(xs)
        assert validation.xs == [end]
        assert best(state, View(axis)) == (end, 1)
        assert extent([train, validation]) == (xs[0], xs[-1])


def test_a_point_of_several_events_counts_as_so_many(write_run):
    run = write_run("abcd-lstm-attn", done=0, state="running")
    write(run.path, *(step_event(10 * step, 1) for step in range(1, 5)))
    state = chart_files.read(run)
    raw, mean, _ = curves(ACCURACY, [state], ["a"], View(smoothing=0.5))
    assert (raw.faint, mean.faint) == (True, False)
    assert mean.ys == pytest.approx(smoothed(raw.ys, 0.5))
    state.steps.stride = 2
    assert curves(ACCURACY, [state], ["a"], View(smoothing=0.5))[1].ys == pytest.approx(smoothed(raw.ys, 0.25))


def test_charts_are_those_that_the_log_has_values_for(write_run):
    run = write_run("abcd-mean", model="mean", done=2)
    old = chart_files.read(run)
    assert [kind.id for kind in charts_of([old])] == ["loss", "accuracy", "learning-rate", "speed"]
    new = {**step_event(50, 3, attention=False), "gradient_norm": 0.5, "cpu": 1.9, "memory": 2**29}
    write(run.path, new)
    assert [kind.id for kind in charts_of([chart_files.read(run)])][3:] == ["gradient-norm", "speed", "cpu", "memory"]
    started = write_run("bcde-mean", model="mean", done=0)
    write(started.path, started_event(started.id, "mean", 5))
    assert charts_of([chart_files.read(started)]) == list(CHARTS)


def test_points_are_exported_with_the_smoothed_value_beside_them(write_run, tmp_path):
    state = chart_files.read(write_run("abcd-lstm-attn", done=2, name="=mine"))
    view = View("step", smoothing=0.5)
    chart_files.write(chart_files.Charts([ACCURACY], [state], ["=mine"], view), tmp_path / "points.csv")
    with (tmp_path / "points.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["curve"] for row in rows] == ["train"] * 4 + ["validation"] * 2
    assert rows[0]["run"] == "'=mine"
    assert [row["step"] for row in rows] == ["10", "20", "30", "40", "20.0", "40.0"]
    assert float(rows[1]["smoothed"]) == pytest.approx((2 * float(rows[1]["value"]) + float(rows[0]["value"])) / 3)
    assert rows[-1]["smoothed"] == ""
    with pytest.raises(BadInput, match=r"must end in \.svg, \.png or \.csv"):
        chart_files.write(chart_files.Charts([ACCURACY], [state], ["a"], view), tmp_path / "points.txt")
    with pytest.raises(UnknownName, match="no-chart"):
        chart_files.chosen(["no-chart"], [state])


def test_a_picture_has_a_panel_for_each_chart(write_run, tmp_path):
    pytest.importorskip("matplotlib")
    state = chart_files.read(write_run("abcd-lstm-attn", done=2))
    charts = chart_files.Charts(charts_of([state])[:1], [state], ["mine"], View("time", 0.5, log=True, span=(5, 30)))
    chart_files.write(charts, tmp_path / "charts.svg")
    assert b"<svg" in (tmp_path / "charts.svg").read_bytes()
