"""Two lines of choices above the table of texts: dataset and split, and the filter of the texts."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tmeattn.tui.widgets.choice import Choice, Offer

NOTHING: Offer = ("none", None)
ANY: Offer = ("any", None)
CONFIDENCES: list[Offer] = [
    ANY,
    ("< 60 %", (0.0, 0.6)),
    ("60-80 %", (0.6, 0.8)),
    ("80-95 %", (0.8, 0.95)),
    ("≥ 95 %", (0.95, float("inf"))),
]
LENGTHS: list[Offer] = [
    ANY,
    ("≤ 50", (0.0, 51.0)),
    ("51-100", (51.0, 101.0)),
    ("101-200", (101.0, 201.0)),
    ("201-400", (201.0, 401.0)),
    ("> 400", (401.0, float("inf"))),
]
ORDERS: list[Offer] = [
    ("file order", "file"),
    ("file ↓", "file, last first"),
    ("label ↑", "label"),
    ("label ↓", "label, last first"),
    ("confidence ↑", "least confident"),
    ("confidence ↓", "most confident"),
    ("worst errors", "worst errors"),
    ("surest right", "surest right"),
    ("shortest", "shortest"),
    ("longest", "longest"),
    ("A to Z", "A to Z"),
    ("Z to A", "Z to A"),
]
SPLITS: list[Offer] = [("validation", "validation")]


class Filters(Vertical):
    """Dataset, split, label and run; prediction, confidence, length and order. Posts `Choice.Changed`."""

    def __init__(self, datasets: Sequence[Offer]) -> None:
        super().__init__()
        self.datasets = datasets

    def compose(self) -> ComposeResult:
        yield Horizontal(
            Choice("dataset", self.datasets or [NOTHING], id="dataset"),
            Choice("split", SPLITS, id="split"),
            Choice("label", [ANY], id="label"),
            Choice("run", [NOTHING], id="run"),
        )
        yield Horizontal(
            Choice("prediction", [ANY, ("right", "right"), ("wrong", "wrong")], id="prediction"),
            Choice("confidence", CONFIDENCES, id="confidence"),
            Choice("words", LENGTHS, id="length"),
            Choice("sort", ORDERS, id="order"),
        )
