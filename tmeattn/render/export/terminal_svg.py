"""What a terminal shows, as an SVG picture in which everything is exactly in its cells, whatever the viewer's fonts.

Letters are left to the viewer, which fits them into their cells; a character that fonts may lack is placed and fitted
alone; those of curves, bars and frames are drawn as shapes (`cell_shapes.py`). The picture loads nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len
from rich.color import blend_rgb
from rich.color_triplet import ColorTriplet
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME

from tmeattn.render.export.cell_shapes import HEIGHT, SHAPED, WIDTH, shapes

MIME_TYPE = "image/svg+xml"
MARGIN = 12
_FONT_SIZE = 13.29
"""A character of DejaVu Sans Mono, of Menlo and of Liberation Mono is then as wide as a cell."""
_BASELINE, _UNDER, _THROUGH = 12, 14, 8
"""From the top of a cell to its baseline, to a line under it, and to a line through it."""
_FONTS = "ui-monospace,'Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,'Liberation Mono',monospace"
_STYLES = (
    f"text{{font:{_FONT_SIZE}px {_FONTS}}}.b{{font-weight:bold}}.i{{font-style:italic}}.m{{text-anchor:middle}}"
    ".d,.l,.h{fill:none}.d{stroke-linecap:round;stroke-width:2.4}.l{stroke-width:1}.h{stroke-width:2.5}"
    ".f,rect{shape-rendering:crispEdges}"
)
_WORDS = re.compile("[^ ]+(?: [^ ]+)*")
"""Words with single spaces between them: more spaces need no character."""
_LETTERS = re.compile("[ -\u024f\u0370-\u052f\u2010-\u2026\u2030\u20ac\u2122]+")
"""Characters that every font of a terminal has, one cell wide."""
_JOINER = "\u200d"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 forbids: a reader of the picture would refuse the whole file."""


class Run(NamedTuple):
    """Characters of one style from a column on. Colours are hexadecimal."""

    column: int
    text: str
    cells: int
    colour: str
    background: str
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False


Row = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """What a terminal shows at one moment. rows: from top to bottom. background: of the whole screen."""

    columns: int
    rows: tuple[Row, ...]
    background: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of its picture without a margin."""
        return self.columns * WIDTH, len(self.rows) * HEIGHT


def frame(
    lines: Iterable[Iterable[Segment]],
    columns: int,
    background: str = SVG_EXPORT_THEME.background_color.hex,
    foreground: str = SVG_EXPORT_THEME.foreground_color.hex,
) -> Frame:
    """The lines that Rich or Textual have rendered; the colours are those of what has none."""
    under, over = (ColorTriplet(*bytes.fromhex(colour[1:7])) for colour in (background, foreground))
    return Frame(columns, tuple(_row(line, under, over) for line in lines), background)


def _row(segments: Iterable[Segment], background: ColorTriplet, foreground: ColorTriplet) -> Row:
    runs: list[Run] = []
    column = 0
    for text, style, control in segments:
        if control or not text:
            continue
        run = _run(column, _NOT_XML.sub(_replaced, text), style or Style.null(), background, foreground)
        if runs and runs[-1][3:] == run[3:]:
            last = runs.pop()
            run = run._replace(column=last.column, text=last.text + run.text, cells=last.cells + run.cells)
        runs.append(run)
        column = run.column + run.cells
    return tuple(runs)


def _replaced(forbidden: re.Match[str]) -> str:
    """What takes the cells of a character that XML forbids."""
    return "\ufffd" * cell_len(forbidden[0])


def _run(column: int, text: str, style: Style, background: ColorTriplet, foreground: ColorTriplet) -> Run:
    theme = SVG_EXPORT_THEME
    over = foreground if style.color is None or style.color.is_default else style.color.get_truecolor(theme)
    under = background if style.bgcolor is None or style.bgcolor.is_default else style.bgcolor.get_truecolor(theme)
    if style.reverse:
        over, under = under, over
    if style.dim:
        over = blend_rgb(over, under, 0.4)
    marks = (bool(mark) for mark in (style.bold, style.italic, style.underline, style.strike))
    return Run(column, text, cell_len(text), over.hex, under.hex, *marks)


def drawn_row(row: Row, background: str) -> Iterator[str]:
    """The elements of a row, whose top is at y = 0. Cells of `background` stay empty."""
    for colour, same in groupby(row, key=lambda run: run.background):
        runs = list(same)
        if colour != background:
            wide = sum(run.cells for run in runs) * WIDTH
            yield f'<rect x="{runs[0].column * WIDTH}" width="{wide}" height="{HEIGHT}" fill="{colour}"/>'
    for run in row:
        yield from _drawn(run)


def _drawn(run: Run) -> Iterator[str]:
    x, wide = run.column * WIDTH, run.cells * WIDTH
    for wanted, y in ((run.underline, _UNDER), (run.strike, _THROUGH)):
        if wanted:
            yield f'<rect x="{x}" y="{y}" width="{wide}" height="1" fill="{run.colour}"/>'
    for kind, cells, text in _pieces(run.text):
        left = x + cells * WIDTH
        if kind == "shapes":
            yield from shapes(text, left, run.colour)
        else:
            yield _text(text, left, run, alone=kind == "others")


def _pieces(text: str) -> Iterator[tuple[str, int, str]]:
    """What is drawn together: its kind, and the cells before it."""
    cells = 0
    for kind, characters in groupby(_characters(text), key=_kind):
        each = list(characters)
        joined = "".join(each)
        if kind == "letters":
            yield from ((kind, cells + words.start(), words[0]) for words in _WORDS.finditer(joined))
        elif kind == "shapes":
            yield kind, cells, joined
        else:
            at = cells
            for one in each:
                yield kind, at, one
                at += cell_len(one)
        cells += cell_len(joined)


def _kind(character: str) -> str:
    if len(character) == 1 and SHAPED.match(character):
        return "shapes"
    return "letters" if _LETTERS.fullmatch(character) and cell_len(character) == 1 else "others"


def _characters(text: str) -> Iterator[str]:
    """Characters with the accents and the joined characters that belong to them."""
    at = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or (cell_len(text[end]) and text[end - 1] != _JOINER):
            yield text[at:end]
            at = end


def _text(text: str, left: int, run: Run, *, alone: bool) -> str:
    """Characters as text. alone: in the middle of their cells, and narrowed if they are wider."""
    wide = cell_len(text) * WIDTH
    classes = [name for name, mark in (("b", run.bold), ("i", run.italic)) if mark]
    place = f'x="{left}"'
    if alone:
        classes.append("m")
        place = f'x="{left + wide / 2:g}" lengthAdjust="spacingAndGlyphs"'
    kind = f' class="{" ".join(classes)}"' if classes else ""
    return f'<text {place} y="{_BASELINE}" textLength="{wide}" fill="{run.colour}"{kind}>{escape(text)}</text>'


def screen(shown: Frame) -> str:
    """The elements of a frame, without a margin."""
    width, height = shown.size
    rows = "".join(
        f'<g transform="translate(0 {at * HEIGHT})">{drawn}</g>'
        for at, row in enumerate(shown.rows)
        if (drawn := "".join(drawn_row(row, shown.background)))
    )
    return f'<rect width="{width}" height="{height}" rx="6" fill="{shown.background}"/>{rows}'


def document(width: float, height: float, background: str, elements: Sequence[str], title: str) -> str:
    """A whole SVG file. title: what a screen reader says."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img"><title>{escape(title)}</title><style>{_STYLES}</style>'
        f'<rect width="100%" height="100%" rx="8" fill="{background}"/>{"".join(elements)}</svg>\n'
    )


def picture(shown: Frame, title: str) -> str:
    """One frame as a whole SVG file."""
    width, height = shown.size
    content = f'<g transform="translate({MARGIN} {MARGIN})">{screen(shown)}</g>'
    return document(width + 2 * MARGIN, height + 2 * MARGIN, shown.background, [content], title)
