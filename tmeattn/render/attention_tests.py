"""The tests of attention itself: tables for the terminal, and their cells for files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.faithfulness.attention_results import ORDERS
from tmeattn.faithfulness.results import CONTROL
from tmeattn.render.console import safe
from tmeattn.render.faithfulness import figure
from tmeattn.render.numbers import MISSING, count, decimal
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from tmeattn.faithfulness.attention_results import AdversarialAttention, AttentionTests, WeightErasure
    from tmeattn.faithfulness.results import Estimate

MOST = 0.693
"""ln 2, the largest Jensen-Shannon divergence, in nats."""

Cells = tuple[str, list[str], list[list[str]]]
"""A title, headings (the first is of text), and rows of cells."""


def attention_section(tests: AttentionTests) -> Group:
    """The tables, how to read them, and what does not apply."""
    parts: list[RenderableType] = []
    for title, headings, rows in attention_tables(tests):
        columns = [Column(headings[0]), *(Column(heading, numeric=True) for heading in headings[1:])]
        parts += [Text(), table(columns, rows, title=title)]
    parts += [Text(), *(Text(safe(line), style="dim") for line in attention_notes(tests))]
    return Group(*parts)


def attention_tables(tests: AttentionTests) -> list[Cells]:
    """The tables of the tests that apply."""
    tables = []
    if tests.erasure is not None:
        tables.append(_erasure_table(tests.erasure))
    if tests.adversarial is not None:
        tables.append(_curve_table(tests.adversarial))
    return tables


def _erasure_table(erasure: WeightErasure) -> Cells:
    rows = [
        [row.order, figure(row.first, row.order), figure(row.flips, row.order), figure(row.fraction, row.order)]
        for row in erasure.rows
    ]
    headings = ["order", "flips by the first", "flips at all", "weights erased"]
    return f"Erasing attention weights until the decision flips, {count(erasure.texts)} texts", headings, rows


def _curve_table(adversarial: AdversarialAttention) -> Cells:
    headings = ["TVD at most", "one text"]
    if adversarial.adversaries:
        headings.append("one model")
    rows = []
    for point in adversarial.curve:
        cells = [decimal(point.allowed, 2), MISSING if point.per_text is None else figure(point.per_text, CONTROL)]
        if adversarial.adversaries:
            cells.append(MISSING if point.one_model is None else decimal(point.one_model, 3))
        rows.append(cells)
    return f"Largest JSD of changed attention, {count(adversarial.texts)} texts", headings, rows


def attention_notes(tests: AttentionTests) -> list[str]:
    """How to read the tables, one sentence a line."""
    lines = list(tests.reasons)
    if tests.erasure is not None:
        lines.append("Orders: " + "; ".join(f"{name}: {about}" for name, about in ORDERS.items()) + ".")
        lines.append(
            "weights erased: share of the weights of a text that are erased, and the others renormalised, when its "
            "decision first flips; 1 where it never does (lower is better)."
        )
        if tests.erasure.steps is not None:
            lines.append(f"The weights are erased in steps of {100 // tests.erasure.steps} % of the words.")
    if (adversarial := tests.adversarial) is not None:
        bound = "the exact maximum" if adversarial.exact else "a lower bound of the maximum"
        lines.append(
            f"JSD is in nats, at most {MOST}. one text: other weights for each text on its own, all else in the model "
            f"unchanged, {bound} (Jain and Wallace 2019)."
        )
        if adversarial.adversaries:
            lines.append(
                f"one model: a copy of the model, trained for {adversarial.steps} steps with each of "
                f"{len(adversarial.adversaries) - 1} factors on {count(adversarial.training_texts)} texts of the "
                "training split, at a mean TVD of at most that (Wiegreffe and Pinter 2019)."
            )
    return lines


def attention_measures(tests: AttentionTests) -> Iterator[tuple[str, str, Estimate]]:
    """Method, measure and estimate of each figure that has an interval, for CSV files."""
    if tests.erasure is not None:
        for row in tests.erasure.rows:
            for name in ("first", "flips", "fraction"):
                yield f"weights by {row.order}", f"erased_weights_{name}", getattr(row, name)
    if tests.adversarial is not None:
        for point in tests.adversarial.curve:
            if point.per_text is not None:
                yield "adversary of one text", f"jsd_at_tvd_{point.allowed}", point.per_text


def attention_points(tests: AttentionTests) -> Iterator[tuple[str, str, float]]:
    """Method, measure and value of each figure without an interval, for CSV files."""
    if tests.adversarial is not None:
        for point in tests.adversarial.curve:
            if point.one_model is not None:
                yield "adversary of one model", f"jsd_at_tvd_{point.allowed}", point.one_model
