"""Screens as SVG: one of them, a sheet of many, and a recording that moves.

A `Frame` is what a terminal shows: rows of characters with their colours. In a recording each row is drawn once for
each of its contents, and shown and hidden by its times, so that a minute of training takes a few hundred kilobytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App

WIDTH, HEIGHT, BASELINE = 8.4, 17, 13
"""Size of a cell, and the distance of its baseline from its top."""
FONT = "ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
MARGIN, GAP, TITLE = 12, 20, 26


@dataclass(frozen=True)
class Run:
    """Characters of one style from a column on."""

    column: int
    text: str
    cells: int
    colour: str
    background: str
    bold: bool = False
    underline: bool = False
    italic: bool = False
    strike: bool = False


Row = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """rows: from top to bottom. background: of the whole screen."""

    columns: int
    rows: tuple[Row, ...]
    background: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of its picture without a margin."""
        return self.columns * WIDTH, len(self.rows) * HEIGHT


def frame_of(app: App[Any]) -> Frame:
    """What the application shows now, after its filters for the terminal."""
    background, foreground = app.current_theme.background or "#000000", app.current_theme.foreground or "#ffffff"
    rows = [_row(strip, background, foreground) for strip in app.screen._compositor.render_strips()]
    return Frame(app.size.width, tuple(rows), background)


def _row(segments: Sequence[Segment], background: str, foreground: str) -> Row:
    runs, column = [], 0
    for segment in segments:
        style = segment.style or Style.null()
        cells = segment.cell_length
        over, under = _hex(style, "color", foreground), _hex(style, "bgcolor", background)
        if style.reverse:
            over, under = under, over
        marks = {name: bool(getattr(style, name)) for name in ("bold", "underline", "italic", "strike")}
        runs.append(Run(column, segment.text, cells, over, under, **marks))
        column += cells
    return tuple(runs)


def _hex(style: Style, which: str, default: str) -> str:
    colour = getattr(style, which)
    return default if colour is None or colour.is_default else colour.get_truecolor().hex


def _drawn(row: Row, background: str) -> Iterator[str]:
    """The elements of a row, whose top is at y = 0."""
    for run in row:
        x, wide = f"{run.column * WIDTH:g}", f"{run.cells * WIDTH:.6g}"
        if run.background != background:
            yield f'<rect x="{x}" width="{wide}" height="{HEIGHT}" fill="{run.background}"/>'
        if run.text.strip() or run.underline:
            names = {"bold": "b", "underline": "u", "italic": "i", "strike": "s"}
            classes = " ".join(short for name, short in names.items() if getattr(run, name))
            kind = f' class="{classes}"' if classes else ""
            yield (
                f'<text x="{x}" y="{BASELINE}" textLength="{wide}" fill="{run.colour}"{kind}>{escape(run.text)}</text>'
            )


def _screen(frame: Frame) -> str:
    """A still picture as a group."""
    width, height = frame.size
    rows = "".join(
        f'<g transform="translate(0 {at * HEIGHT})">{"".join(_drawn(row, frame.background))}</g>'
        for at, row in enumerate(frame.rows)
    )
    return f'<rect width="{width:.6g}" height="{height}" rx="6" fill="{frame.background}"/>{rows}'


def _document(width: float, height: float, background: str, content: str) -> str:
    style = (
        f"text{{font:14px {FONT};white-space:pre}}.b{{font-weight:bold}}.i{{font-style:italic}}"
        ".u{text-decoration:underline}.s{text-decoration:line-through}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.6g} {height:.6g}" width="{width:.6g}" '
        f'xml:space="preserve"><style>{style}</style>'
        f'<rect width="100%" height="100%" rx="8" fill="{background}"/>{content}</svg>\n'
    )


def picture(frame: Frame) -> str:
    """One screen."""
    width, height = frame.size
    content = f'<g transform="translate({MARGIN} {MARGIN})">{_screen(frame)}</g>'
    return _document(width + 2 * MARGIN, height + 2 * MARGIN, frame.background, content)


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
                f'<g transform="translate({x:g} {y + TITLE:g}) scale({scale:.4f})">{_screen(frame)}</g>'
            )
            heights.append(frame.size[1] * scale)
        y += max(heights) + TITLE + GAP
    return _document(columns * (wide + GAP) + GAP, y, "#f6f8fa", "".join(parts))


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
            drawn = "".join(_drawn(row, first.background))
            if drawn:
                rows.append(f'<g transform="translate(0 {y * HEIGHT})">{_timed(drawn, set(at), begins, seconds)}</g>')
    width, height = first.size
    content = f'<g transform="translate({MARGIN} {MARGIN})">{"".join(rows)}</g>'
    return _document(width + 2 * MARGIN, height + 2 * MARGIN, first.background, content)


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
