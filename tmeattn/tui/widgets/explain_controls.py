"""The controls of Explain: two lines of choices above the heatmaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tmeattn.tui.services.reader import ModelCapabilities
from tmeattn.tui.widgets.choice import Choice, Offer

NOTHING: Offer = ("none", None)
DEFAULT: Offer = ("default", None)
PREDICTED: Offer = ("predicted", None)
MEAN: Offer = ("mean", None)


class ExplainOptions(TypedDict):
    """The fields of an `ExplainRequest` that the controls set; None is the default of each."""

    method: str | None
    target: str | None
    layer: int | None
    head: int | None


class ExplainControls(Vertical):
    """Run, run to compare with, method, class, and layer and head if the model has them. Posts `Choice.Changed`."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Choice("run", [NOTHING], id="run")
            yield Choice("compare with", [NOTHING], id="beside")
        with Horizontal():
            yield Choice("method", [DEFAULT], id="method")
            yield Choice("class", [PREDICTED], id="target")
            yield Choice("layer", [MEAN], id="layer")
            yield Choice("head", [MEAN], id="head")

    def on_mount(self) -> None:
        self._offer_heads(())

    def choice(self, name: str) -> Choice:
        return self.query_one(f"#{name}", Choice)

    def offer_runs(self, offers: Sequence[Offer], run: str | None, beside: str | None) -> None:
        """Offer runs by their ids, and select two of them. A run is not compared with itself."""
        self.choice("run").offer(offers or [NOTHING], run)
        self.choice("beside").offer([NOTHING, *(offer for offer in offers if offer[1] != run)], beside)

    def offer(self, able: ModelCapabilities) -> None:
        """Offer the methods, classes and heads of a model; a method that cannot explain it shows the reason.

        Selected values stay selected if they are still offered.
        """
        methods: list[Offer] = [
            (spec.name if reason is None else f"{spec.name} (unavailable: {reason})", spec.name)
            for spec, reason in able.methods
        ]
        classes: list[Offer] = [(label, label) for label in able.classes]
        self.choice("method").offer([DEFAULT, *methods], self.choice("method").value)
        self.choice("target").offer([PREDICTED, *classes], self.choice("target").value)
        self._offer_heads(able.heads)

    def _offer_heads(self, heads: tuple[int, ...]) -> None:
        for name, most in (("layer", len(heads)), ("head", min(heads, default=0))):
            numbers: list[Offer] = [(str(number), number) for number in range(1, most + 1)]
            self.choice(name).offer([MEAN, *numbers], self.choice(name).value)
            self.choice(name).display = most > 0

    def selection(self, able: ModelCapabilities | None) -> ExplainOptions:
        """The selected options; layer and head only if the model has heads and the method selects among them."""
        method = self.choice("method").value
        specs = {spec.name: spec for spec, _ in able.methods} if able else {}
        heads = bool(able and able.heads) and (method is None or (method in specs and specs[method].selects_heads))
        return {
            "method": method,
            "target": self.choice("target").value,
            "layer": self.choice("layer").value if heads else None,
            "head": self.choice("head").value if heads else None,
        }

    def next_method(self, able: ModelCapabilities | None) -> None:
        """Select the next method that can explain the model; the default follows the last one."""
        can = [None, *(spec.name for spec, reason in able.methods if reason is None)] if able else [None]
        now = self.choice("method").value
        self.choice("method").value = can[(can.index(now) + 1) % len(can)] if now in can else None
