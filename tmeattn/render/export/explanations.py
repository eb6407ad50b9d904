"""Explanations as a file: HTML, SVG, PNG, LaTeX, JSON or CSV, chosen by the ending of its name."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.explain.explanation import DeletedWord
from tmeattn.render.export.explanations_html import html_page, latex_text_page
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tmeattn.explain.explanation import Explanation, Word

_SVG_COLUMNS = 92
_CSV = (
    *("text", "run", "model", "method", "layer", "head", "predicted", "probability", "class"),
    *("start", "end", "word", "token", "known", "score", "deleted"),
)


def write(explanations: Sequence[Explanation], path: Path, picture: RenderableType) -> None:
    """Write explanations to a file. `picture` is their renderable for the terminal, which SVG shows.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written, or matplotlib is missing for a PNG.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](explanations, picture))


def csv_text(explanations: Sequence[Explanation]) -> str:
    """One line for each word. `text` counts the explanations from 1; `start` and `end` are character offsets.
    A deleted word has no token and no score."""
    lines: list[tuple[object, ...]] = []
    for number, explanation in enumerate(explanations, start=1):
        about = (
            *(number, explanation.run, explanation.model, explanation.method, explanation.layer, explanation.head),
            *(explanation.predicted_label, explanation.confidence),
            explanation.target_label,
        )
        whole = explanation.whole_text
        words: list[Word | DeletedWord] = [*explanation.words, *explanation.deleted]
        for word in sorted(words, key=lambda word: word.start):
            place = word.start, word.end, whole[word.start : word.end]
            if isinstance(word, DeletedWord):
                lines.append((*about, *place, None, None, None, True))
            else:
                lines.append((*about, *place, word.token, word.known, word.score, False))
    return csv_table(_CSV, lines)


def _json(explanations: Sequence[Explanation]) -> bytes:
    documents = [explanation.document() for explanation in explanations]
    return (json.dumps(documents, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _svg(explanations: Sequence[Explanation], picture: RenderableType) -> bytes:
    """The terminal output as a picture."""
    from rich.console import Console

    from tmeattn.render.export import terminal_svg

    console = Console(
        width=_SVG_COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        markup=False,
        emoji=False,
    )
    lines = console.render_lines(picture, pad=False)
    return terminal_svg.picture(terminal_svg.frame(lines, _SVG_COLUMNS), "tmeattn explain").encode()


def _png(explanations: Sequence[Explanation], picture: RenderableType) -> bytes:
    from tmeattn.render.explanation_texts import method_text
    from tmeattn.render.export.figures import picture_bytes
    from tmeattn.reproduce.results import HeatmapPanel

    one_text = len({explanation.text for explanation in explanations}) == 1
    panels = [
        HeatmapPanel(method_text(explanation) if one_text else f"Text {number}", explanation)
        for number, explanation in enumerate(explanations, start=1)
    ]
    runs = ", ".join(dict.fromkeys(f"{explanation.model} (run {explanation.run})" for explanation in explanations))
    title = "Explanation of a prediction" if one_text else "Explanations of predictions"
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
"""The writer of each file ending."""
