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
from tmeattn.runs.event_types import EpochEvent, Event, SplitName
from tmeattn.runs.events import best_epoch, epoch_events, started_event
from tmeattn.runs.index import RunSummary


def summary(run: RunSummary, events: Sequence[Event]) -> Group:
    """Key figures, curves of loss and accuracy, and the entropy of attention in the first and the last epoch."""
    epochs = _epochs(events)
    started = started_event(events)
    parameters = None if started is None else started["parameters"]
    parts: list[RenderableType] = [_key_figures(run, parameters, _best_entropy(epochs))]
    if charts := learning_curves(events):
        parts += [Text(), SideBySide(*charts)]
    histograms = [
        picture
        for epoch in _ends(epochs)
        if (picture := entropy_histogram(epoch["validation"], f"Attention entropy, epoch {epoch['epoch']}"))
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
    steps = [event for event in events if event["kind"] == "step"]
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


def entropy_histogram(part: Mapping[str, Any], title: str, *, height: int = 5) -> Histogram | None:
    """The histogram in one part of an epoch's event, its mean added to the title; None where there is none to draw."""
    bins = part.get("histogram") or {}
    low, high, mean = finite(bins.get("low")), finite(bins.get("high")), finite(part.get("entropy"))
    if low is None or high is None or low >= high or not bins.get("counts"):
        return None
    title += "" if mean is None else f", mean {mean:.2f} nats"
    return histogram(bins["counts"], low, high, title=title, height=height)


def _history(epochs: Sequence[EpochEvent], split: SplitName, title: str) -> Ridges | None:
    rows = [(epoch, bins) for epoch in epochs if (bins := epoch[split]["histogram"])]
    if not rows:
        return None
    first = rows[0][1]
    return ridges(
        [(f"epoch {epoch['epoch']}", bins["counts"]) for epoch, bins in rows],
        first["low"],
        first["high"],
        mean=[epoch[split]["entropy"] for epoch, _ in rows],
        title=title,
    )


def entropy_heads(events: Sequence[Event]) -> Group | None:
    """Attention entropy of every layer and head after the last epoch; None where attention has no heads."""
    epochs = _epochs(events)
    layers = epochs[-1]["validation"].get("heads") if epochs else None
    if not layers:
        return None
    rows = [
        (f"layer {index}", decimal(sum(heads) / len(heads), 2), "  ".join(decimal(head, 2) for head in heads))
        for index, heads in enumerate(layers, start=1)
    ]
    columns: list[str | Column] = ["", Column("mean", numeric=True), Column("heads", wrap=True)]
    return Group(Text("Attention entropy by layer and head, nats", style="bold"), table(columns, rows))


def _key_figures(run: RunSummary, parameters: int | None, entropy: str | None) -> RenderableType:
    heading = Text(safe(run.name or run.id), style="bold")
    heading.append(f"  {safe(run.state)}", style="not bold dim")
    epoch = f" (epoch {run.best_epoch})" if run.best_epoch is not None else ""
    best = None if run.best_accuracy is None else Text(f"{percent(run.best_accuracy, 2)}{epoch}", style="bold")
    pairs: list[tuple[str, Cell]] = [
        ("run", run.id),
        ("model", run.model),
        ("dataset", run.dataset),
        ("best validation accuracy", best),
        ("attention entropy", entropy),
        ("alpha", f"{run.alpha:g}"),
        ("seed", str(run.seed)),
        ("epochs", str(run.epochs)),
        ("parameters", None if parameters is None else count(parameters)),
        ("time", seconds(run.seconds)),
    ]
    return Group(heading, key_values(pairs))


def _best_entropy(epochs: Sequence[EpochEvent]) -> str | None:
    """Mean entropy on the validation texts with the weights that were kept; None without attention."""
    best = best_epoch(epochs)
    entropy = None if best is None else finite(best["validation"]["entropy"])
    if best is None or entropy is None:
        return None
    share = finite(best["validation"]["normalized_entropy"])
    of_uniform = "" if share is None else f", {percent(share, 0)} of uniform"
    return f"{decimal(entropy, 2)} nats{of_uniform} (epoch {best['epoch']})"


def _over_epochs(epochs: Sequence[EpochEvent], key: str, factor: float) -> list[Series]:
    xs = [float(epoch["epoch"]) for epoch in epochs]
    splits: tuple[SplitName, ...] = ("train", "validation")
    return [Series(split, xs, [_number(epoch[split], key, factor) for epoch in epochs]) for split in splits]


def _epochs(events: Sequence[Event]) -> list[EpochEvent]:
    """The epoch events in order, the last one of each epoch: a resumed run may have logged an epoch twice."""
    latest = {event["epoch"]: event for event in epoch_events(events)}
    return [latest[epoch] for epoch in sorted(latest)]


def _ends(epochs: Sequence[EpochEvent]) -> list[EpochEvent]:
    return [epochs[0], epochs[-1]] if len(epochs) > 1 else list(epochs)


def _number(fields: Mapping[str, Any], key: str, factor: float) -> float | None:
    value = fields.get(key)
    return None if value is None else factor * float(value)
