"""Screens as SVG: a sheet of many, and a recording that moves. One alone: `tmeattn/render/export/terminal_svg.py`.

In a recording each row is drawn once for each of its contents, and shown and hidden by its times, so that a minute of
training takes a few hundred kilobytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from tmeattn.render.export.cell_shapes import HEIGHT
from tmeattn.render.export.terminal_svg import MARGIN, Frame, Row, document, drawn_row, screen

GAP, TITLE = 20, 26


def sheet(pictures: Sequence[tuple[str, Frame]], columns: int, wide: float = 620.0) -> str:
    """Several screens with their titles, in columns of equal width."""
    parts, y = [], float(GAP)
    for start in range(0, len(pictures), columns):
        line = pictures[start : start + columns]
        heights = []
        for at, (title, frame) in enumerate(line):
            scale = wide / frame.size[0]
            x = GAP + at * (wide + GAP)
            parts.append(
                f'<text x="{x:g}" y="{y + 16:g}" fill="#30363d">{escape(title)}</text>'
                f'<g transform="translate({x:g} {y + TITLE:g}) scale({scale:.4f})">{screen(frame)}</g>'
            )
            heights.append(frame.size[1] * scale)
        y += max(heights) + TITLE + GAP
    return document(columns * (wide + GAP) + GAP, y, "#f6f8fa", parts, "Screens of tmeattn")


def recording(frames: Sequence[tuple[Frame, float]]) -> str:
    """Screens that follow each other, over and over. frames: each with the seconds for which it is seen.

    A viewer that shows no motion shows the last of them.
    """
    first = frames[0][0]
    seconds = sum(each for _, each in frames)
    begins = [sum(each for _, each in frames[:at]) / seconds for at in range(len(frames))]
    rows = []
    for y in range(len(first.rows)):
        contents: dict[Row, list[int]] = {}
        for at, (frame, _) in enumerate(frames):
            contents.setdefault(frame.rows[y], []).append(at)
        for row, at in contents.items():
            drawn = "".join(drawn_row(row, first.background))
            if drawn:
                rows.append(f'<g transform="translate(0 {y * HEIGHT})">{_timed(drawn, set(at), begins, seconds)}</g>')
    width, height = first.size
    content = f'<g transform="translate({MARGIN} {MARGIN})">{"".join(rows)}</g>'
    return document(width + 2 * MARGIN, height + 2 * MARGIN, first.background, [content], "A first run in tmeattn")


def _timed(drawn: str, shown: set[int], begins: Sequence[float], seconds: float) -> str:
    """A group that is seen during these frames only."""
    if len(shown) == len(begins):
        return drawn
    changes = [at for at in range(len(begins)) if not at or (at in shown) != (at - 1 in shown)]
    values = ";".join("visible" if at in shown else "hidden" for at in changes)
    times = ";".join(f"{begins[at]:.4g}" for at in changes)
    still = "visible" if len(begins) - 1 in shown else "hidden"
    return (
        f'<g visibility="{still}"><animate attributeName="visibility" calcMode="discrete" dur="{seconds:g}s" '
        f'repeatCount="indefinite" values="{values}" keyTimes="{times}"/>{drawn}</g>'
    )
