"""A reproduced table or figure on the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.render.console import safe
from tmeattn.render.curves import Series, curves
from tmeattn.render.heatmap import HeatmapKey, entropy_text, heatmap
from tmeattn.render.histogram import ridges
from tmeattn.render.layout import SideBySide
from tmeattn.render.matrix import matrix
from tmeattn.render.numbers import MISSING, count, decimal, finite, percent
from tmeattn.render.tables import Column, table
from tmeattn.reproduce.results import FALL, CurvePanel, HeatmapPanel, MatrixPanel, RidgePanel

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Context, Difference, Panel, Result, Row


def reproduction(result: Result) -> Group:
    """Title and conditions, the table beside the report, the panels, and what there is to say about it."""
    parts: list[RenderableType] = [
        Text(safe(result.title), style="bold"),
        Text(conditions(result.context), style="dim"),
    ]
    if result.says:
        parts.append(Text(f"The report says: {safe(result.says)}"))
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
        return "from the formula: nothing is trained"
    seeds = f"seed{'s' if len(context.seeds) > 1 else ''} {', '.join(map(str, context.seeds))}"
    parts = [
        f"recipe {context.recipe}",
        f"{context.dataset} {context.split} split ({count(context.texts)} texts)",
        f"vectors {context.vectors}",
        seeds,
    ]
    if context.limit is not None:
        parts.append(f"trained on {count(context.limit)} texts only")
    parts += context.options
    if context.quick:
        parts.append("quick: few epochs, so not to be held against the report")
    elif context.shortened:
        parts.append("shortened, so not to be held against the report")
    return safe(", ".join(parts))


def measured_on(context: Context | None) -> str:
    """ "s/epoch on cpu, 1 thread"; nothing where the machine is not known."""
    machines = context.machines if context else ()
    return f"s/epoch on {' or '.join(machines)}{', not comparable' if len(machines) > 1 else ''}" if machines else ""


def collapsed(rows: Sequence[Row]) -> bool:
    """Whether some row ended far below its best epoch."""
    return any(
        row.accuracy is not None and row.last_accuracy is not None and row.accuracy - row.last_accuracy > FALL
        for row in rows
    )


def verdict(difference: Difference) -> str:
    """What stands beside a difference: whether it is the report's other way round, and whether it could be chance."""
    said = ["reversed"] if difference.reversed else []
    if finite(difference.low) is not None and finite(difference.high) is not None and not difference.significant:
        said.append("could be chance")
    return ", ".join(said)


def how_differences(context: Context | None) -> str:
    """What the intervals of differences cover, and what they do not."""
    if context is not None and len(context.seeds) > 1:
        return "Points of accuracy; paired bootstrap over seeds and texts, not corrected for the number of comparisons."
    return (
        "Points of accuracy; paired bootstrap over the validation texts; other seeds are not covered, nor is the "
        "number of comparisons."
    )


def _rows(result: Result) -> RenderableType:
    rows = result.rows
    best = "Validation accuracy in % at the best epoch"
    last = [_points(row.last_accuracy) for row in rows] if collapsed(rows) else [MISSING] * len(rows)
    columns: list[tuple[Column, list[str]]] = [
        (Column("", wrap=True), [row.label for row in rows]),
        (Column("report", numeric=True), [_points(row.report) for row in rows]),
        (Column("here", numeric=True, style="bold", about=best), [_points(row.accuracy) for row in rows]),
        (
            Column("±", numeric=True, drop=1, about="± is half of Student's 95 % interval over seeds"),
            [_points(row.half) for row in rows],
        ),
        (Column("last", numeric=True, drop=2, about="last is after the last epoch"), last),
        (
            Column("nats", numeric=True, drop=3, about="nats: attention entropy"),
            [decimal(row.entropy, 2) for row in rows],
        ),
        (
            Column("/ ln n", numeric=True, drop=5, about="/ ln n: its share of uniform"),
            [percent(row.normalized_entropy, 0) for row in rows],
        ),
        (
            Column("epoch", numeric=True, drop=4, about="epoch is best/trained"),
            [f"{_short(row.best_epoch)}/{_short(row.epochs)}" for row in rows],
        ),
        (
            Column("s/epoch", numeric=True, drop=6, about=measured_on(result.context)),
            [decimal(row.seconds_per_epoch, 1) for row in rows],
        ),
        (Column("", drop=7, noted=True), [f"{len(row.diverged)} diverged" if row.diverged else "" for row in rows]),
    ]
    return _filled(columns, caption=_how_sure(result))


def _filled(columns: Sequence[tuple[Column, Sequence[str]]], caption: str) -> RenderableType:
    """A table without the columns that no row fills."""
    kept = [(column, cells) for column, cells in columns if any(cell not in {"", MISSING} for cell in cells)]
    return table([column for column, _ in kept], zip(*(cells for _, cells in kept), strict=True), caption=caption)


def _how_sure(result: Result) -> str:
    """How far the accuracies can be trusted."""
    known = [row.accuracy for row in result.rows if row.accuracy is not None]
    if result.context is None:
        return ""
    if len(result.context.seeds) > 1:
        return "Means over seeds."
    if not known or not result.context.texts:
        return "One seed."
    low, high = accuracy_interval(sum(known) / len(known), result.context.texts)
    return f"One seed: other texts alone would move an accuracy by about ± {50 * (high - low):.1f} (Wilson)."


def _differences(differences: Sequence[Difference], context: Context | None) -> RenderableType:
    reported = [MISSING if one.report is None else f"{100 * one.report:+.2f}" for one in differences]
    intervals = [f"{100 * one.low:+.2f} to {100 * one.high:+.2f}" for one in differences]
    columns: list[tuple[Column, list[str]]] = [
        (Column("against the row above", wrap=True), [one.label for one in differences]),
        (Column("report", numeric=True), reported),
        (Column("here", numeric=True, style="bold"), [f"{100 * one.difference:+.2f}" for one in differences]),
        (Column("95 % interval", numeric=True, drop=1), intervals),
        (Column("", drop=2, noted=True), [verdict(one) for one in differences]),
    ]
    return _filled(columns, caption=how_differences(context))


def _panels(panels: Sequence[Panel]) -> list[RenderableType]:
    """Charts two by two where there is room, heatmaps one under another."""
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
    """For each label of a y axis the range of all curves under it: they are there to be compared."""
    values: dict[str, list[float]] = {}
    for panel in panels:
        if isinstance(panel, CurvePanel):
            found = values.setdefault(panel.y_label, [])
            found += [y for line in panel.lines for y in line.ys if y is not None and math.isfinite(y)]
    return {label: (min(found), max(found)) for label, found in values.items() if found}


def _chart(panel: CurvePanel | RidgePanel | MatrixPanel, ranges: Mapping[str, tuple[float, float]]) -> RenderableType:
    if isinstance(panel, MatrixPanel):
        return matrix(panel.values, title=panel.title, x_label=panel.x_label, y_label=panel.y_label)
    if isinstance(panel, RidgePanel):
        rows = [(ridge.label, ridge.counts) for ridge in panel.rows]
        return ridges(rows, panel.low, panel.high, mean=[ridge.mean for ridge in panel.rows], title=panel.title)
    series = [Series(line.name, line.xs, line.ys) for line in panel.lines]
    return curves(
        series, title=panel.title, y_label=panel.y_label, x_label=panel.x_label, y_range=ranges.get(panel.y_label)
    )


def _heatmap(panel: HeatmapPanel) -> list[RenderableType]:
    found = panel.explanation
    told = f"{found.predicted_label} {percent(found.confidence)}"
    told += f", truly {found.true_label}" if found.true_label else ""
    told += f", {entropy}" if (entropy := entropy_text(found)) else ""
    parts = [Text(safe(panel.title), style="bold"), Text(safe(told), style="dim")]
    parts += [Text(safe(found.note), style="italic")] if found.note else []
    return [*parts, heatmap(found, details=False)]


def _points(fraction: float | None) -> str:
    """A fraction in percent without its sign: the column says it."""
    return percent(fraction, 2).removesuffix(" %")


def _short(number: float | None) -> str:
    return MISSING if number is None else f"{number:.3g}"
