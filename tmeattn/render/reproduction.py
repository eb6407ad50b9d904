"""A reproduced table or figure on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted, plural
from tmeattn.render.console import safe, safe_line
from tmeattn.render.curves import Series, curves
from tmeattn.render.diagram import DiagramView
from tmeattn.render.explanation_texts import entropy_text
from tmeattn.render.heatmap import HeatmapKey, heatmap
from tmeattn.render.histogram import ridges
from tmeattn.render.layout import SideBySide
from tmeattn.render.matrix import matrix
from tmeattn.render.numbers import MISSING, decimal, finite, percent
from tmeattn.render.tables import Column, table
from tmeattn.reproduce.results import (
    FALL,
    ONE_SEED,
    CurvePanel,
    DiagramPanel,
    HeatmapPanel,
    MatrixPanel,
    RidgePanel,
    verdict,
)

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Context, Difference, Panel, Result, Row


def reproduction(result: Result) -> Group:
    """Title and conditions, the table with the figures of the report, the panels, and the notes."""
    parts: list[RenderableType] = [
        Text(safe(result.title), style="bold"),
        Text(conditions(result.context), style="dim"),
    ]
    if result.formula:
        parts += [Text(), *(Text(f"    {safe(line)}", no_wrap=True, overflow="fold") for line in result.formula)]
    if result.says:
        parts.append(Text(f"Finding of the report: {safe(result.says)}"))
    if result.rows:
        parts += [Text(), _rows(result)]
    if result.differences:
        parts += [Text(), _differences(result.differences, result.context)]
    parts += [Text(), *_panels(result.panels)] if result.panels else []
    if result.notes:
        parts += [Text(), *(Text(safe(note)) for note in result.notes)]
    return Group(*parts)


def conditions(context: Context | None) -> str:
    """ "recipe report, imdb-25k validation split (5,021 texts), vectors glove-50d, seed 0" """
    if context is None:
        return "computed without training"
    seeds = f"{plural(len(context.seeds), 'seed')} {', '.join(map(str, context.seeds))}"
    parts = [
        f"recipe {context.recipe}",
        *([context.method] if context.method else []),
        f"{context.dataset} {context.split} split ({counted(context.texts, 'text')})",
        f"vectors {context.vectors}",
        seeds,
    ]
    if context.limit is not None:
        parts.append(f"trained on only {counted(context.limit, 'text')}")
    parts += context.options
    if context.quick:
        parts.append("quick: few texts and epochs, not comparable with the report")
    elif context.shortened:
        parts.append("shortened, not comparable with the report")
    return safe(", ".join(parts))


def measured_on(context: Context | None) -> str:
    """ "s/epoch on cpu, 1 thread"; empty if the machine is not known."""
    machines = context.machines if context else ()
    return f"s/epoch on {' or '.join(machines)}{', not comparable' if len(machines) > 1 else ''}" if machines else ""


def collapsed(rows: Sequence[Row]) -> bool:
    """Whether the accuracy of some row fell far below that of its best epoch."""
    return any(
        row.accuracy is not None and row.last_accuracy is not None and row.accuracy - row.last_accuracy > FALL
        for row in rows
    )


def how_differences(context: Context | None) -> str:
    """What the intervals of the differences cover, and what they do not."""
    if context is not None and len(context.seeds) > 1:
        return "Points of accuracy; paired bootstrap over seeds and texts, not corrected for the number of comparisons."
    how = (
        "Points of accuracy; one seed: paired bootstrap over the validation texts, without other seeds, not corrected "
        "for the number of comparisons."
    )
    if context is not None and context.seed_may_decide:
        how += (
            f' "{ONE_SEED}": no finding, because after so few steps another seed may give the opposite. '
            "With --seeds 3 the interval covers seeds too."
        )
    return how


def _rows(result: Result) -> RenderableType:
    rows = result.rows
    best = "Validation accuracy in % at the best epoch"
    last = [_points(row.last_accuracy) for row in rows] if collapsed(rows) else [MISSING] * len(rows)
    columns: list[tuple[Column, list[str]]] = [
        (Column("", wrap=True), [row.label for row in rows]),
        (Column("report", numeric=True), [_points(row.report) for row in rows]),
        (Column("here", numeric=True, style="bold", about=best), [_points(row.accuracy) for row in rows]),
        (Column("95 %", numeric=True, drop=1), [interval_text(row) for row in rows]),
        (Column("report train", numeric=True, drop=3), [_points(row.report_train) for row in rows]),
        (
            Column("train", numeric=True, drop=2, about="train: training accuracy during that epoch"),
            [_points(row.train_accuracy) for row in rows],
        ),
        (Column("last", numeric=True, drop=4, about="last: after the last epoch"), last),
        (
            Column("nats", numeric=True, drop=5, about="nats: attention entropy"),
            [decimal(row.entropy, 2) for row in rows],
        ),
        (
            Column("/ ln n", numeric=True, drop=7, about="/ ln n: its share of uniform"),
            [percent(row.normalized_entropy, 0) for row in rows],
        ),
        (
            Column("epoch", numeric=True, drop=6, about="epoch: best/trained"),
            [f"{_short(row.best_epoch)}/{_short(row.epochs)}" for row in rows],
        ),
        (
            Column("s/epoch", numeric=True, drop=8, about=measured_on(result.context)),
            [decimal(row.seconds_per_epoch, 1) for row in rows],
        ),
        (Column("", drop=9, noted=True), [remark(row) for row in rows]),
    ]
    return _filled(columns, caption=how_accuracies(result.context))


def remark(row: Row) -> str:
    """What is wrong with a row: that seeds diverged, that it is at chance."""
    diverged = f"{len(row.diverged)} diverged" if row.diverged else ""
    return ", ".join(filter(None, (diverged, "at chance" if row.at_chance else "")))


def interval_text(row: Row) -> str:
    """ "78.1 to 80.3": the 95 % interval of an accuracy in percent."""
    low, high = finite(row.low), finite(row.high)
    return MISSING if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"


def _filled(columns: Sequence[tuple[Column, Sequence[str]]], caption: str) -> RenderableType:
    """A table without the columns that are empty in every row."""
    kept = [(column, cells) for column, cells in columns if any(cell not in {"", MISSING} for cell in cells)]
    return table([column for column, _ in kept], zip(*(cells for _, cells in kept), strict=True), caption=caption)


def how_accuracies(context: Context | None) -> str:
    """What the 95 % intervals of the accuracies are."""
    if context is None:
        return ""
    if len(context.seeds) > 1:
        return "Means over seeds; 95 %: Student's interval over seeds."
    how = "One seed; 95 %: Wilson's interval over texts, without other seeds."
    if context.seed_may_decide:
        how += " After so few steps another seed may order the rows differently: see it with --seeds 3."
    return how


def _differences(differences: Sequence[Difference], context: Context | None) -> RenderableType:
    reported = [MISSING if row.report is None else f"{100 * row.report:+.2f}" for row in differences]
    intervals = [f"{100 * row.low:+.2f} to {100 * row.high:+.2f}" for row in differences]
    may_be_luck = context is not None and context.seed_may_decide
    here = Column("here", numeric=True, style="" if may_be_luck else "bold")
    columns: list[tuple[Column, list[str]]] = [
        (Column("minus the row above", wrap=True), [row.label for row in differences]),
        (Column("report", numeric=True), reported),
        (here, [f"{100 * row.difference:+.2f}" for row in differences]),
        (Column("95 % interval", numeric=True, drop=2), intervals),
        (Column("", drop=1, noted=True), [verdict(row, context) for row in differences]),
    ]
    return _filled(columns, caption=how_differences(context))


def _panels(panels: Sequence[Panel]) -> list[RenderableType]:
    """Charts in two columns if the console is wide enough, then the heatmaps below each other."""
    ranges = _shared_ranges(panels)
    charts = [_chart(panel, ranges) for panel in panels if not isinstance(panel, HeatmapPanel)]
    parts: list[RenderableType] = []
    for index in range(0, len(charts), 2):
        pair = charts[index : index + 2]
        parts += [SideBySide(*pair) if len(pair) == 2 else pair[0], Text()]
    heatmaps = [panel for panel in panels if isinstance(panel, HeatmapPanel)]
    for panel in heatmaps:
        parts += [*_heatmap(panel), Text()]
    return [*parts, HeatmapKey(tuple(panel.explanation for panel in heatmaps))] if heatmaps else parts[:-1]


def _shared_ranges(panels: Sequence[Panel]) -> dict[str, tuple[float, float]]:
    """The common range of all curves with the same label of the y axis, so that they can be compared."""
    values: dict[str, list[float]] = {}
    for panel in panels:
        if isinstance(panel, CurvePanel):
            ys = values.setdefault(panel.y_label, [])
            ys += [y for line in panel.lines for y in line.ys if y is not None and math.isfinite(y)]
    return {label: (min(ys), max(ys)) for label, ys in values.items() if ys}


def _chart(
    panel: CurvePanel | RidgePanel | MatrixPanel | DiagramPanel, ranges: Mapping[str, tuple[float, float]]
) -> RenderableType:
    if isinstance(panel, DiagramPanel):
        return DiagramView(panel.diagram, panel.title)
    if isinstance(panel, MatrixPanel):
        return matrix(panel.values, title=panel.title, x_label=panel.x_label, y_label=panel.y_label)
    if isinstance(panel, RidgePanel):
        rows = [(ridge.label, ridge.counts) for ridge in panel.rows]
        drawn = ridges(rows, panel.low, panel.high, mean=[ridge.mean for ridge in panel.rows], title=panel.title)
        return Group(drawn, Text(safe(panel.note), style="italic")) if panel.note else drawn
    series = [Series(line.name, line.xs, line.ys) for line in panel.lines]
    return curves(
        series, title=panel.title, y_label=panel.y_label, x_label=panel.x_label, y_range=ranges.get(panel.y_label)
    )


def _heatmap(panel: HeatmapPanel) -> list[RenderableType]:
    explanation = panel.explanation
    facts = [f"predicted {explanation.predicted_label} {percent(explanation.confidence)}"]
    if explanation.true_label:
        facts.append(f"{'✓ right' if explanation.is_correct else '✗ wrong'}: the label is {explanation.true_label}")
    if entropy := entropy_text(explanation):
        facts.append(entropy)
    parts = [Text(safe(panel.title), style="bold"), Text(safe_line(", ".join(facts)), style="dim")]
    parts += [Text(safe(explanation.note), style="italic")] if explanation.note else []
    return [*parts, heatmap(explanation, details=False)]


def _points(fraction: float | None) -> str:
    """A fraction in percent, without the percent sign."""
    return percent(fraction, 2).removesuffix(" %")


def _short(number: float | None) -> str:
    return MISSING if number is None else f"{number:.3g}"
