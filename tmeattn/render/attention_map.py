"""The attention map of a text on the terminal: coloured cells with the words beside and above them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.cells import cell_len
from rich.console import Group
from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.explain.attention_map import CLS, block_edges, block_name, blocked
from tmeattn.plurals import counted, plural
from tmeattn.render.console import safe, safe_line
from tmeattn.render.explanation_texts import heatmap_header
from tmeattn.render.head_overview import overview_grid
from tmeattn.render.heat_scale import HeatScale
from tmeattn.render.map_cells import cell_of, map_legend, weight_scale
from tmeattn.render.numbers import count, percent, shortened
from tmeattn.render.palette import HEAT, LEVELS, HeatColours, heat_style, shows_heat
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from tmeattn.explain.attention_map import AttentionMap, HeadOverview

STRONGEST = 8
"""Pairs of words that are listed, unless another number is given."""
LONGEST_ROW, LONGEST_COLUMN = 14, 9
"""Cells of the name of a row, and lines of the name of a column."""


@dataclass(frozen=True)
class MapView:
    """The renderable of `map_grid`."""

    map: AttentionMap

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(24, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        shown = self.map
        label = label_width(shown.rows)
        room = max(4, options.max_width - label - 1)
        size, cell = fitting(shown.prefix, len(shown.columns), room)
        rows, columns, cells, scale = in_blocks(shown, size)
        colour = shows_heat(console)
        names = [shown.columns[edge] for edge in columns]
        for letters in column_names(names, cell):
            yield Text(" " * (label + 1) + letters, style="dim", no_wrap=True)
        for at in range(len(rows)):
            name = block_name(shown.rows, rows, at)
            line = Text(shortened(name, label).rjust(label) + " ", style="", no_wrap=True)
            for value in cells[at].tolist():
                text, style = cell_of(scale.share(value), cell, colour)
                line.append(text, style)
            yield line
        yield Text()
        yield map_legend(scale, colour)
        if size > 1:
            yield Text(safe(blocks_note(shown, size, len(columns))), style="dim")


def map_grid(shown: AttentionMap) -> MapView:
    """A map as coloured cells, with a row for each word that reads and a column for each word that is read.

    Where the console is too narrow for all columns, a cell stands for a block of words, and a line says of how many. A
    console with fewer than 256 colours shows shades of grey characters.
    """
    return MapView(shown)


def map_page(shown: AttentionMap, overview: HeadOverview | None = None, *, top: int = STRONGEST) -> Group:
    """The prediction, the map, the strongest pairs of words, and all heads in small."""
    parts: list[RenderableType] = [*heatmap_header(shown.explanation), Text(), map_grid(shown)]
    notes = filter(None, (*map_notes(shown), choices_text(shown)))
    parts += [Text(safe(line), style="dim") for line in notes]
    if pairs := strongest_pairs(shown, top):
        parts += [Text(), pairs]
    if overview is not None and len(overview.heads) > 1:
        parts += [Text(), overview_grid(overview)]
    return Group(*parts)


class BlockedMap(NamedTuple):
    """A map in blocks of words. rows, columns: the positions at which they begin; cells: their mean weights, which
    `scale` colours."""

    rows: list[int]
    columns: list[int]
    cells: np.ndarray
    scale: HeatScale


def in_blocks(shown: AttentionMap, size: int) -> BlockedMap:
    """A map in blocks of `size` words."""
    positions = len(shown.columns)
    columns = block_edges(shown.prefix, positions, size)
    rows = [0] if shown.pools else columns
    cells = blocked(shown.weights_RS, rows, columns)
    return BlockedMap(rows, columns, cells, weight_scale(cells, positions, shown.mean_entropy))


def label_width(names: Sequence[str]) -> int:
    """Cells for the names of rows."""
    return min(LONGEST_ROW, max((cell_len(safe_line(name)) for name in names), default=0))


def fitting(prefix: int, positions: int, room: int) -> tuple[int, int]:
    """The words of a block and the width of a cell with which all columns fit `room` cells."""
    if positions <= room:
        return 1, 2 if 2 * positions <= room else 1
    return -(-(positions - prefix) // max(room - prefix, 1)), 1


def column_names(names: Sequence[str], cell: int, most: int = LONGEST_COLUMN) -> Iterator[str]:
    """The lines of the names above the columns, each letter below the one before it; the names end at the cells."""
    letters = [list(shortened(safe_line(name), most)) for name in names]
    high = max(map(len, letters), default=0)
    for line in range(high):
        shown = ((" " * (high - len(name)) + "".join(name))[line] for name in letters)
        yield "".join(_fitted(letter, cell) for letter in shown).rstrip()


def _fitted(letter: str, cell: int) -> str:
    """A letter in a cell, above the last digit of a cell with numbers; one wider than its cell is left out."""
    wide = cell_len(letter)
    before = max(0, cell - 2)
    return (
        (" " * before + letter).ljust(cell - wide + 1) if wide <= cell - before else "·".rjust(before + 1).ljust(cell)
    )


def map_notes(shown: AttentionMap) -> list[str]:
    """How to read the map, one sentence a line."""
    explanation = shown.explanation
    if shown.pools:
        lines = ["The row is the pooling of the model: it reads each word with the weight of its column."]
    else:
        lines = ["A row is a word that reads, a column a word that is read; the weights of a row sum to 100 %."]
    if shown.prefix:
        lines.append(_special_positions(shown))
    if explanation.is_truncated:
        lines.append(f"{counted(explanation.tokens_cut, 'word')} at the end of the text not read by the model.")
    return lines


def _special_positions(shown: AttentionMap) -> str:
    """What the positions before the words are."""
    if shown.prefix == 1 and shown.classifies_by_prefix:
        return f"{CLS} is the position before the words, from which the class is predicted."
    names = " and ".join(shown.columns[: shown.prefix])
    added = f"{names} {plural(shown.prefix, 'is a special token', 'are special tokens')} of the model, not of the text"
    return f"{added}; the class is predicted from {CLS}." if shown.classifies_by_prefix else f"{added}."


def choices_text(shown: AttentionMap) -> str:
    """ "Choose one map with --layer 1 to 3 and --head 1 to 8.": what is left to choose; empty where nothing is."""
    heads, layer, head = shown.heads, shown.explanation.layer, shown.explanation.head
    most = max(heads if layer is None else heads[layer - 1 : layer], default=1)
    parts = [f"--layer 1 to {len(heads)}"] if len(heads) > 1 and layer is None else []
    parts += [f"--head 1 to {most}"] if most > 1 and head is None else []
    return f"Choose one map with {' and '.join(parts)}." if parts else ""


def blocks_note(shown: AttentionMap, size: int, blocks: int) -> str:
    """What a cell stands for where it stands for several words, and how many words have no name of their own."""
    unnamed = len(shown.columns) - blocks
    what = f"{size} words" if shown.pools else f"{size} by {size} words"
    return (
        f"A cell is the mean of a block of {what}. {count(unnamed)} of {count(len(shown.columns))} positions have no "
        "name here; a wider terminal, --json and --export .html show more."
    )


def strongest_pairs(shown: AttentionMap, top: int) -> RenderableType | None:
    """A table of the largest weights; None without any."""
    pairs = [pair for pair in shown.strongest(top) if pair.weight]
    if not pairs:
        return None
    rows = [
        (
            shown.rows[pair.row],
            str(pair.row + 1),
            shown.columns[pair.column],
            str(pair.column + 1),
            percent(pair.weight),
        )
        for pair in pairs
    ]
    left = shown.weights_RS.size - len(pairs)
    caption = f"The largest of {counted(shown.weights_RS.size, 'weight')}; # is the position." if left else None
    columns = [
        *(Column("word that reads", wrap=True), Column("#", True, drop=1)),
        *(Column("word that is read", wrap=True), Column("#", True, drop=1)),
        Column("weight", True),
    ]
    return table(columns, rows, title="Largest weights", caption=caption)


def row_lines(
    shown: AttentionMap, row: int, column: int, width: int, most: int, *, colour: bool, colours: HeatColours = HEAT
) -> Iterator[Text]:
    """The distribution of a row: its largest weights with bars, and that of `column`, on at most `most` lines. A word
    that occurs several times has its number."""
    ranked = shown.ranked(row)
    lines = max(1, most - 1)  # the last line counts the others
    kept = ranked[:lines] if len(ranked) > most else ranked
    here = next(at for at, pair in enumerate(ranked) if pair.column == column)
    if here >= len(kept):
        kept = [*kept[:-1], ranked[here]]
    columns = shown.columns
    numbers = {pair.column: f" #{pair.column + 1}" for pair in kept if columns.count(columns[pair.column]) > 1}
    longest = max(map(len, numbers.values()), default=0)
    room = max(4, min(14, width // 3)) + longest
    bar = max(1, width - room - 9)
    for pair in kept:
        line = Text(no_wrap=True)
        number = numbers.get(pair.column, "")
        name = shortened(safe_line(columns[pair.column]), room - len(number)) + number
        line.append(name + " " * (room - cell_len(name)), "bold reverse" if pair.column == column else "")
        line.append(f" {percent(pair.weight):>7} ")
        style = heat_style(LEVELS, colours).bgcolor if colour else None
        line.append("█" * round(bar * pair.weight / (ranked[0].weight or 1.0)), Style(color=style))
        yield line
    if left := len(ranked) - len(kept):
        rest = 1.0 - sum(pair.weight for pair in kept)
        yield Text(f"{counted(left, 'other')}: {percent(max(rest, 0.0))}", style="dim", no_wrap=True)
