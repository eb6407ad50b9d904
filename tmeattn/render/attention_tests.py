"""The tests of attention itself: tables for the terminal, and what files need of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.faithfulness.attention_results import ORDERS
from tmeattn.faithfulness.results import CONTROL
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.faithfulness import CHANCE, figure
from tmeattn.render.numbers import MISSING, decimal
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from tmeattn.faithfulness.attention_results import AdversarialAttention, AttentionTests, WeightErasure

MOST = 0.693
"""ln 2, the largest Jensen-Shannon divergence, in nats."""


@dataclass(frozen=True)
class AttentionTable:
    """A table of a test: its headings (the first is of text), its rows, and sentences on how to read it."""

    name: str
    title: str
    headings: list[str]
    rows: list[list[str]]
    notes: list[str]


def attention_section(tests: AttentionTests) -> Group:
    """The tables, how to read them, and what does not apply."""
    parts: list[RenderableType] = []
    found = attention_tables(tests)
    for one in found:
        columns = [Column(one.headings[0]), *(Column(heading, numeric=True) for heading in one.headings[1:])]
        parts += [Text(), table(columns, one.rows, title=one.title)]
    lines = [*tests.reasons, *(line for one in found for line in one.notes)]
    parts += [Text(), *(Text(safe(line), style="dim") for line in lines)]
    return Group(*parts)


def attention_tables(tests: AttentionTests) -> list[AttentionTable]:
    """The tables of the tests that apply."""
    tables = []
    if tests.erasure is not None:
        tables.append(_erasure_table(tests.erasure))
    if tests.adversarial is not None:
        tables.append(_curve_table(tests.adversarial))
    return tables


def _erasure_table(erasure: WeightErasure) -> AttentionTable:
    rows = [
        [row.order, figure(row.first, row.order), figure(row.flips, row.order), figure(row.fraction, row.order)]
        for row in erasure.rows
    ]
    notes = [
        f"Orders: {'; '.join(f'{name}: {about}' for name, about in ORDERS.items())}.",
        "weights erased: share of the weights of a text that are erased, and the others renormalised, when its "
        "decision first flips; 1 where it never does (lower is better).",
        f"{CHANCE} marks figures without a significant difference from the random order.",
    ]
    if erasure.steps is not None:
        notes.append(f"The weights are erased in steps of {100 // erasure.steps} % of the words.")
    headings = ["order", "flips by the first", "flips at all", "weights erased"]
    title = f"Erasing attention weights until the decision flips, {counted(erasure.texts, 'text')}"
    return AttentionTable("erasure", title, headings, rows, notes)


def _curve_table(adversarial: AdversarialAttention) -> AttentionTable:
    bound = "the exact maximum" if adversarial.exact else "a lower bound of the maximum"
    headings = ["TVD at most", "one text"]
    notes = [
        f"JSD is in nats, at most {MOST}. one text: other weights for each text on its own, all else in the model "
        f"unchanged, {bound} (Jain and Wallace 2019)."
    ]
    if adversarial.adversaries:
        headings.append("one model")
        notes.append(
            f"one model: a copy of the model, trained for {adversarial.steps} steps with each of "
            f"{len(adversarial.adversaries) - 1} factors on {counted(adversarial.training_texts, 'text')} of the "
            "training split, at a mean TVD of at most that (Wiegreffe and Pinter 2019)."
        )
    rows = []
    for point in adversarial.curve:
        cells = [decimal(point.allowed, 2), MISSING if point.per_text is None else figure(point.per_text, CONTROL)]
        if adversarial.adversaries:
            cells.append(MISSING if point.one_model is None else decimal(point.one_model, 3))
        rows.append(cells)
    title = f"Largest JSD of changed attention, {counted(adversarial.texts, 'text')}"
    return AttentionTable("adversaries", title, headings, rows, notes)
