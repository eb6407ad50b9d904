"""The sentence on a difference that is reversed."""

from __future__ import annotations

import pytest

from tmeattn.reproduce.differences import _sentence
from tmeattn.reproduce.results import Difference


@pytest.mark.parametrize(
    "pair",
    [
        Difference("mean", "attention", -0.02, -0.03, -0.01, 0.015),
        Difference("attention", "mean", 0.02, 0.01, 0.03, -0.015),  # the same rows in the other order
    ],
)
def test_the_higher_row_of_the_report_comes_first(pair: Difference) -> None:
    assert pair.reversed
    assert pair.significant
    assert _sentence(pair) == (
        "Reversed: attention is 1.50 points above mean in the report, 2.00 below it here (1.00 to 3.00)."
    )
