"""A text with coloured words in Matplotlib axes, laid out word by word in a fixed-width font."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from tmeattn.render.export.charts import colour
from tmeattn.render.export.text_width import plain, wrapped
from tmeattn.render.heat_scale import HeatScale
from tmeattn.render.heatmap import entropy_text, method_text
from tmeattn.render.numbers import count, percent
from tmeattn.render.palette import BLUE, ORANGE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

    from tmeattn.explain.explanation import Explanation
    from tmeattn.reproduce.results import HeatmapPanel

_COLUMNS = 120
_WIDTH = _COLUMNS * 5.72  # points
_MOST_LINES = 40
_SIZE = 9.5  # of the letters, in points
_ADVANCE = 0.6021 * _SIZE  # of a letter of DejaVu Sans Mono, in points
_LINE = 1.55 * _SIZE
_ABOVE = 1.2  # lines for the prediction
_STEPS = 4  # boxes on each side of zero in the legend


@dataclass(frozen=True)
class _Piece:
    """Characters at a place of the picture, and the index of their word, None between words."""

    line: int
    column: int
    text: str
    word: int | None


@dataclass(frozen=True)
class _Layout:
    """The laid-out text. `above` is the height of the lines over it, in lines; `note` is printed below it."""

    pieces: tuple[_Piece, ...]
    lines: int
    note: str | None
    above: float


def heatmap_height(panel: HeatmapPanel) -> float:
    """Inches."""
    layout = _layout(panel.explanation)
    return 0.55 + (layout.above + layout.lines + (2.3 if layout.note else 1.3)) * _LINE / 72


def draw_heatmap(panel: HeatmapPanel, axes: Axes, *, wide: bool = True) -> None:
    """Draw the text on at most 40 lines of 120 columns. Orange is evidence for the class, blue is evidence against it.

    The colours follow `HeatScale`, and the legend explains them. A dotted line marks words outside the vocabulary. A
    heatmap always has the whole width of the picture.
    """
    from matplotlib.transforms import Affine2D, BboxTransformTo, ScaledTranslation

    explanation = panel.explanation
    layout = _layout(explanation)
    axes.set_axis_off()
    axes.set_title(wrapped(panel.title, _WIDTH, 10, bold=True))
    # Points to the right of and below the upper left corner of the axes, however wide they come out.
    inches = axes.figure.dpi_scale_trans
    points = Affine2D().scale(1 / 72, -1 / 72) + inches + ScaledTranslation(0, 1, BboxTransformTo(axes.bbox))
    _write(axes, points, 0, 0, wrapped(_prediction(explanation), _WIDTH, 9), size=9, family="sans-serif")
    if details := _details(explanation):
        _write(axes, points, 0, _LINE, wrapped(details, _WIDTH, 9), size=9, family="sans-serif", style="italic")
    scale = HeatScale.of(explanation)
    for piece in layout.pieces:
        _draw_piece(piece, layout.above, explanation, scale, points, axes)
    bottom = (layout.above + layout.lines) * _LINE
    if layout.note:
        _write(axes, points, 0, bottom, layout.note, size=8, family="sans-serif", style="italic")
        bottom += _LINE
    if explanation.words:
        _draw_legend(explanation, scale, bottom + 0.25 * _LINE, points, axes)


def _prediction(explanation: Explanation) -> str:
    predicted = explanation.predicted_label
    text = f"predicted {predicted} {percent(explanation.confidence)}"
    if explanation.true_label is not None:
        correct = explanation.is_correct
        text += f", {'correct' if correct else 'wrong'}: the label is {explanation.true_label}"
    return f"{text}; {method_text(explanation)}"


def _details(explanation: Explanation) -> str:
    """The attention entropy and the note, for a line of their own."""
    return ". ".join(filter(None, (entropy_text(explanation).capitalize(), explanation.note)))


def _layout(explanation: Explanation) -> _Layout:
    """The place of each character that the model read, words and what is between them."""
    text = plain(explanation.text)
    hidden = explanation.tokens_cut
    above = _ABOVE + bool(_details(explanation))
    if not explanation.words:
        empty = "The model read no words of this text." if hidden else "The text has no words."
        return _Layout((), 0, empty, above)
    note = None
    if hidden > 0:
        text = text[: max(word.end for word in explanation.words)] + " …"
        note = f"{count(hidden)} more {'word' if hidden == 1 else 'words'} not read by the model"
    pieces = tuple(_place(text.rstrip(), _owners(explanation, len(text))))
    lines = 1 + max(piece.line for piece in pieces)
    if lines > _MOST_LINES:
        pieces, lines = tuple(piece for piece in pieces if piece.line < _MOST_LINES), _MOST_LINES
        undrawn = "the rest of the text is not shown"
        note = f"{undrawn}; {note}" if note else undrawn
    return _Layout(pieces, lines, f"… {note}" if note else None, above)


def _owners(explanation: Explanation, length: int) -> list[int | None]:
    """The index of the word of each character, None between words."""
    owners: list[int | None] = [None] * length
    for index, word in enumerate(explanation.words):
        for position in range(word.start, min(word.end, length)):
            owners[position] = index
    return owners


def _place(text: str, owners: list[int | None]) -> Iterator[_Piece]:
    """Wrap at spaces, and within words longer than a line. Several empty lines become one."""
    line, column, empty = 0, 0, False
    for match in re.finditer(r"\n|[^\S\n]+|\S+", text):
        chunk = match.group()
        if chunk == "\n":
            if column or (line and not empty):
                line, column, empty = line + 1, 0, not column
        elif chunk.isspace():
            column += len(chunk) if column else 0
        else:
            if column and column + cell_len(chunk) > _COLUMNS:
                line, column = line + 1, 0
            begin, width = 0, 0
            for index, character in enumerate(chunk):
                at, cells = match.start() + index, cell_len(character)
                if column + width + cells > _COLUMNS:
                    if begin < index:
                        yield _Piece(line, column, chunk[begin:index], owners[at - 1])
                    line, column, begin, width = line + 1, 0, index, 0
                width += cells
                if index + 1 == len(chunk) or owners[at + 1] != owners[at]:
                    yield _Piece(line, column, chunk[begin : index + 1], owners[at])
                    begin, column, width = index + 1, column + width, 0


def _heat(share: float, signed: bool) -> tuple[float, float, float] | None:
    """The background of a word, None if its score is too weak to colour. Black text is readable on all of them."""
    return colour(BLUE if signed and share < 0 else ORANGE, min(1.0, abs(share))) if share else None


def _draw_piece(
    piece: _Piece, above: float, explanation: Explanation, scale: HeatScale, points: Transform, axes: Axes
) -> None:
    left, top = piece.column * _ADVANCE, (above + piece.line) * _LINE
    width = cell_len(piece.text) * _ADVANCE
    if piece.word is None:
        _write(axes, points, left, top, piece.text, color="0.35")
        return
    word = explanation.words[piece.word]
    heat = _heat(scale.share(word.score), scale.signed)
    if heat is not None:
        _box(axes, points, (left - 0.8, top + 0.08 * _LINE), width + 1.6, heat)
    _write(axes, points, left, top, piece.text)
    if not word.known:
        _underline(axes, points, left, top, width)


def _draw_legend(explanation: Explanation, scale: HeatScale, top: float, points: Transform, axes: Axes) -> None:
    """The colour scale with its meaning, and the meaning of a dotted line."""
    target = explanation.target_label
    left, steps = 0.0, range(-_STEPS if scale.signed else 0, _STEPS + 1)
    if not scale.full:
        meaning = "all scores are zero"
    elif scale.signed:
        meaning = (
            f"blue: evidence against {target}, orange: evidence for {target}; full colour = score {scale.full:.3g}"
        )
    elif scale.uniform:
        times = scale.full / scale.base
        meaning = (
            f"colour = weight above uniform, from {scale.base:.3g} to {scale.full:.3g} ({times:.3g} times uniform)"
        )
        meaning += f"; the largest weight is {_largest(explanation):.3g}"
    else:
        meaning = f"full colour = score {scale.full:.3g}, the largest"
    for step in steps if scale.full else ():
        _box(axes, points, (left, top + 0.08 * _LINE), 12, _heat(step / _STEPS, scale.signed) or (1.0, 1.0, 1.0), "0.8")
        left += 12
    if not all(word.known for word in explanation.words):
        meaning += "; dotted line: not in the vocabulary"
    left += 6 if scale.full else 0
    text = wrapped(meaning, _WIDTH - left, 8)
    _write(axes, points, left, top, text, size=8, family="sans-serif", color="0.3")


def _largest(explanation: Explanation) -> float:
    return max(word.score for word in explanation.words if math.isfinite(word.score))


def _write(axes: Axes, points: Transform, left: float, top: float, text: str, **style: Any) -> None:
    """Text on the line below `top`. It is left out of the layout, which would be slow for so many words."""
    font: dict[str, Any] = {"size": _SIZE, "family": "monospace"} | style
    axes.text(left, top + 0.72 * _LINE, text, transform=points, va="baseline", **font).set_in_layout(False)


def _box(
    axes: Axes,
    points: Transform,
    corner: tuple[float, float],
    width: float,
    fill: tuple[float, float, float],
    edge: str = "none",
) -> None:
    """A filled box, nearly as high as a line; `corner` is the upper left one."""
    from matplotlib.patches import Rectangle

    box = Rectangle(
        corner, width, 0.88 * _LINE, transform=points, facecolor=fill, edgecolor=edge, linewidth=0.5, clip_on=False
    )
    box.set_in_layout(False)
    axes.add_artist(box)


def _underline(axes: Axes, points: Transform, left: float, top: float, width: float) -> None:
    from matplotlib.lines import Line2D

    height = top + 0.9 * _LINE
    line = Line2D(
        [left, left + width],
        [height, height],
        transform=points,
        color="0.2",
        linewidth=0.9,
        linestyle=":",
        clip_on=False,
    )
    line.set_in_layout(False)
    axes.add_artist(line)
