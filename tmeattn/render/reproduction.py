"""A reproduced table or figure on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.render.console import safe
from tmeattn.render.curves import Series, curves
from tmeattn.render.heatmap import heatmap
from tmeattn.render.histogram import ridges
from tmeattn.render.matrix import matrix
from tmeattn.render.summary import Pair
from tmeattn.render.tables import MISSING, Column, count, decimal, percent, table
from tmeattn.reproduce.results import CurvePanel, HeatmapPanel, MatrixPanel, RidgePanel

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
        parts += [Text(), _rows(result.rows), Text(_how_sure(result), style="dim")]
    if result.differences:
        parts += [Text(), _differences(result.differences)]
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
    if context.quick:
        parts.append("quick: a tenth of the epochs, so not to be held against the report")
    return safe(", ".join(parts))


def _rows(rows: Sequence[Row]) -> RenderableType:
    """Columns that no row fills are left out."""
    columns: list[tuple[Column, list[str]]] = [
        (Column("", wrap=True), [row.label for row in rows]),
        (Column("report", numeric=True), [_points(row.report) for row in rows]),
        (Column("here", numeric=True, style="bold"), [_here(row) for row in rows]),
        (Column("±", numeric=True), [_points(row.half) for row in rows]),
        (Column("nats", numeric=True), [decimal(row.entropy, 2) for row in rows]),
        (Column("/ ln n", numeric=True), [percent(row.normalized_entropy, 0) for row in rows]),
        (Column("epoch", numeric=True), [f"{_short(row.best_epoch)}/{_short(row.epochs)}" for row in rows]),
        (Column("s/epoch", numeric=True), [decimal(row.seconds_per_epoch, 1) for row in rows]),
    ]
    kept = [(column, cells) for column, cells in columns if any(cell != MISSING for cell in cells)]
    return table([column for column, _ in kept], zip(*(cells for _, cells in kept), strict=True))


def _here(row: Row) -> str:
    return _points(row.accuracy) + (f" ({len(row.diverged)} diverged)" if row.diverged else "")


def _how_sure(result: Result) -> str:
    """What the columns are, and how far the figures can be trusted."""
    text = "Validation accuracy in % at the best epoch (best/trained), attention entropy in nats and over ln n"
    known = [row.accuracy for row in result.rows if row.accuracy is not None]
    if result.context is None:
        return text
    if len(result.context.seeds) > 1:
        return f"{text}; means over seeds, ± is half of Student's 95 % interval."
    if not known or not result.context.texts:
        return f"{text}; one seed."
    low, high = accuracy_interval(sum(known) / len(known), result.context.texts)
    return f"{text}; one seed: other texts alone would move an accuracy by about ± {50 * (high - low):.1f} (Wilson)."


def _differences(differences: Sequence[Difference]) -> RenderableType:
    rows = []
    for one in differences:
        verdict = "reversed" if one.reversed else ""
        if not one.significant:
            verdict += f"{', ' if verdict else ''}within chance"
        interval = f"{100 * one.low:+.2f} to {100 * one.high:+.2f}"
        reported = MISSING if one.report is None else f"{100 * one.report:+.2f}"
        rows.append((one.label, reported, f"{100 * one.difference:+.2f}", interval, verdict))
    return table(
        [
            Column("against the row above", wrap=True),
            Column("report", numeric=True),
            Column("here", numeric=True, style="bold"),
            Column("95 % interval", numeric=True),
            "",
        ],
        rows,
        caption="Points of accuracy; paired bootstrap over the validation texts.",
    )


def _panels(panels: Sequence[Panel]) -> list[RenderableType]:
    """Charts two by two where there is room, heatmaps one under another."""
    charts: list[RenderableType] = [_chart(panel) for panel in panels if not isinstance(panel, HeatmapPanel)]
    parts: list[RenderableType] = []
    for index in range(0, len(charts), 2):
        pair = charts[index : index + 2]
        parts += [Pair(*pair) if len(pair) == 2 else pair[0], Text()]
    for panel in panels:
        if isinstance(panel, HeatmapPanel):
            parts += [*_heatmap(panel), Text()]
    return parts[:-1]


def _chart(panel: CurvePanel | RidgePanel | MatrixPanel) -> RenderableType:
    if isinstance(panel, MatrixPanel):
        return matrix(panel.values, title=panel.title, x_label=panel.x_label, y_label=panel.y_label)
    if isinstance(panel, RidgePanel):
        rows = [(ridge.label, ridge.counts) for ridge in panel.rows]
        return ridges(rows, panel.low, panel.high, mean=[ridge.mean for ridge in panel.rows], title=panel.title)
    series = [Series(line.name, line.xs, line.ys) for line in panel.lines]
    return curves(series, title=panel.title, y_label=panel.y_label, x_label=panel.x_label)


def _heatmap(panel: HeatmapPanel) -> list[RenderableType]:
    found = panel.explanation
    told = f"{found.classes[found.predicted]} {percent(found.probabilities[found.predicted])}"
    told += f", truly {found.true_label}" if found.true_label else ""
    told += "" if found.entropy is None else f", entropy {found.entropy:.2f} nats"
    return [Text(safe(panel.title), style="bold"), Text(safe(told), style="dim"), heatmap(found, details=False)]


def _points(fraction: float | None) -> str:
    """A fraction in percent without its sign: the column says it."""
    return percent(fraction, 2).removesuffix(" %")


def _short(number: float | None) -> str:
    return MISSING if number is None else f"{number:.3g}"
