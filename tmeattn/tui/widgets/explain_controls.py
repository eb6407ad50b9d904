"""What is asked of which run: two lines of choices above the heatmaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tmeattn.tui.services.reader import ModelCapabilities
from tmeattn.tui.widgets.choice import Choice, Offer

NOTHING: Offer = ("none", None)
DEFAULT: Offer = ("default", None)
PREDICTED: Offer = ("predicted", None)
MEAN: Offer = ("mean", None)


class ExplainControls(Vertical):
    """Run, run beside it, method, class, and layer and head where the model has them. Posts `Choice.Changed`."""

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield Choice("run", [NOTHING], id="run")
            yield Choice("beside", [NOTHING], id="beside")
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
        """Runs by their ids, and which two are chosen."""
        self.choice("run").offer(offers or [NOTHING], run)
        self.choice("beside").offer([NOTHING, *offers], beside)

    def offer(self, able: ModelCapabilities) -> None:
        """What a model can be asked; methods that cannot serve it say why. What was chosen stays where it can."""
        methods: list[Offer] = [
            (spec.name if reason is None else f"{spec.name}: no, {reason}", spec.name) for spec, reason in able.methods
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

    def asked(self, able: ModelCapabilities | None) -> dict[str, Any]:
        """What is chosen, as fields of an `ExplainRequest`; layer and head only where model and method know them."""
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
        """The next one that can serve the model, after the last the default."""
        can = [None, *(spec.name for spec, reason in able.methods if reason is None)] if able else [None]
        now = self.choice("method").value
        self.choice("method").value = can[(can.index(now) + 1) % len(can)] if now in can else None
