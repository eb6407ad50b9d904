"""Texts about an attention map, about its row at the cursor and about a cell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import count, decimal, percent, shortened

if TYPE_CHECKING:
    from tmeattn.explain.attention_map import AttentionMap, HeadOverview


READS = " reads"
WIDEST = ("  10.00 nats, 100 % of uniform", "  100 % of uniform", "  10.00 nats")
"""The widest figures of a row, from the most that are shown to the least."""


def about(shown: AttentionMap) -> Text:
    """The layer and the head of the map, the prediction of the text, and what of the text was read."""
    explanation = shown.explanation
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(place_text(shown), style="bold")
    line.append(f"  {safe_line(explanation.predicted_label)} {percent(explanation.confidence)}")
    if explanation.true_label is not None:
        line.append("" if explanation.is_correct else f", label {safe_line(explanation.true_label)}")
    line.append(f"  {counted(len(explanation.words), 'word')}", "dim")
    if explanation.is_truncated:
        line.append(f", {count(explanation.tokens_cut)} more not read", "dim")
    return line.append(f"  {safe(explanation.model)}, {safe(explanation.run)}", "dim")


def place_text(shown: AttentionMap) -> str:
    """ "Layer 2 of 3, head: mean of 8" """
    heads, layer, head = shown.heads, shown.explanation.layer, shown.explanation.head
    if shown.pools:
        return "Attention of the pooling"
    which = f"layer {layer} of {len(heads)}" if layer else f"mean of {counted(len(heads), 'layer')}"
    most = max(heads if layer is None else heads[layer - 1 : layer])
    if most > 1:
        which += f", head {head} of {most}" if head else f", mean of {counted(most, 'head')}"
    return which[0].upper() + which[1:]


def row_title(shown: AttentionMap, row: int, room: int) -> Text:
    """The word that reads, and how spread its attention is, in `room` terminal cells.

    Every row of a map has the same units: as many as fit beside the longest name of a row.
    """
    positions, entropy = len(shown.columns), shown.entropy(row)
    nats = f"  {decimal(entropy, 2)} nats"
    share = f"{percent(entropy / math.log(positions), 0)} of uniform" if positions > 1 else ""
    longest = max(cell_len(safe_line(name)) for name in shown.rows)
    kind = next((at for at, widest in enumerate(WIDEST) if longest + cell_len(f"{READS}{widest}") <= room), -1)
    figures = (f"{nats}, {share}", f"  {share}", nats)[kind] if share else nats
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(shortened(safe_line(shown.rows[row]), max(4, room - cell_len(f"{READS}{figures}"))), "bold")
    return line.append(READS).append(figures, "dim")


def cell(shown: AttentionMap, row: int, column: int) -> Text:
    """The two words of a cell, and its weight."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(safe_line(shown.rows[row]), "bold").append(" reads ").append(safe_line(shown.columns[column]), "bold")
    return line.append(f" with {percent(float(shown.weights_RS[row, column]), 2)}")


def head_line(overview: HeadOverview, layer: int, head: int) -> str:
    """The chosen one of the heads in small."""
    found = next(one for one in overview.heads if (one.layer, one.head) == (layer, head))
    return f"Layer {layer}, head {head}: mean entropy of a row {decimal(found.entropy, 2)} nats. Enter opens its map."
