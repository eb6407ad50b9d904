"""The attention map of a text as a file: HTML, SVG, PNG, CSV or JSON, chosen by the ending of its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tmeattn.explain.attention_map import DIGITS, block_name
from tmeattn.render.attention_map import in_blocks, map_notes
from tmeattn.render.explanation_texts import method_text
from tmeattn.render.export.attention_figure import AttentionPanel, HeadsPanel
from tmeattn.render.export.explanations_html import html_document, html_section
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_table, one_line
from tmeattn.render.export.text_width import plain
from tmeattn.render.head_overview import overview_note, overview_title, small_title
from tmeattn.render.map_cells import weight_scale
from tmeattn.render.numbers import count, percent

if TYPE_CHECKING:
    from tmeattn.explain.attention_map import AttentionMap, HeadOverview
    from tmeattn.render.heat_scale import HeatScale

MOST_CELLS = 120
"""Columns of the table of a page: more words are shown in blocks, or the page would be megabytes."""


def write(shown: AttentionMap, path: Path, overview: HeadOverview | None = None) -> None:
    """Write a map, and all heads in small, to a file. CSV and JSON have each weight.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written, or matplotlib is missing for a picture.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](shown, overview))


def csv_text(shown: AttentionMap) -> str:
    """One line for each weight. `row` and `column` count the positions from 0; CLS is before the words."""
    explanation = shown.explanation
    about = explanation.run, explanation.model, explanation.layer, explanation.head
    lines = (
        (*about, row, column, reads, read, round(float(shown.weights_RS[row, column]), DIGITS))
        for row, reads in enumerate(shown.rows)
        for column, read in enumerate(shown.columns)
    )
    return csv_table(("run", "model", "layer", "head", "row", "column", "reads", "is_read", "weight"), lines)


def html_page(shown: AttentionMap, overview: HeadOverview | None) -> str:
    """A self-contained page: the text coloured by its attention, the map as a table, and all heads in small.

    The tooltip of a cell names its words and its weight.
    """
    title = f"Attention map: {method_text(shown.explanation)}"
    parts = [html_section(shown.explanation), _map_section(shown)]
    if overview is not None and len(overview.heads) > 1:
        parts.append(_overview_section(overview))
    return html_document(title, "\n".join(parts))


def _map_section(shown: AttentionMap) -> str:
    size = -(-len(shown.columns) // MOST_CELLS)
    rows, columns, cells, scale = in_blocks(shown, size)
    names = [_name(block_name(shown.columns, columns, at)) for at in range(len(columns))]
    head = "".join(f'<th scope="col"><span dir="auto">{name}</span></th>' for name in names)
    lines = []
    for at, row in enumerate(cells):
        reads = _name(block_name(shown.rows, rows, at))
        tips = zip(names, row.tolist(), strict=True)
        found = "".join(_cell(f"{reads} → {read}", weight, scale) for read, weight in tips)
        lines.append(f'<tr><th scope="row" dir="auto">{reads}</th>{found}</tr>')
    base = f"Colours begin at the uniform weight, {percent(scale.base)}. " if scale.uniform else ""
    notes = [*map_notes(shown), f"{base}Full colour: {percent(scale.full)}. Point at a cell to see its words."]
    if size > 1:
        notes.append(f"A cell is the mean of a block of {size} words, of {count(len(shown.columns))} positions.")
    about = "<br>".join(escape(plain(note)) for note in notes)
    return (
        f'<section class="wide"><h3>Attention map</h3>\n<p class="legend">{about}</p>\n<div class="scroll">'
        f'<table class="map"><tr><td></td>{head}</tr>\n' + "\n".join(lines) + "</table></div></section>"
    )


def _cell(tip: str, weight: float, scale: HeatScale) -> str:
    share = scale.share(weight)
    heat = f' style="--heat:{share:.2f}"' if share else ""
    return f'<td{heat} title="{tip} {percent(weight, 2)}"></td>'


def _overview_section(overview: HeadOverview) -> str:
    drawn = []
    for head in overview.heads:
        scale = weight_scale(head.cells_BB, overview.positions, head.entropy)
        rows = "".join(f"<tr>{''.join(_small_cells(row, scale))}</tr>" for row in head.cells_BB.tolist())
        drawn.append(f"<figure><figcaption>{escape(small_title(head))}</figcaption><table>{rows}</table></figure>")
    about = escape(f"{overview_title(overview)}. {overview_note(overview)}")
    return (
        f'<section class="wide"><h3>All heads</h3>\n<p class="legend">{about}</p>\n'
        f'<div class="heads">{"".join(drawn)}</div></section>'
    )


def _small_cells(row: list[float], scale: HeatScale) -> Iterator[str]:
    for share in map(scale.share, row):
        yield f'<td style="--heat:{share:.2f}"></td>' if share else "<td></td>"


def _name(text: str) -> str:
    return escape(plain(one_line(text)))


def _picture(shown: AttentionMap, overview: HeadOverview | None, format: Literal["svg", "png"]) -> bytes:  # noqa: A002
    from tmeattn.render.export.figures import Drawn, picture_bytes
    from tmeattn.reproduce.results import HeatmapPanel

    explanation = shown.explanation
    panels: list[Drawn] = [
        HeatmapPanel(method_text(explanation), explanation),
        AttentionPanel("Attention map", shown),
    ]
    if overview is not None and len(overview.heads) > 1:
        panels.append(HeadsPanel(overview_title(overview), overview))
    return picture_bytes("Attention map", f"{explanation.model} (run {explanation.run})", tuple(panels), format)


Writer = Callable[["AttentionMap", "HeadOverview | None"], bytes]
FORMATS: dict[str, Writer] = {
    ".html": lambda shown, overview: html_page(shown, overview).encode(),
    ".svg": lambda shown, overview: _picture(shown, overview, "svg"),
    ".png": lambda shown, overview: _picture(shown, overview, "png"),
    ".json": lambda shown, overview: (json.dumps(shown.document(), ensure_ascii=False) + "\n").encode(
        "utf-8", "backslashreplace"
    ),
    ".csv": lambda shown, overview: csv_text(shown).encode(),
}
"""The writer of each file ending."""
