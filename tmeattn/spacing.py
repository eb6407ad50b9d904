"""Evenly spaced choices from a sequence: the same ones each time, without randomness."""

from __future__ import annotations


def evenly_spaced(length: int, most: int) -> list[int]:
    """Increasing indices of at most `most` of `length` items, evenly spaced, the first and the last item among them.

    Of a single index, the first.
    """
    if length <= most:
        return list(range(length))
    if most < 2:
        return list(range(most))
    return [index * (length - 1) // (most - 1) for index in range(most)]


def midpoints(length: int, most: int) -> list[int]:
    """Increasing indices of at most `most` of `length` items: the middles of equal parts."""
    chosen = min(length, most)
    return [(2 * index + 1) * length // (2 * chosen) for index in range(chosen)]
