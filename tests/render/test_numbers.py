"""Numbers, durations and option values as text."""

import math

import pytest

from tmeattn.render.numbers import age, count, decimal, option_value, percent, seconds


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.04, "0.0 s"), (3.21, "3.2 s"), (9.97, "10 s"), (59.7, "1 min 00 s"), (65, "1 min 05 s"), (3599.6, "1 h 00 min"),
     (7620, "2 h 07 min"), (math.nan, "–"), (math.inf, "–"), (None, "–")],
)  # fmt: skip
def test_seconds(value: float | None, shown: str) -> None:
    assert seconds(value) == shown


def test_ages_have_one_unit() -> None:
    assert [age(duration) for duration in (-5, 0, 299, 3600, 47 * 3600, 48 * 3600)] == [
        "0 min", "0 min", "5 min", "1 h", "47 h", "2 d",
    ]  # fmt: skip


def test_numbers() -> None:
    assert percent(0.8634) == "86.3 %"
    assert percent(1, 0) == "100 %"
    assert percent(math.nan) == percent(None) == count(None) == "–"
    assert count(25000) == "25,000"
    assert decimal(math.nan) == "nan"
    assert decimal(1e9) == "1.00e+09"
    assert decimal(0.41234) == "0.412"


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "yes"), ([128, 64], "128,64"), ([], '""'), (0.05, "0.05"), (1e-5, "1e-05"), ("adam", "adam")],
)
def test_option_values_read_as_they_are_typed(value: object, text: str) -> None:
    assert option_value(value) == text
