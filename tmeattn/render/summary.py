"""The whole of a run on one page: key figures, learning curves, and what became of its attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.curves import Curves, Series, curves
from tmeattn.render.histogram import histogram, ridges
from tmeattn.render.tables import Cell, count, key_values, percent, seconds

Event = Mapping[str, Any]

SIDE_BY_SIDE = 110


@dataclass(frozen=True)
class Pair:
    """Two renderables beside each other where the console has 110 columns, else one below the other."""

    left: RenderableType
    right: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < SIDE_BY_SIDE:
            yield Group(self.left, Text(), self.right)
            return
        grid = Table.grid(expand=True, padding=(0, 2))
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        grid.add_row(self.left, self.right)
        yield grid


def summary(run_info: Mapping[str, Any], events: Sequence[Event]) -> Group:
    """Key figures, curves of loss and accuracy, and the entropy of attention in the first and the last epoch."""
    epochs = _epochs(events)
    parts: list[RenderableType] = [_key_figures(run_info)]
    if charts := learning_curves(events):
        parts += [Text(), Pair(*charts)]
    histograms = [picture for epoch in _ends(epochs) if (picture := _entropy_histogram(epoch)) is not None]
    if len(histograms) == 2:
        parts += [Text(), Pair(*histograms)]
    elif histograms:
        parts += [Text(), histograms[0]]
    return Group(*parts)


def learning_curves(events: Sequence[Event]) -> tuple[Curves, Curves] | None:
    """Loss and accuracy over epochs; over the steps of training while there is but one epoch; None before that."""
    epochs = _epochs(events)
    if len(epochs) > 1:
        return (
            curves(_over_epochs(epochs, "cross_entropy", 1), title="Cross-entropy", x_label="epoch"),
            curves(_over_epochs(epochs, "accuracy", 100), title="Accuracy", y_label="%", x_label="epoch"),
        )
    steps = [event for event in events if event.get("kind") == "step" and event.get("step") is not None]
    if len(steps) < 2:
        return None
    xs = [float(event["step"]) for event in steps]
    return (
        curves(
            [Series("train", xs, [_number(event, "cross_entropy", 1) for event in steps])],
            title="Cross-entropy",
            x_label="step",
        ),
        curves(
            [Series("train", xs, [_number(event, "accuracy", 100) for event in steps])],
            title="Training accuracy",
            y_label="%",
            x_label="step",
        ),
    )


def entropy_history(events: Sequence[Event]) -> RenderableType | None:
    """How the entropy of attention on the validation texts is spread, one row an epoch; None without attention."""
    parts = [
        (str(epoch["epoch"]), validation["histogram"], _number(validation, "entropy", 1))
        for epoch in _epochs(events)
        if (validation := _part(epoch, "validation")).get("histogram")
    ]
    if not parts:
        return None
    return ridges(
        [(f"epoch {epoch}", histogram["counts"]) for epoch, histogram, _ in parts],
        parts[0][1]["low"],
        parts[0][1]["high"],
        mean=[mean for _, _, mean in parts],
        title="Attention entropy on the validation texts",
    )


def _key_figures(run_info: Mapping[str, Any]) -> RenderableType:
    best = run_info.get("best_accuracy")
    heading = Text(safe(str(run_info.get("name") or run_info.get("id") or "run")), style="bold")
    heading.append(f"  {safe(str(run_info.get('state') or ''))}", style="not bold dim")
    alpha, seed = run_info.get("alpha"), run_info.get("seed")
    epochs, parameters = run_info.get("epochs"), run_info.get("parameters")
    took = run_info.get("seconds")
    at = f" (epoch {run_info['best_epoch']})" if run_info.get("best_epoch") is not None else ""
    pairs: list[tuple[str, Cell]] = [
        ("run", run_info.get("id")),
        ("model", run_info.get("model")),
        ("dataset", run_info.get("dataset")),
        ("best validation accuracy", None if best is None else Text(f"{percent(best, 2)}{at}", style="bold")),
        ("alpha", None if alpha is None else f"{alpha:g}"),
        ("seed", None if seed is None else str(seed)),
        ("epochs", None if epochs is None else str(epochs)),
        ("parameters", None if parameters is None else count(parameters)),
        ("time", None if took is None else seconds(took)),
    ]
    return Group(heading, key_values(pairs))


def _entropy_histogram(epoch: Event) -> RenderableType | None:
    validation = _part(epoch, "validation")
    bins = validation.get("histogram")
    if not bins:
        return None
    mean = _number(validation, "entropy", 1)
    title = f"Attention entropy, epoch {epoch['epoch']}" + (f", mean {mean:.2f} nats" if mean is not None else "")
    return histogram(bins["counts"], bins["low"], bins["high"], title=title, height=5)


def _over_epochs(epochs: Sequence[Event], key: str, factor: float) -> list[Series]:
    xs = [float(epoch["epoch"]) for epoch in epochs]
    return [
        Series(name, xs, [_number(_part(epoch, part), key, factor) for epoch in epochs])
        for name, part in (("train", "train"), ("validation", "validation"))
    ]


def _epochs(events: Sequence[Event]) -> list[Event]:
    """The epoch events in order, the last one of each epoch: a resumed run may have logged an epoch twice."""
    latest = {event["epoch"]: event for event in events if event.get("kind") == "epoch" and "epoch" in event}
    return [latest[epoch] for epoch in sorted(latest)]


def _ends(epochs: Sequence[Event]) -> list[Event]:
    return [epochs[0], epochs[-1]] if len(epochs) > 1 else list(epochs)


def _part(event: Event, name: str) -> Event:
    part = event.get(name)
    return part if isinstance(part, Mapping) else {}


def _number(event: Event, key: str, factor: float) -> float | None:
    value = event.get(key)
    return None if value is None else factor * float(value)
