"""The chart: what is drawn, how axes are divided, and what stands at the cursor."""

import math

import pytest

from tmeattn.tui.widgets.axes import Epochs, Round, RoundPowers
from tmeattn.tui.widgets.chart import Curve, _thinned


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
    thin = _thinned(curve, 100)
    assert len(thin.xs) == 100
    assert (thin.xs[0], thin.ys[0]) == (4.5, 4.5)
    assert _thinned(thin, 100) is thin


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
    ("low", "high", "labels"),
    [(1, 2.02, ["1", "2"]), (1, 5.05, ["1", "2", "3", "4", "5"]), (0.2, 1.01, ["0.2", "0.4", "0.6", "0.8", "1.0"])],
)
def test_epochs_are_counted_in_whole_numbers(low, high, labels):
    assert Epochs().get_ticks_and_labels(low, high)[1] == labels


def test_the_legend_shows_the_mark_that_is_drawn():
    assert Curve("a", [1, 2], [0.5, 0.4]).mark == "─"
    assert Curve("a", [1], [0.5]).mark == "●"
    assert Curve("a", [1, 2], [0.5, 0.4], colour=1, marked=True).mark == "◆"
