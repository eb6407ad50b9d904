"""The conclusion of the uniform-weights test."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn.faithfulness.results import FaithfulnessResults, TwinComparison
from tmeattn.render.faithfulness import uniform_weights_test


def results(twins: TwinComparison | None, no_twins: str | None = None) -> FaithfulnessResults:
    values: Any = ("k3f9", "lstm-attn", "imdb", 100, 20.0, 0.8, None, (), ())
    return FaithfulnessResults(*values, twins=twins, no_twins=no_twins)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.03, "the attention weights matter for the accuracy"),
        (-0.03, -0.01, "the attention weights lower the accuracy"),
        (-0.01, 0.02, "uniform weights may be as accurate, so the attention weights may explain little"),
    ],
)
def test_the_interval_of_the_difference_decides(low: float, high: float, verdict: str) -> None:
    fields: Any = {
        "twin": "m2p7", "texts": 1000, "accuracy": 0.82, "twin_accuracy": 0.8, "low": low,
        "high": high,
    }  # fmt: skip
    assert uniform_weights_test(results(TwinComparison(**fields))) == (
        "82.00 %, and 80.00 % for a twin with uniform weights (m2p7), on 1,000 texts: +2.00 points "
        f"({100 * low:+.2f} to {100 * high:+.2f}): {verdict}"
    )


def test_without_a_twin_the_reason_stands_there() -> None:
    assert uniform_weights_test(results(None, "the model has no attention")) == "the model has no attention"
    assert uniform_weights_test(results(None)) == "–"
