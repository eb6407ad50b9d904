"""The curves of an evaluation, for the terminal and for pictures in files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.curves import Series, curves
from tmeattn.render.layout import SideBySide
from tmeattn.render.numbers import count, percent, percent_change
from tmeattn.render.tables import Column, table
from tmeattn.reproduce.results import CurvePanel, PlottedLine

if TYPE_CHECKING:
    from tmeattn.evaluation.document import EvaluationDocument

HEIGHT = 11
_DIAGONAL = (0.0, 1.0)


def curve_panels(result: EvaluationDocument) -> tuple[CurvePanel, ...]:
    """The reliability curve, the ROC curves and the precision-recall curves, as far as they are defined."""
    bins = result["reliability"]
    reliability = CurvePanel(
        f"Reliability: calibration error {percent(result['calibration_error'], 2)}",
        "confidence",
        "accuracy",
        (
            PlottedLine("model", tuple(one["confidence"] for one in bins), tuple(one["accuracy"] for one in bins)),
            PlottedLine("calibrated", _DIAGONAL, _DIAGONAL),
        ),
    )
    every = result["rank_curves"]
    drawn = {name: lines for name, lines in every.items() if result["per_class"][name]["roc_auc"] is not None}
    if not drawn:
        return (reliability,)
    area, average = result["roc_auc"], result["average_precision"]
    mean = "" if result["positive"] else ", mean of the classes"
    roc = CurvePanel(
        f"ROC: area {percent(area, 2)}{mean}",
        "share of the other texts",
        "share of the class (recall)",
        (*(_line(name, lines["roc"]) for name, lines in drawn.items()), PlottedLine("chance", _DIAGONAL, _DIAGONAL)),
    )
    precision = CurvePanel(
        f"Precision and recall: average precision {percent(average, 2)}{mean}",
        "recall",
        "precision",
        tuple(_line(name, lines["precision_recall"]) for name, lines in drawn.items()),
    )
    return reliability, roc, precision


def _line(name: str, points: Sequence[tuple[float, float]]) -> PlottedLine:
    return PlottedLine(name, tuple(x for x, _ in points), tuple(y for _, y in points))


def curves_on_screen(result: EvaluationDocument, *, height: int = HEIGHT) -> RenderableType:
    """The reliability curve and the ROC curves, beside each other on a wide console."""
    drawn = [panel_on_screen(panel, height) for panel in curve_panels(result)[:2]]
    return SideBySide(*drawn) if len(drawn) == 2 else Group(*drawn, Text())


def panel_on_screen(panel: CurvePanel, height: int = HEIGHT) -> RenderableType:
    """One of the curves, with its rates from 0 to 1."""
    return curves(
        [Series(line.name, line.xs, line.ys) for line in panel.lines],
        title=panel.title,
        height=height,
        x_label=panel.x_label,
        y_label=panel.y_label,
        y_range=(0.0, 1.0),
    )


def reliability_page(result: EvaluationDocument, *, height: int = HEIGHT) -> Group:
    """The reliability curve, its bins with their numbers of texts, and the ranking curves."""
    rows = [
        (
            f"{percent(one['low'], 0)} to {percent(one['high'], 0)}",
            count(one["texts"]),
            percent(one["confidence"]),
            percent(one["accuracy"]),
            percent_change(one["confidence"], one["accuracy"]),
        )
        for one in result["reliability"]
    ]
    names = ("texts", "mean", "accuracy", "points off")
    bins = table(["confidence", *(Column(name, numeric=True) for name in names)], rows)
    first, *others = curve_panels(result)
    parts: list[RenderableType] = [panel_on_screen(first, height), Text(), bins]
    for panel in others:
        parts += [Text(), panel_on_screen(panel, height)]
    return Group(*parts)
