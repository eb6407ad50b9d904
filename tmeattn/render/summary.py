"""The whole of a run on one page: key figures, learning curves, and what became of its attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.curves import Curves, Series, curves
from tmeattn.render.histogram import Histogram, Ridges, histogram, ridges
from tmeattn.render.layout import SideBySide
from tmeattn.render.numbers import count, decimal, finite, percent, seconds
from tmeattn.render.tables import Cell, Column, key_values, table

Event = Mapping[str, Any]


def summary(run_info: Mapping[str, Any], events: Sequence[Event]) -> Group:
    """Key figures, curves of loss and accuracy, and the entropy of attention in the first and the last epoch."""
    epochs = _epochs(events)
    parts: list[RenderableType] = [_key_figures(run_info, _best_entropy(epochs))]
    if charts := learning_curves(events):
        parts += [Text(), SideBySide(*charts)]
    histograms = [
        picture
        for epoch in _ends(epochs)
        if (picture := entropy_histogram(_part(epoch, "validation"), f"Attention entropy, epoch {epoch['epoch']}"))
    ]
    if len(histograms) == 2:
        parts += [Text(), SideBySide(*histograms)]
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
    """How the entropy of attention is spread on the training and on the validation texts, one row an epoch.

    None without attention.
    """
    epochs = _epochs(events)
    # Both must fit a half of 110 columns. That the weights still changed, and dropout was on, sets training apart.
    train = _history(epochs, "train", "Attention entropy on training texts, while training")
    validation = _history(epochs, "validation", "Attention entropy on the validation texts")
    return SideBySide(train, validation) if train and validation else train or validation


def entropy_histogram(part: Event, title: str, *, height: int = 5) -> Histogram | None:
    """The histogram in one part of an epoch's event, its mean added to the title; None where there is none to draw."""
    bins = _part(part, "histogram")
    low, high, mean = finite(bins.get("low")), finite(bins.get("high")), finite(part.get("entropy"))
    if low is None or high is None or low >= high or not bins.get("counts"):
        return None
    title += "" if mean is None else f", mean {mean:.2f} nats"
    return histogram(bins["counts"], low, high, title=title, height=height)


def _history(epochs: Sequence[Event], name: str, title: str) -> Ridges | None:
    rows = [(epoch["epoch"], part) for epoch in epochs if (part := _part(epoch, name)).get("histogram")]
    if not rows:
        return None
    first = rows[0][1]["histogram"]
    return ridges(
        [(f"epoch {epoch}", part["histogram"]["counts"]) for epoch, part in rows],
        first["low"],
        first["high"],
        mean=[_number(part, "entropy", 1) for _, part in rows],
        title=title,
    )


def entropy_heads(events: Sequence[Event]) -> Group | None:
    """Attention entropy of every layer and head after the last epoch; None where attention has no heads."""
    last = _part(_epochs(events)[-1], "validation") if _epochs(events) else {}
    layers = last.get("heads")
    if not layers:
        return None
    rows = [
        (f"layer {index}", decimal(sum(heads) / len(heads), 2), "  ".join(decimal(head, 2) for head in heads))
        for index, heads in enumerate(layers, start=1)
    ]
    columns: list[str | Column] = ["", Column("mean", numeric=True), Column("heads", wrap=True)]
    return Group(Text("Attention entropy by layer and head, nats", style="bold"), table(columns, rows))


def _key_figures(run_info: Mapping[str, Any], entropy: str | None) -> RenderableType:
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
        ("attention entropy", entropy),
        ("alpha", None if alpha is None else f"{alpha:g}"),
        ("seed", None if seed is None else str(seed)),
        ("epochs", None if epochs is None else str(epochs)),
        ("parameters", None if parameters is None else count(parameters)),
        ("time", None if took is None else seconds(took)),
    ]
    return Group(heading, key_values(pairs))


def _best_entropy(epochs: Sequence[Event]) -> str | None:
    """Mean entropy on the validation texts with the weights that were kept; None without attention."""
    best: Event = next((epoch for epoch in reversed(epochs) if epoch.get("best")), {})
    validation = _part(best, "validation")
    entropy, share = finite(validation.get("entropy")), finite(validation.get("normalized_entropy"))
    if entropy is None:
        return None
    of_uniform = "" if share is None else f", {percent(share, 0)} of uniform"
    return f"{decimal(entropy, 2)} nats{of_uniform} (epoch {best['epoch']})"


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
