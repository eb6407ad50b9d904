"""Colours of curves, seen by people with any colour vision."""

from itertools import combinations

import numpy as np
import pytest
from support.explanations import draw

from tmeattn.render.curves import Series, curves
from tmeattn.render.palette import SERIES

# Machado et al. 2009, severity 1.
VISIONS = {
    "full": np.eye(3),
    "protan": np.array([[0.1523, 1.0526, -0.2049], [0.1145, 0.7863, 0.0992], [-0.0039, -0.0481, 1.0520]]),
    "deutan": np.array([[0.3673, 0.8606, -0.2280], [0.2801, 0.6725, 0.0474], [-0.0118, 0.0429, 0.9689]]),
    "tritan": np.array([[1.2555, -0.0767, -0.1788], [-0.0784, 0.9308, 0.1476], [0.0047, 0.6914, 0.3039]]),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(rgb: tuple[int, int, int]) -> np.ndarray:
    share = np.array(rgb) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(light, 0, 1) / (0.9505, 1, 1.089)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_six_colours_differ_for_everyone() -> None:
    assert len(SERIES) >= 6
    for vision in VISIONS.values():
        seen = [lab(vision @ linear(rgb)) for rgb in SERIES]
        assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 15


@pytest.mark.parametrize("rgb", SERIES)
def test_every_colour_shows_on_dark_and_on_white(rgb: tuple[int, int, int]) -> None:
    luminance = float(TO_XYZ[1] @ linear(rgb))
    assert 1.05 / (luminance + 0.05) > 2.4
    assert (luminance + 0.05) / (0.021 + 0.05) > 2.4  # the dark grey of many terminals


def test_lines_differ_without_colour_and_markers() -> None:
    drawn = set()
    for index in range(len(SERIES)):
        hidden = [Series("", [0.0], [0.0])] * index
        lines = draw(curves([*hidden, Series("", [0, 60], [0, 0])], width=80)).splitlines()
        drawn.add(
            next(line[20:60] for line in lines if sum("\u2800" < character <= "\u28ff" for character in line) > 5)
        )
    assert len(drawn) == len(SERIES)
