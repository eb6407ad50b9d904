"""The words of a text in Matplotlib axes as one artist.

An artist of Matplotlib's own for every word, and for the box behind it, takes most of the time of a picture of many
texts: each has a font, a transform and a layout of its own. Here they share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.transforms import Transform


class Box(NamedTuple):
    """A filled box; `left` and `top` are its upper left corner."""

    left: float
    top: float
    width: float
    height: float
    fill: tuple[float, float, float]


class Placed(NamedTuple):
    """A text in the fixed-width font from `left` on, with its baseline at `base`, in a colour of Matplotlib."""

    left: float
    base: float
    text: str
    colour: str


def words_artist(points: Transform, size: float, boxes: Sequence[Box], words: Sequence[Placed]) -> Artist:
    """An artist that draws boxes and then words in letters of `size` points; `points` transforms their coordinates.

    It is left out of the layout of the figure.
    """
    from matplotlib.artist import Artist
    from matplotlib.colors import to_rgba
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path

    class Words(Artist):
        def draw(self, renderer: Any) -> None:
            affine, height = points.get_affine(), renderer.get_canvas_width_height()[1]
            renderer.open_group("words")
            context = renderer.new_gc()
            context.set_linewidth(0)
            for left, top, wide, high, fill in boxes:
                right, bottom = left + wide, top + high
                corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
                renderer.draw_path(context, Path(corners, closed=True), affine, (*fill, 1.0))
            font, flips = FontProperties(family="monospace", size=size), renderer.flipy()
            places = affine.transform([(word.left, word.base) for word in words]) if words else ()
            for (x, y), word in zip(places, words, strict=True):
                context.set_foreground(to_rgba(word.colour), isRGBA=True)
                renderer.draw_text(context, x, height - y if flips else y, word.text, font, 0.0)
            context.restore()
            renderer.close_group("words")

    artist = Words()
    artist.set_zorder(1)  # below the lines of unknown words
    artist.set_in_layout(False)
    return artist
