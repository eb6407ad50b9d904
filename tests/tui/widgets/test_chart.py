"""The chart: what is drawn, how axes are divided, and what stands at the cursor."""

import math
from itertools import product
from typing import ClassVar

import pytest
from support.scripted_reader import STYLES
from textual.app import App, ComposeResult

from tmeattn.render.tick_axes import Duration, Epochs, Round, RoundPowers, duration
from tmeattn.tui.widgets.chart import Chart
from tmeattn.watching.curve import Curve, thinned
from tmeattn.watching.run_charts import View


def test_gaps_and_what_is_not_finite_are_left_out():
    curve = Curve("a", [1, 2, 3, 4], [0.5, None, math.nan, 0.25])
    assert curve.points(log=False) == ([1, 4], [0.5, 0.25])


def test_a_log_scale_has_no_place_for_zero():
    xs, ys = Curve("a", [1, 2, 3], [100.0, 0.0, 0.1]).points(log=True)
    assert xs == [1, 3]
    assert ys == pytest.approx([2.0, -1.0])


def test_the_value_at_the_cursor_is_that_of_the_nearest_point():
    curve = Curve("a", [1, 2, 3], [10.0, None, 30.0])
    assert curve.at(1.9) == 10.0
    assert curve.at(2.9) == 30.0
    assert Curve("a", [], []).at(1.0) is None


def test_no_more_points_than_can_be_seen_each_a_mean():
    curve = Curve("a", list(range(1000)), [float(x) for x in range(1000)])
    thin = thinned(curve, 100)
    assert len(thin.xs) == 100
    assert (thin.xs[0], thin.ys[0]) == (4.5, 4.5)
    assert thinned(thin, 100) is thin


def test_round_ticks():
    assert Round().get_ticks_and_labels(0.31, 0.72) == (
        pytest.approx([0.4, 0.5, 0.6, 0.7]),
        ["0.4", "0.5", "0.6", "0.7"],
    )
    assert Round(2).get_ticks_and_labels(0.31, 0.83)[1] == ["0.4", "0.6", "0.8"]  # for a low chart
    assert Round(2).get_ticks_and_labels(0.31, 0.72)[1] == ["0.4", "0.6"]  # one at 0.5 would be of no use
    assert Round().get_labels_for_ticks([]) == []


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [(0.3, 0.7, ["0.3", "0.4", "0.5", "0.6", "0.7"]), (0.01, 10, ["0.01", "0.1", "1", "10"])],
)
def test_ticks_of_a_log_scale_are_named_by_what_they_stand_for(low, high, labels):
    at, named = RoundPowers().get_ticks_and_labels(math.log10(low), math.log10(high))
    inside = [label for tick, label in zip(at, named, strict=True) if low * 0.999 <= 10**tick <= high * 1.001]
    assert set(labels) <= set(inside)


@pytest.mark.parametrize(
    ("low", "high", "intervals", "labels"),
    [
        (0.6945, 0.7055, 2, ["0.695", "0.700", "0.705"]),
        (0.6745, 0.6972, 3, ["0.68", "0.69"]),
        (0.6745, 0.6972, 4, ["0.675", "0.680", "0.685", "0.690", "0.695"]),
        (0.09, 1.1, 6, ["0.1", "0.2", "0.5", "1"]),
        (0.009, 0.11, 2, ["0.01", "0.03", "0.1"]),
        (900, 3500, 6, ["1,000", "1,500", "2,000", "2,500", "3,000", "3,500"]),
    ],
)
def test_the_labels_of_a_log_scale_with_even_steps_have_as_many_decimals(low, high, intervals, labels):
    assert RoundPowers(intervals).get_ticks_and_labels(math.log10(low), math.log10(high))[1] == labels


@pytest.mark.parametrize("intervals", [2, 3, 6])
def test_a_log_scale_has_two_ticks_wherever_it_begins_and_ends(intervals):
    for ends in product((0.001, 0.0137, 0.19, 0.3, 0.69), (1.003, 1.4, 3, 9, 11, 80, 5000)):
        low, high = math.log10(ends[0]), math.log10(ends[0] * ends[1])
        at, labels = RoundPowers(intervals).get_ticks_and_labels(low, high)
        assert len([tick for tick in at if low <= tick <= high]) >= 2, ends
        assert len(set(labels)) == len(labels)


def test_durations_have_round_ticks_and_at_most_two_units():
    assert Duration().get_ticks_and_labels(0, 290)[1] == ["0s", "1m", "2m", "3m", "4m"]
    assert Duration().get_ticks_and_labels(0, 5000)[1] == ["0s", "15m", "30m", "45m", "1h", "1h 15m"]
    assert Duration().get_ticks_and_labels(0.0, 0.5)[1][:2] == ["0s", "0.1s"]
    assert [duration(each) for each in (59.6, 125, 4020, 100_000)] == ["1m", "2m 05s", "1h 07m", "1d 03h"]


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [(1, 2.02, ["1", "2"]), (1, 5.05, ["1", "2", "3", "4", "5"]), (0.2, 1.01, ["0.2", "0.4", "0.6", "0.8", "1.0"])],
)
def test_epochs_are_counted_in_whole_numbers(low, high, labels):
    assert Epochs().get_ticks_and_labels(low, high)[1] == labels


def test_the_legend_shows_the_mark_that_is_drawn():
    assert Curve("a", [1, 2], [0.5, 0.4]).mark == "─"
    assert Curve("a", [1], [0.5]).mark == "●"
    assert Curve("a", [1, 2], [0.5, 0.4], colour=1, marked=True).mark == "○"


class ChartHost(App[None]):
    """One chart on a screen of its own."""

    CSS_PATH: ClassVar = STYLES

    def compose(self) -> ComposeResult:
        yield Chart("Loss")


def rows(app: ChartHost) -> list[str]:
    """The lines of the plot, as they are on the screen."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()][1:]


async def test_curves_have_axes_markers_and_a_cursor():
    async with ChartHost().run_test(size=(30, 10)) as pilot:
        chart = pilot.app.query_one(Chart)
        chart.show([Curve("a", [1, 2, 3], [3.0, 2.0, 1.0], marked=True), Curve("b", [1, 2, 3], [1.0, 1.0, 1.0], 1)])
        await pilot.pause()
        drawn = rows(pilot.app)
        assert [row[:8] for row in drawn] == [
            "      3┤", "       │", "       │", "      2┤", "       │", "       │", "      1┤", "       └", "epoch   ",
        ]  # fmt: skip
        assert [row.count("●") for row in drawn].count(1) == 3
        assert drawn[-1].split() == ["epoch", "1", "2", "3"]
        assert [column for column, mark in enumerate(drawn[-2]) if mark == "┬"] == [8, 18, 28]
        chart.set_cursor(2.5)
        await pilot.pause()
        assert sum("│" in row[8:] for row in rows(pilot.app)) >= 4
        chart.set_log(True)
        chart.set_cursor(None)
        await pilot.pause()
        assert [row[:7].strip() for row in rows(pilot.app)[:7]].count("2") == 1
        assert not any("│" in row[8:] for row in rows(pilot.app))


@pytest.mark.parametrize("size", [(8, 3), (12, 5), (200, 60)])
async def test_a_chart_of_any_size_is_drawn(size):
    async with ChartHost().run_test(size=size) as pilot:
        pilot.app.query_one(Chart).show([Curve("a", [1], [0.0], marked=True), Curve("b", [1, 5], [1e12, -1e12], 1)])
        await pilot.pause()
        assert all(len(row) <= size[0] for row in rows(pilot.app))


async def test_the_best_epoch_is_marked_and_a_smoothed_curve_says_so():
    async with ChartHost().run_test(size=(60, 12)) as pilot:
        chart = pilot.app.query_one(Chart)
        raw, mean = (
            Curve("a", [1, 2, 3, 4], [1.0, 4.0, 2.0, 3.0], faint=True),
            Curve("a", [1, 2, 3, 4], [1.0, 3.0, 2.5, 2.7]),
        )
        chart.show(
            [raw, mean, Curve("b", [1, 2, 3, 4], [3.0, 1.0, 2.0, 2.0], 1, marked=True)], View(smoothing=0.6), (2, 2)
        )
        await pilot.pause()
        assert str(chart.query_one("Static").render()) == "Loss, smoothed 0.6  ─ a 2.700  ○ b 2.000  ★ best epoch 2"
        axis = rows(pilot.app)[-2]
        assert axis.count("★") == 1
        assert sum(row[axis.index("★")] == "┊" for row in rows(pilot.app)) >= 3
        chart.show([mean], View("time", span=(2.0, 3.0)), (2, 2))
        await pilot.pause()
        assert "2s to 3s" in str(chart.query_one("Static").render())
        assert rows(pilot.app)[-1].split()[0] == "time"
