"""The characters of curves, bars and frames as shapes: braille, block elements and box drawing.

Fonts without these characters borrow them from others, whose characters are wider or lower than a cell. A shape is
exactly as large as its cells, and joins the shapes beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby

WIDTH, HEIGHT = 8, 16
"""Size of a cell."""
SHAPED = re.compile("[\u2500-\u259f\u2800-\u28ff]")
"""The characters that are drawn as shapes."""
_SHADES = {"░": 0.25, "▒": 0.5, "▓": 0.75}
_QUADRANTS = {
    "UPPER LEFT": (0, 0),
    "UPPER RIGHT": (WIDTH // 2, 0),
    "LOWER LEFT": (0, HEIGHT // 2),
    "LOWER RIGHT": (WIDTH // 2, HEIGHT // 2),
}
_PARTS = {
    "ONE EIGHTH": 1,
    "ONE QUARTER": 2,
    "THREE EIGHTHS": 3,
    "HALF": 4,
    "FIVE EIGHTHS": 5,
    "THREE QUARTERS": 6,
    "SEVEN EIGHTHS": 7,
}
_X, _Y = 3.5, 7.5
"""Where lines cross in a cell: on the middle of a pixel, so that a line of width 1 is sharp."""
_ARMS: dict[str, tuple[float, float, str]] = {
    "LEFT": (0, _Y, "h3.5"),
    "RIGHT": (_X, _Y, "h4.5"),
    "UP": (_X, 0, "v7.5"),
    "DOWN": (_X, _Y, "v8.5"),
    "HORIZONTAL": (0, _Y, f"h{WIDTH}"),
    "VERTICAL": (_X, 0, f"v{HEIGHT}"),
}
_CURVES: dict[str, tuple[tuple[float, float, str], ...]] = {
    "\u256d": ((_X, HEIGHT, "v-4.5q0-4 4.5-4"),),
    "\u256e": ((_X, HEIGHT, "v-4.5q0-4-3.5-4"),),
    "\u256f": ((_X, 0, "v3.5q0 4-3.5 4"),),
    "\u2570": ((_X, 0, "v3.5q0 4 4.5 4"),),
    "\u2571": ((0, HEIGHT, f"l{WIDTH}-{HEIGHT}"),),
    "\u2572": ((0, 0, f"l{WIDTH} {HEIGHT}"),),
    "\u2573": ((0, HEIGHT, f"l{WIDTH}-{HEIGHT}"), (0, 0, f"l{WIDTH} {HEIGHT}")),
}
_DASHES = {"DOUBLE DASH": 2, "TRIPLE DASH": 3, "QUADRUPLE DASH": 4}
_DOTS = tuple((2 + 4 * (bit in (3, 4, 5, 7)), (2, 6, 10, 2, 6, 10, 14, 14)[bit]) for bit in range(8))


def shapes(text: str, x: int, colour: str) -> Iterator[str]:
    """The elements of characters of `SHAPED` in a row, from the left edge x on, whose top is at y = 0."""
    for draw, characters in groupby(enumerate(text), key=lambda each: _drawer(each[1])):
        yield from draw([(x + at * WIDTH, character) for at, character in characters], colour)


Placed = list[tuple[int, str]]
"""Characters with their left edges."""


def _drawer(character: str) -> Callable[[Placed, str], Iterator[str]]:
    if character >= "\u2800":
        return _braille
    return _blocks if character >= "\u2580" else _lines


def _braille(placed: Placed, colour: str) -> Iterator[str]:
    path, last = [], (0, 0)
    for x, character in placed:
        for bit, (right, down) in enumerate(_DOTS):
            if (ord(character) - 0x2800) >> bit & 1:
                path.append(f"m{x + right - last[0]} {down - last[1]}h0")
                last = (x + right, down)
    if path:
        yield f'<path class="d" stroke="{colour}" d="{"".join(path)}"/>'


def _blocks(placed: Placed, colour: str) -> Iterator[str]:
    for shade, each in groupby(placed, key=lambda each: _SHADES.get(each[1], 1.0)):
        path: list[str] = []
        for character, same in groupby(each, key=lambda each: each[1]):
            edges = [x for x, _ in same]
            for left, top, width, height in _rectangles(character):
                if width == WIDTH:
                    edges, width = edges[:1], WIDTH * len(edges)
                path.extend(f"M{x + left} {top}h{width}v{height}H{x + left}z" for x in edges)
        paler = "" if shade == 1.0 else f' fill-opacity="{shade}"'
        yield f'<path class="f" fill="{colour}"{paler} d="{"".join(path)}"/>'


@cache
def _rectangles(character: str) -> tuple[tuple[int, int, int, int], ...]:
    """Left edge, top, width and height of the parts of a block element."""
    name = unicodedata.name(character)
    if name.startswith("QUADRANT"):
        return tuple(
            (*corner, WIDTH // 2, HEIGHT // 2)
            for quadrant, corner in _QUADRANTS.items()
            if quadrant in name.removeprefix("QUADRANT ").split(" AND ")
        )
    side, _, part = name.removesuffix(" BLOCK").partition(" ")
    wide, high = WIDTH * _PARTS.get(part, 8) // 8, HEIGHT * _PARTS.get(part, 8) // 8
    return (
        {
            "LOWER": (0, HEIGHT - high, WIDTH, high),
            "UPPER": (0, 0, WIDTH, high),
            "LEFT": (0, 0, wide, HEIGHT),
            "RIGHT": (WIDTH - wide, 0, wide, HEIGHT),
        }.get(side, (0, 0, WIDTH, HEIGHT)),
    )


def _lines(placed: Placed, colour: str) -> Iterator[str]:
    paths: dict[str, list[str]] = {}
    for character, same in groupby(placed, key=lambda each: each[1]):
        edges = [x for x, _ in same]
        for kind, right, down, stroke in _strokes(character):
            whole = stroke == _ARMS["HORIZONTAL"][2]
            drawn = f"h{WIDTH * len(edges)}" if whole else stroke
            paths.setdefault(kind, []).extend(
                f"M{x + right:g} {down:g}{drawn}" for x in (edges[:1] if whole else edges)
            )
    for kind, path in paths.items():
        yield f'<path class="{kind}" stroke="{colour}" d="{"".join(path)}"/>'


@cache
def _strokes(character: str) -> tuple[tuple[str, float, float, str], ...]:
    """The strokes of a box drawing: class, where it starts, and its path."""
    if curves := _CURVES.get(character):
        return tuple(("l", *curve) for curve in curves)
    name = unicodedata.name(character).removeprefix("BOX DRAWINGS ")
    dashes = next((dash for dash in _DASHES if dash in name), "")
    parts = [part.split() for part in name.replace(dashes, "").split(" AND ")]
    weights = [next((word for word in part if word not in _ARMS), "") for part in parts]
    found = []
    for part, weight in zip(parts, weights, strict=True):
        for arm in filter(_ARMS.get, part):
            across = arm in ("LEFT", "RIGHT", "HORIZONTAL")
            kind = "h" if (weight or weights[0]) == "HEAVY" else "l"
            aside = (-1.5, 1.5) if (weight or weights[0]) == "DOUBLE" else (0,)
            for by in aside:
                right, down, stroke = _ARMS[arm]
                right, down = right + (0 if across else by), down + (by if across else 0)
                count = _DASHES.get(dashes, 1)
                step = (WIDTH if across else HEIGHT) / count
                for at in range(count):
                    place = (right + at * step, down) if across else (right, down + at * step)
                    dash = f"{'h' if across else 'v'}{step * 0.6:.3g}" if dashes else stroke
                    found.append((kind, *place, dash))
    return tuple(found)
