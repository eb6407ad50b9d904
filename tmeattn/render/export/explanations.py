"""Explanations as a file, in the format of its ending."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.render.export.explanations_html import html_page, latex_text_page
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_cell

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tmeattn.explain.explanation import Explanation

_SVG_COLUMNS = 92
_CSV = (
    *("text", "run", "model", "method", "layer", "head", "predicted", "probability", "class"),
    *("start", "end", "word", "token", "known", "score"),
)


def write(explanations: Sequence[Explanation], path: Path, picture: RenderableType) -> None:
    """Write explanations to a file. `picture` is what a terminal shows of them, for SVG.

    Raises:
        BadInput: no such format.
        EnvironmentProblem: the file cannot be written, or matplotlib is missing for a PNG.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](explanations, picture))


def csv_text(explanations: Sequence[Explanation]) -> str:
    """A line a word; `text` counts the explained texts and methods from 1, `start` and `end` are characters."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_CSV)
    for number, one in enumerate(explanations, start=1):
        about = (
            *(number, one.run, one.model, one.method, one.layer, one.head, one.classes[one.predicted]),
            *(one.probabilities[one.predicted], one.classes[one.target]),
        )
        for word in one.words:
            cells = (word.start, word.end, one.text[word.start : word.end], word.token, word.known, word.score)
            writer.writerow(csv_cell(value) for value in (*about, *cells))
    return buffer.getvalue()


def _json(explanations: Sequence[Explanation]) -> bytes:
    documents = [one.document() for one in explanations]
    return (json.dumps(documents, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _svg(explanations: Sequence[Explanation], picture: RenderableType) -> bytes:
    """A picture of a terminal."""
    from rich.console import Console

    console = Console(
        record=True,
        width=_SVG_COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    console.print(picture)
    return console.export_svg(title="tmeattn explain").encode()


def _png(explanations: Sequence[Explanation], picture: RenderableType) -> bytes:
    from tmeattn.render.export.figures import picture_bytes
    from tmeattn.render.heatmap import method_text
    from tmeattn.reproduce.results import HeatmapPanel

    alike = len({one.text for one in explanations}) == 1
    panels = [
        HeatmapPanel(method_text(one) if alike else f"Text {number}", one)
        for number, one in enumerate(explanations, start=1)
    ]
    runs = ", ".join(dict.fromkeys(f"{one.model} (run {one.run})" for one in explanations))
    title = "A prediction explained" if alike else "Predictions explained"
    return picture_bytes(title, runs, tuple(panels), "png")


Writer = Callable[[Sequence["Explanation"], "RenderableType"], bytes]
FORMATS: dict[str, Writer] = {
    ".html": lambda explanations, picture: html_page(explanations).encode(),
    ".svg": _svg,
    ".png": _png,
    ".tex": lambda explanations, picture: latex_text_page(explanations).encode(),
    ".json": lambda explanations, picture: _json(explanations),
    ".csv": lambda explanations, picture: csv_text(explanations).encode(),
}
"""What a file's ending stands for."""
