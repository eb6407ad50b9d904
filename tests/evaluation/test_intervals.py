"""How sure an accuracy is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.evaluation.intervals import accuracy_interval, paired_bootstrap


def test_wilsons_interval_of_published_examples():
    assert accuracy_interval(0.9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662 without continuity correction.
    assert accuracy_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_bootstrap_of_independent_mistakes_agrees_with_the_normal_interval():
    draw = np.random.default_rng(1)
    one, other = draw.random(4000) < 0.85, draw.random(4000) < 0.80
    differences = one.astype(float) - other
    half = 1.96 * differences.std() / 4000**0.5
    difference, low, high = paired_bootstrap(one, other)
    assert difference == differences.mean()
    assert (low, high) == pytest.approx((difference - half, difference + half), abs=0.05 * half)


def test_pairing_narrows_the_interval():
    draw = np.random.default_rng(2)
    one = draw.random(2000) < 0.8
    almost = one.copy()
    almost[:20] = ~almost[:20]
    unrelated = draw.permutation(almost)
    _, low, high = paired_bootstrap(one, almost)
    _, wide_low, wide_high = paired_bootstrap(one, unrelated)
    assert high - low < 0.5 * (wide_high - wide_low)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=50))
def test_bootstrap_holds_its_estimate_and_turns_with_the_order(pairs):
    one, other = np.array(pairs).T / 3  # shares over three seeds
    difference, low, high = paired_bootstrap(one, other, resamples=500)
    assert low - 1e-12 <= high
    assert -1 - 1e-12 <= low <= difference + 0.5
    turned, turned_low, turned_high = paired_bootstrap(other, one, resamples=500)
    assert turned == pytest.approx(-difference)
    if set(one - other) == {difference}:  # the same everywhere: nothing to resample
        assert (low, high) == pytest.approx((difference, difference))
        assert (turned_low, turned_high) == pytest.approx((-difference, -difference))
