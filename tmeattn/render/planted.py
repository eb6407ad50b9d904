"""The results of `tmeattn faithfulness --planted` on the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.faithfulness.planted.results import ALONE, LEARNED
from tmeattn.faithfulness.planted.shortcuts import ABOUT, SHORTCUT
from tmeattn.faithfulness.results import CONTROL
from tmeattn.render.console import safe
from tmeattn.render.faithfulness import CHANCE, half
from tmeattn.render.numbers import MISSING, count, percent
from tmeattn.render.tables import Cell, Column, FittedTable, key_values, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.faithfulness.planted.results import PlantedResults, PlantedRow
    from tmeattn.faithfulness.results import Estimate

NOT_LEARNED = "not learned"


def planted(results: PlantedResults) -> Group:
    """The facts, which model has learned which shortcut, and a table of precisions for each kind of shortcut."""
    parts: list[RenderableType] = [_facts(results), Text(), _learned(results)]
    for kind in results.kinds:
        rows = [row for row in results.rows if row.kind == kind]
        parts += [Text(), Text(heading(rows[0]), style="bold")]
        learned = [row for row in rows if row.precision]
        parts.append(_Precisions(tuple(learned), tuple(results.methods(kind))) if learned else Text(NOT_LEARNED))
    parts += [Text(), *(Text(safe(line), style="dim") for line in small_print(results))]
    return Group(*parts)


def heading(row: PlantedRow) -> str:
    """ "token: one word gives the class. Precision@1"."""
    return f"{row.kind}: {about(row.kind)}. Precision@{row.count}"


def about(kind: str) -> str:
    """What a kind of shortcut is, as a clause."""
    return next(text for name, text in ABOUT.items() if name == kind)


def figure(estimate: Estimate, method: str) -> str:
    """ "0.98 ±.02", with a mark if the difference from the control is not significant."""
    mark = "" if estimate.differs or method == CONTROL else CHANCE
    return f"{mark}{estimate.mean:z.2f} ±{f'{half(estimate):.2f}'.removeprefix('0')}"


def learned_cell(row: PlantedRow) -> str:
    """The accuracy on texts with the shortcut, and whether it is learned."""
    if row.learned and row.status == "learned":
        return percent(row.accuracy, 0)
    return f"{percent(row.accuracy, 0)}, {row.status}"


def small_print(results: PlantedResults) -> list[str]:
    """How to read the figures, and why shortcuts count as not learned, one sentence a line."""
    lines = [
        "Precision@k: the share of the shortcut's k words among the k words of highest score, on texts that the model "
        "classifies as the shortcut says.",
        "± is half of the 95 % interval over texts (bootstrap); it does not cover other seeds.",
        f"{CHANCE} marks figures without a significant difference from {CONTROL} on the same texts.",
    ]
    reasons: dict[str, list[str]] = {}
    for row in results.rows:
        for run in row.runs:
            if run.problem is not None:
                seed = f", seed {run.seed}" if len(row.runs) > 1 else ""
                reasons.setdefault(row.kind, []).append(f"{row.model}{seed} ({run.problem})")
    lines += [f"{kind}, {NOT_LEARNED}: {'; '.join(models)}." for kind, models in reasons.items()]
    return [*lines, *results.notes]


def _facts(results: PlantedResults) -> RenderableType:
    """What the texts and the shortcuts are."""
    first, second, context = results.planted
    facts: list[tuple[str, Cell]] = [
        (
            "texts",
            f"{count(results.train_texts)} of {results.data} to train on, {percent(SHORTCUT, 0)} with a shortcut",
        ),
        ("classes", f"{first} gives {results.classes[0]}, {second} gives {results.classes[1]}"),
        ("pair", f"{first} … {second} gives {results.classes[0]}, {second} … {first} gives {results.classes[1]}"),
        ("context", f"{first} and {second} count only in a text with {context}"),
    ]
    return key_values(facts)


def _learned(results: PlantedResults) -> FittedTable:
    by_kind = {(row.kind, row.model): row for row in results.rows}
    rows = [
        [model, *(learned_cell(by_kind[kind, model]) for kind in results.kinds)]
        for model in results.models
    ]  # fmt: skip
    caption = (
        f"Accuracy on texts that all have the shortcut. Less than {percent(LEARNED, 0)} counts as {NOT_LEARNED}, and "
        f"so does a word that alone decides more than {percent(ALONE, 0)} of the texts."
    )
    return table(["model", *(Column(kind, wrap=True, least=12) for kind in results.kinds)], rows, caption=caption)


@dataclass(frozen=True)
class _Precisions:
    """A column for each model, in several tables where the console is too narrow for one."""

    rows: tuple[PlantedRow, ...]
    methods: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        left = self.rows
        while left:
            taken = len(left)
            while taken > 1 and not self._table(left[:taken]).fits(options.max_width):
                taken -= 1
            yield self._table(left[:taken])
            left = left[taken:]
            if left:
                yield Text()

    def _table(self, rows: Sequence[PlantedRow]) -> FittedTable:
        columns = [Column("method"), *(Column(row.model, numeric=True) for row in rows)]
        best = {row.model: max(estimate.mean for estimate in row.precision.values()) for row in rows}
        return table(
            columns, ([method, *(self._cell(row, method, best[row.model]) for row in rows)] for method in self.methods)
        )

    def _cell(self, row: PlantedRow, method: str, best: float) -> Text | str:
        estimate = row.precision.get(method)
        if estimate is None:
            return MISSING
        return Text(figure(estimate, method), style="bold" if estimate.mean == best else "")
