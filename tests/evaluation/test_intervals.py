"""How sure an accuracy is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.evaluation.intervals import (
    accuracy_interval,
    paired_interval,
    percentile_interval,
    resampled_accuracies,
)


def difference(one, other, **options):
    (first, second), drawn = resampled_accuracies([np.atleast_2d(one), np.atleast_2d(other)], **options)
    return first - second, *percentile_interval(drawn[0] - drawn[1])


def test_wilsons_interval_of_published_examples():
    assert accuracy_interval(0.9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662 without continuity correction.
    assert accuracy_interval(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)


def test_bootstrap_of_independent_mistakes_agrees_with_the_normal_interval():
    draw = np.random.default_rng(1)
    one, other = draw.random(4000) < 0.85, draw.random(4000) < 0.80
    differences = one.astype(float) - other
    half = 1.96 * differences.std() / 4000**0.5
    found, low, high = difference(one, other)
    assert found == pytest.approx(differences.mean())
    assert (low, high) == pytest.approx((found - half, found + half), abs=0.1 * half)


def test_pairing_narrows_the_interval():
    draw = np.random.default_rng(2)
    one = draw.random(2000) < 0.8
    almost = one.copy()
    almost[:20] = ~almost[:20]
    _, low, high = difference(one, almost)
    _, wide_low, wide_high = difference(one, draw.permutation(almost))
    assert high - low < 0.5 * (wide_high - wide_low)


def test_the_interval_of_counts_is_that_of_drawn_texts():
    draw = np.random.default_rng(5)
    one = draw.random(3000) < 0.8
    other = np.where(draw.random(3000) < 0.9, one, draw.random(3000) < 0.5)
    _, low, high = difference(one, other)
    assert paired_interval(one, other) == pytest.approx((low, high), abs=0.1 * (high - low))
    assert paired_interval(other, one) == pytest.approx((-high, -low), abs=0.1 * (high - low))
    assert paired_interval(one, one) == (0, 0)
    assert paired_interval(one, ~one & False)[0] > 0.7


def test_seeds_that_disagree_widen_the_interval():
    draw = np.random.default_rng(3)
    steady = draw.random((3, 2000)) < 0.8
    shaky = np.stack([draw.random(2000) < share for share in (0.7, 0.8, 0.9)])
    _, low, high = difference(steady, steady[::-1])
    _, wide_low, wide_high = difference(shaky, steady)
    assert wide_high - wide_low > 2 * (high - low)
    assert wide_low < 0 < wide_high  # on average they are equally good


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=50))
def test_the_difference_turns_with_the_order_and_stays_in_bounds(pairs):
    one, other = np.array(pairs).T
    found, low, high = difference(one, other, resamples=200)
    assert found == pytest.approx(one.mean() - other.mean())
    assert -1 <= low <= high <= 1
    assert difference(other, one, resamples=200) == pytest.approx((-found, -high, -low))
    if len(set(pairs)) == 1:  # the same everywhere: nothing to resample
        assert (low, high) == pytest.approx((found, found))
