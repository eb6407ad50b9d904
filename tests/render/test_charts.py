import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from support.explanations import draw

from tmeattn.render.axes import round_step, tick_label, ticks
from tmeattn.render.curves import Series, curves
from tmeattn.render.histogram import histogram, rebin, ridges, sparkline

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.lists(NUMBERS, max_size=30), max_size=4), st.integers(20, 150), st.integers(3, 20))
@settings(max_examples=80, deadline=None)
def test_curves_draw_anything_within_the_width(lines: list[list[float]], width: int, height: int) -> None:
    series = [Series(f"series {i}", [float(x) for x in range(len(ys))], ys) for i, ys in enumerate(lines)]
    output = draw(curves(series, title="Loss", height=height, x_label="epoch"), width)
    assert all(cell_len(line.rstrip()) <= width for line in output.splitlines())
    assert output == draw(curves(series, title="Loss", height=height, x_label="epoch"), width)


def test_curves_are_named_above_and_differ_without_colour() -> None:
    xs = [1.0, 2.0, 3.0]
    train, validation = Series("train", xs, [1, 0.5, 0.1]), Series("validation", xs, [1, 0.8, 0.9])
    lines = draw(curves([train, validation], title="Loss", x_label="epoch")).splitlines()
    assert lines[0].rstrip() == "Loss  ● train  ○ validation"
    assert (
        sum(line.count("○") for line in lines[1:]) == sum(line.count("●") for line in lines[1:]) + 1
    )  # which it hides
    assert lines[-1].split() == ["epoch", "1", "2", "3"]


def test_the_last_values_stand_behind_the_names_with_their_unit() -> None:
    train, validation = Series("train", [1, 2], [70.0, 81.25]), Series("validation", [1, 2], [60.0, None])
    chart = curves([train, validation], title="Accuracy", y_label="%", values=".1f")
    assert draw(chart).splitlines()[0].rstrip() == "Accuracy  ● train 81.2  ○ validation 60.0 %"


def test_an_axis_has_a_tick_at_its_first_whole_number_and_its_name_beside_its_numbers() -> None:
    lines = draw(curves([Series("a", list(range(1, 41)), list(range(40)))], x_label="epoch"), 60).splitlines()
    assert lines[-1].split()[:3] == ["epoch", "1", "10"]
    lines = draw(curves([Series("a", [0.0, 1.0], [0.0, 1.0])], x_label="share of the other texts"), 60).splitlines()
    assert lines[-1].strip() == "share of the other texts"
    assert lines[-2].split()[:2] == ["0", "1"]


def test_labels_of_large_numbers_are_whole() -> None:
    lines = draw(curves([Series("a", [1, 2], [1_000_000, 1_500_000])]), 60).splitlines()
    assert any(line.startswith("1,200,000┤") for line in lines)


def test_a_logarithmic_x_axis_has_ticks_at_the_values() -> None:
    lines = draw(curves([Series("a", [-4.0, -3.0, -1.0], [1, 2, 3])], x_label="lr", log_x=True), 60).splitlines()
    assert lines[-1].split() == ["lr", "0.0001", "0.001", "0.01", "0.1"]


def test_a_title_and_the_label_of_the_y_axis_share_a_line_only_if_both_fit() -> None:
    chart = curves([Series("a", [1.0, 2.0], [1.0, 0.5])], title="LSTM with attention", y_label="validation loss")
    assert draw(chart, 60).splitlines()[0].rstrip() == "LSTM with attention  validation loss"
    assert [line.rstrip() for line in draw(chart, 30).splitlines()[:2]] == ["LSTM with attention", "validation loss"]


@pytest.mark.parametrize("ys", [[], [math.nan], [math.inf, None]])
def test_nothing_to_draw(ys: list[float | None]) -> None:
    assert "no data yet" in draw(curves([Series("a", list(range(len(ys))), ys)]))


@pytest.mark.parametrize("ys", [[0.5], [0.5, 0.5, 0.5], [0.0], [0.1, math.nan, 0.3]])
def test_few_or_constant_points_are_marked(ys: list[float]) -> None:
    output = draw(curves([Series("a", list(range(1, len(ys) + 1)), ys)]))
    assert output.count("●") == sum(map(math.isfinite, ys))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_ticks_are_round_and_few(low: float, span: float, intervals: int) -> None:
    step = round_step(span, intervals)
    assert f"{step:.0e}"[0] in "125"
    found = ticks(low, low + span, step)
    assert len(found) <= intervals + 1
    assert len({tick_label(value, step) for value in found}) == len(found)


def test_a_bin_drawn_two_columns_wide_keeps_its_share() -> None:
    output = draw(histogram([0, 1, 3], 0, 3, unit="tokens"), 80)
    assert " 75 %┤" in output
    assert output.splitlines()[1].endswith("██")


def test_sparkline() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▁▄▇"  # never the whole line: the bars of two lines would fuse
    assert sparkline([]) == ""
    assert sparkline([0, 0]) == "  "
    assert sparkline([math.nan, math.inf, 2.0]) == "  ▇"
    assert len(sparkline(range(64), 10)) == 10


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=64), st.integers(1, 200))
def test_rebinning_keeps_the_total(counts: list[int], bins: int) -> None:
    result = rebin(counts, bins)
    assert len(result) == bins
    assert sum(result) == pytest.approx(sum(counts))


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("counts", [[0] * 64, [5] * 64, [0] * 63 + [9], [3]])
def test_histograms_fit(width: int, counts: list[int]) -> None:
    pictures = (
        histogram(counts, 0.0, 5.99, title="Attention entropy"),
        ridges([("epoch 1", counts), ("epoch 20", counts)], 0.0, 5.99, mean=[1.0, None], title="Entropy"),
    )
    for picture in pictures:
        assert all(cell_len(line.rstrip()) <= width for line in draw(picture, width).splitlines())


def test_histogram_tells_count_share_and_unit() -> None:
    output = draw(histogram([0, 1, 3, 0], 0.0, 4.0, title="Entropy", height=3))
    assert "4 texts" in output
    assert "nats" in output
    assert "█" in output


def test_many_epochs_are_thinned_but_keep_the_ends() -> None:
    output = draw(ridges([(str(e), [1, 2, 3]) for e in range(1, 101)], 0.0, 6.0))
    labels = [line.split("│")[0].strip() for line in output.splitlines() if "│" in line]
    assert len(labels) == 24
    assert (labels[0], labels[-1]) == ("1", "100")


def test_names_that_do_not_fit_a_line_stand_on_several_in_full():
    names = ["q(t) linear", "q(t) MLP 128", "q(t) MLP 256, 128", "q(t) linear, value MLP"]
    lines = draw(curves([Series(name, [1, 2, 3], [i, i + 1, i]) for i, name in enumerate(names)]), 80).splitlines()
    assert all(name in "\n".join(lines[:2]) for name in names)
    assert max(map(len, lines)) <= 80
    narrow = draw(curves([Series(name, [1, 2, 3], [i, i + 1, i]) for i, name in enumerate(names)]), 30).splitlines()
    assert max(map(len, narrow)) <= 30
    assert all(any(name in line for line in narrow) for name in names)


def test_a_range_too_narrow_for_floats_is_one_value():
    assert "└" in draw(curves([Series("s", [0, 1], [0.0, 5e-324])]), 40)
    assert "└" in draw(curves([Series("s", [0.0, 5e-324], [0, 1])]), 40)
    assert "└" in draw(curves([Series("s", [0], [1.7e-308])]), 40)


def test_wide_characters_before_the_bars_do_not_move_them() -> None:
    lines = draw(ridges([("第一轮训练", [1, 2]), ("epoch 2", [2, 1])], 0, 1, unit="位"), 40).splitlines()
    starts = {cell_len(line[: line.index("│")]) for line in lines if "│" in line}
    assert len(starts) == 1
    corner = next(line for line in lines if "└" in line)
    assert starts == {corner.index("└")}
    assert all(cell_len(line) <= 40 for line in lines)
