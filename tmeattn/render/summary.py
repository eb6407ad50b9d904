"""A run on one page: key figures, learning curves, and the development of its attention entropy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.curves import Curves, Series, curves
from tmeattn.render.histogram import Histogram, Ridges, histogram, ridges
from tmeattn.render.layout import SideBySide
from tmeattn.render.numbers import count, decimal, finite, percent, seconds
from tmeattn.render.tables import Cell, Column, key_values, table
from tmeattn.runs.event_types import EpochEvent, EpochPart, Event, SplitName, StepEvent
from tmeattn.runs.events import best_epoch, epoch_events, started_event
from tmeattn.runs.summary import RunSummary

_Measure = Literal["cross_entropy", "accuracy"]


def brief_summary(run: RunSummary, events: Sequence[Event]) -> RenderableType:
    """The key figures alone."""
    started = started_event(events)
    parameters = None if started is None else started["parameters"]
    return _key_figures(run, parameters, best_entropy(_epochs(events)), brief=True)


def summary(run: RunSummary, events: Sequence[Event]) -> Group:
    """Key figures, curves of loss and accuracy, and the attention entropy of the first and of the last epoch."""
    epochs = _epochs(events)
    started = started_event(events)
    parameters = None if started is None else started["parameters"]
    parts: list[RenderableType] = [_key_figures(run, parameters, best_entropy(epochs))]
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
    """Loss and accuracy over epochs, or over steps before the second epoch; None before the second step event."""
    epochs = _epochs(events)
    if len(epochs) > 1:
        return (
            curves(_over_epochs(epochs, "cross_entropy", 1), title="Cross-entropy", x_label="epoch", values=".3f"),
            curves(_over_epochs(epochs, "accuracy", 100), title="Accuracy", y_label="%", x_label="epoch", values=".1f"),
        )
    steps = [event for event in events if event["kind"] == "step"]
    if len(steps) < 2:
        return None
    xs = [float(event["step"]) for event in steps]
    return (
        curves(
            [Series("train", xs, [_scaled(event, "cross_entropy", 1) for event in steps])],
            title="Cross-entropy",
            x_label="step",
            values=".3f",
        ),
        curves(
            [Series("train", xs, [_scaled(event, "accuracy", 100) for event in steps])],
            title="Accuracy",
            y_label="%",
            x_label="step",
            values=".1f",
        ),
    )


def entropy_history(events: Sequence[Event]) -> RenderableType | None:
    """Histograms of the attention entropy on the training and on the validation texts, one row for each epoch.

    None without attention.
    """
    epochs = _epochs(events)
    # Both titles fit half of 110 columns. "while training": the weights still changed, and dropout was active.
    train = _history(epochs, "train", "Attention entropy on training texts, while training")
    validation = _history(epochs, "validation", "Attention entropy on the validation texts")
    return SideBySide(train, validation) if train and validation else train or validation


def entropy_histogram(part: EpochPart, title: str, *, height: int = 5) -> Histogram | None:
    """The histogram of one split in an epoch, with its mean in the title; None if there is nothing to draw."""
    bins, mean = part.get("histogram"), finite(part.get("entropy"))
    if bins is None:
        return None
    low, high = finite(bins.get("low")), finite(bins.get("high"))
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
    """Attention entropy of every layer and head after the last epoch; None if the attention has no heads."""
    epochs = _epochs(events)
    layers = epochs[-1]["validation"].get("heads") if epochs else None
    if not layers:
        return None
    rows = [
        (f"layer {index}", decimal(sum(heads) / len(heads), 2), "  ".join(decimal(head, 2) for head in heads))
        for index, heads in enumerate(layers, start=1)
    ]
    columns: list[str | Column] = ["", Column("mean", numeric=True), Column("heads", wrap=True)]
    return Group(
        Text(f"Attention entropy by layer and head after epoch {epochs[-1]['epoch']}, nats", style="bold"),
        table(columns, rows),
    )


def best_entropy(epochs: Sequence[EpochEvent]) -> str | None:
    """Mean attention entropy on the validation texts in the best epoch; None without attention."""
    best = best_epoch(epochs)
    entropy = None if best is None else finite(best["validation"]["entropy"])
    if best is None or entropy is None:
        return None
    share = finite(best["validation"]["normalized_entropy"])
    of_uniform = "" if share is None else f", {percent(share, 0)} of uniform"
    return f"{decimal(entropy, 2)} nats{of_uniform} (epoch {best['epoch']})"


def _key_figures(
    run: RunSummary, parameters: int | None, entropy: str | None, *, brief: bool = False
) -> RenderableType:
    """brief: without what the command line says, so that a training ends with ten lines."""
    heading = Text(safe(run.name or run.id), style="bold")
    heading.append(f"  {safe(run.shown_state)}", style="not bold dim")
    epoch = f" (epoch {run.best_epoch})" if run.best_epoch is not None else ""
    best = None if run.best_accuracy is None else Text(f"{percent(run.best_accuracy, 2)}{epoch}", style="bold")
    pairs: list[tuple[str, Cell]] = [
        ("run", run.id),
        ("model", run.model),
        ("dataset", run.dataset),
        ("tags", " ".join(run.tags) or None),
        ("best validation accuracy", best),
        ("attention entropy", entropy),
        ("alpha", f"{run.alpha:g}"),
        ("seed", str(run.seed)),
        ("epochs", str(run.epochs)),
        ("parameters", None if parameters is None else count(parameters)),
        ("time", seconds(run.seconds)),
    ]
    left_out = ("tags", "alpha", "seed") if brief else ()
    return Group(heading, key_values([pair for pair in pairs if pair[0] not in left_out]))


def _over_epochs(epochs: Sequence[EpochEvent], measure: _Measure, factor: float) -> list[Series]:
    xs = [float(epoch["epoch"]) for epoch in epochs]
    splits: tuple[SplitName, ...] = ("train", "validation")
    return [Series(split, xs, [_scaled(epoch[split], measure, factor) for epoch in epochs]) for split in splits]


def _epochs(events: Sequence[Event]) -> list[EpochEvent]:
    """The epoch events in order. Of an epoch that a resumed run logged twice, only the last event counts."""
    latest = {event["epoch"]: event for event in epoch_events(events)}
    return [latest[epoch] for epoch in sorted(latest)]


def _ends(epochs: Sequence[EpochEvent]) -> list[EpochEvent]:
    return [epochs[0], epochs[-1]] if len(epochs) > 1 else list(epochs)


def _scaled(measures: EpochPart | StepEvent, measure: _Measure, factor: float) -> float | None:
    value = measures.get(measure)
    return None if value is None else factor * value
