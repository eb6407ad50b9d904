"""Evenly spaced choices."""

from __future__ import annotations

import pytest

from tmeattn.spacing import evenly_spaced, midpoints


@pytest.mark.parametrize(
    ("length", "most", "chosen"),
    [(0, 3, []), (2, 3, [0, 1]), (5, 3, [0, 2, 4]), (6, 3, [0, 2, 5]), (100, 2, [0, 99]), (7, 1, [0]), (7, 0, [])],
)
def test_evenly_spaced_holds_both_ends(length: int, most: int, chosen: list[int]) -> None:
    assert evenly_spaced(length, most) == chosen


@pytest.mark.parametrize(("length", "most", "chosen"), [(0, 3, []), (2, 3, [0, 1]), (6, 2, [1, 4]), (7, 1, [3])])
def test_midpoints_favour_neither_end(length: int, most: int, chosen: list[int]) -> None:
    assert midpoints(length, most) == chosen


@pytest.mark.parametrize("choose", [evenly_spaced, midpoints])
def test_choices_are_distinct_and_increasing(choose) -> None:
    for length in range(1, 60):
        for most in range(1, 60):
            found = choose(length, most)
            assert len(found) == min(length, most)
            assert found == sorted(set(found))
            assert 0 <= found[0] <= found[-1] < length
