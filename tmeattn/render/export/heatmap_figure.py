"""A text with coloured words in Matplotlib axes, laid out word by word in a fixed-width font."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich.cells import cell_len

from tmeattn.explain.explanation import DeletedWord
from tmeattn.plurals import counted
from tmeattn.render.explanation_texts import confidence_text, deleted_text, entropy_text, method_text
from tmeattn.render.export.charts import colour
from tmeattn.render.export.figure_words import Box, Placed, words_artist
from tmeattn.render.export.text_width import plain, wrapped
from tmeattn.render.heat_scale import HeatScale
from tmeattn.render.palette import BLUE, ORANGE
from tmeattn.render.text_layout import MarkedWord, Piece, chunks_of, lay_out, shown_span

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
_BOX = 0.88 * _LINE  # height of the box of a word
_ABOVE = 1.2  # lines for the prediction
_STEPS = 4  # boxes on each side of zero in the legend


@dataclass(frozen=True)
class _Page:
    """The lines of the text. `above` is the height of the header over them, in lines; `note` is printed below them."""

    lines: list[list[Piece]]
    note: str | None
    above: float


def heatmap_height(panel: HeatmapPanel) -> float:
    """Inches."""
    page = _page(panel.explanation)
    return 0.55 + (page.above + len(page.lines) + (2.3 if page.note else 1.3)) * _LINE / 72


def draw_heatmap(panel: HeatmapPanel, axes: Axes, *, wide: bool = True) -> None:
    """Draw the text on at most 40 lines of 120 columns. Orange is evidence for the class, blue is evidence against it.

    The colours follow `HeatScale`, and the legend explains them. A dotted line marks words outside the vocabulary. A
    heatmap always has the whole width of the picture.
    """
    from matplotlib.transforms import Affine2D, BboxTransformTo, ScaledTranslation

    explanation = panel.explanation
    page = _page(explanation)
    axes.set_axis_off()
    axes.set_title(wrapped(panel.title, _WIDTH, 10, bold=True))
    # Points to the right of and below the upper left corner of the axes, however wide they come out.
    inches = axes.figure.dpi_scale_trans
    points = Affine2D().scale(1 / 72, -1 / 72) + inches + ScaledTranslation(0, 1, BboxTransformTo(axes.bbox))
    _write(axes, points, 0, 0, wrapped(_prediction(explanation), _WIDTH, 9), size=9, family="sans-serif")
    if details := _details(explanation):
        _write(axes, points, 0, _LINE, wrapped(details, _WIDTH, 9), size=9, family="sans-serif", style="italic")
    scale = HeatScale.of(explanation)
    _draw_text(page, explanation, scale, points, axes)
    bottom = (page.above + len(page.lines)) * _LINE
    if page.note:
        _write(axes, points, 0, bottom, page.note, size=8, family="sans-serif", style="italic")
        bottom += _LINE
    if explanation.words:
        _draw_legend(explanation, scale, bottom + 0.25 * _LINE, points, axes)


def _prediction(explanation: Explanation) -> str:
    predicted = explanation.predicted_label
    text = f"predicted {predicted} {confidence_text(explanation)}"
    if explanation.true_label is not None:
        correct = explanation.is_correct
        text += f", {'correct' if correct else 'wrong'}: the label is {explanation.true_label}"
    return f"{text}; {method_text(explanation)}"


def _details(explanation: Explanation) -> str:
    """The deleted words, the attention entropy and the note, for a line of their own."""
    parts = (deleted_text(explanation), entropy_text(explanation).capitalize(), explanation.note)
    return ". ".join(filter(None, parts))


def _page(explanation: Explanation) -> _Page:
    """The words that the model read or the user deleted, with what is between them, on lines of a page."""
    text = plain(explanation.whole_text)
    hidden = explanation.tokens_cut
    above = _ABOVE + bool(_details(explanation))
    if not explanation.words:
        empty = "The model read no words of this text." if hidden else "The text has no words."
        return _Page([], empty, above)
    note = None
    if hidden > 0:
        text = text[: max(word.end for word in explanation.words)] + " …"
        note = f"{counted(hidden, 'more word')} not read by the model"
    spans = [shown_span(text, word.start, word.end) for word in explanation.shown_words]
    words = [MarkedWord(start, end, text[start:end].replace("\n", " ")) for start, end in spans]
    lines = _without_empty_lines(lay_out(chunks_of(text.rstrip(), words), _COLUMNS).lines)
    if len(lines) > _MOST_LINES:
        lines = lines[:_MOST_LINES]
        undrawn = "the rest of the text is not shown"
        note = f"{undrawn}; {note}" if note else undrawn
    return _Page(lines, f"… {note}" if note else None, above)


def _without_empty_lines(lines: list[list[Piece]]) -> list[list[Piece]]:
    """Of several empty lines one stays, of those at the beginning none."""
    return [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]


def _heat(share: float, signed: bool) -> tuple[float, float, float] | None:
    """The background of a word, None if its score is too weak to colour. Black text is readable on all of them."""
    return colour(BLUE if signed and share < 0 else ORANGE, min(1.0, abs(share))) if share else None


def _draw_text(page: _Page, explanation: Explanation, scale: HeatScale, points: Transform, axes: Axes) -> None:
    """The lines of the text, each word in a box of its colour."""
    boxes: list[Box] = []
    words: list[Placed] = []
    shown = explanation.shown_words
    for number, line in enumerate(page.lines):
        top = (page.above + number) * _LINE
        for piece in line:
            left, width = piece.column * _ADVANCE, cell_len(piece.text) * _ADVANCE
            base = top + 0.72 * _LINE
            if piece.word is None:
                words.append(Placed(left, base, piece.text, "0.35"))
                continue
            word = shown[piece.word]
            if isinstance(word, DeletedWord):
                words.append(Placed(left, base, piece.text, "0.35"))
                _line(axes, points, left, top + 0.55 * _LINE, width, "-")
                continue
            if (heat := _heat(scale.share(word.score), scale.signed)) is not None:
                boxes.append(Box(left - 0.8, top + 0.08 * _LINE, width + 1.6, _BOX, heat))
            words.append(Placed(left, base, piece.text, "black"))
            if not word.known:
                _line(axes, points, left, top + 0.9 * _LINE, width, ":")
    axes.add_artist(words_artist(points, _SIZE, boxes, words))


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

    box = Rectangle(corner, width, _BOX, transform=points, facecolor=fill, edgecolor=edge, linewidth=0.5, clip_on=False)
    box.set_in_layout(False)
    axes.add_artist(box)


def _line(axes: Axes, points: Transform, left: float, height: float, width: float, style: Literal["-", ":"]) -> None:
    """A line under a word or through it."""
    from matplotlib.lines import Line2D

    line = Line2D(
        [left, left + width],
        [height, height],
        transform=points,
        color="0.2",
        linewidth=0.9,
        linestyle=style,
        clip_on=False,
    )
    line.set_in_layout(False)
    axes.add_artist(line)
