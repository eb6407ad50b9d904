"""The charts of a run as data: which there are, and their curves over steps, epochs or time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from tmeattn.runs.event_types import EpochEvent, SplitName, StepMeasure
from tmeattn.runs.events import best_epoch
from tmeattn.watching.curve import Curve, smoothed
from tmeattn.watching.run_state import RunState

XAxis = Literal["epoch", "step", "time"]
AXES: tuple[XAxis, ...] = ("epoch", "step", "time")
SMOOTHINGS = (0.0, 0.6, 0.9, 0.98)
"""The weights of the exponential mean that a key goes through; 0: none."""
LEAST_SPAN = 1 / 4096
"""The smallest part of a curve that a chart can show."""
EpochMeasured = Literal["cross_entropy", "accuracy", "entropy"]


@dataclass(frozen=True)
class ChartKind:
    """One chart.

    unit, spec, factor: of its values: shown behind them, how they are written, and by what the logged ones are
                        multiplied.
    may_be_log:         whether its y axis can be logarithmic: a percentage and what may be zero stay linear.
    is_noisy:           whether smoothing shows more than the curve itself.
    of_epochs:          the same measure of the epochs, with a curve of the validation texts; None without.
    """

    id: str
    title: str
    measure: StepMeasure
    unit: str = ""
    spec: str = ".3f"
    factor: float = 1.0
    may_be_log: bool = False
    is_noisy: bool = True
    of_epochs: EpochMeasured | None = None


CHARTS = (
    ChartKind("loss", "Cross-entropy", "cross_entropy", may_be_log=True, of_epochs="cross_entropy"),
    ChartKind("accuracy", "Accuracy", "accuracy", "%", ".1f", 100.0, of_epochs="accuracy"),
    ChartKind("entropy", "Attention entropy", "entropy", "nats", ".2f", of_epochs="entropy"),
    ChartKind("learning-rate", "Learning rate", "learning_rate", spec=".3g", may_be_log=True, is_noisy=False),
    ChartKind("gradient-norm", "Gradient norm", "gradient_norm", spec=".3g", may_be_log=True),
    ChartKind("speed", "Speed", "tokens_per_second", "tokens/s", ",.0f"),
    ChartKind("cpu", "CPU", "cpu", "cores", ".2f"),
    ChartKind("memory", "Memory", "memory", "MB", ",.0f", 1e-6),
)


@dataclass(frozen=True)
class View:
    """What the user has chosen for all charts.

    smoothing: the weight of the exponential mean (see `smoothed`) for one logged event; 0: none.
    log:       whether the y axes are logarithmic.
    span:      the part of the x axis that is visible; None: all of it.
    """

    axis: XAxis = "epoch"
    smoothing: float = 0.0
    log: bool = False
    span: tuple[float, float] | None = None

    def with_next_axis(self) -> View:
        """The next x axis, and all of it."""
        return replace(self, axis=AXES[(AXES.index(self.axis) + 1) % len(AXES)], span=None)

    def with_next_smoothing(self) -> View:
        """The next stronger smoothing, or none again."""
        following = [weight for weight in SMOOTHINGS if weight > self.smoothing]
        return replace(self, smoothing=following[0] if following else 0.0)

    def zoomed(self, extent: tuple[float, float] | None, factor: float, around: float | None) -> View:
        """A part of the x axis `factor` times as wide around a place, or else at the right end.

        extent: all of the x axis; None where there is no curve yet.
        """
        if extent is None or extent[0] == extent[1]:
            return replace(self, span=None)
        left, right = self.span or extent
        whole = extent[1] - extent[0]
        width = max((right - left) * factor, whole * LEAST_SPAN)
        if width >= whole:
            return replace(self, span=None)
        at = right if around is None else min(max(around, left), right)
        start = at - (at - left) / (right - left) * width
        start = min(max(start, extent[0]), extent[1] - width)
        return replace(self, span=(start, start + width))

    def moved_to(self, extent: tuple[float, float] | None, x: float) -> View:
        """The visible part, moved so far that x is in it."""
        if self.span is None or extent is None:
            return self
        left, right = self.span
        by = min(x - left, 0.0) + max(x - right, 0.0)
        by = min(max(by, extent[0] - left), extent[1] - right)
        return replace(self, span=(left + by, right + by))


def charts_of(states: Sequence[RunState]) -> list[ChartKind]:
    """The charts for which at least one run has logged values; all where none has logged a step yet."""
    if not any(len(state.steps) or state.epochs for state in states):
        return list(CHARTS)
    return [kind for kind in CHARTS if any(_has(state, kind) for state in states)] or list(CHARTS[:2])


def _has(state: RunState, kind: ChartKind) -> bool:
    if any(value is not None for value in state.steps.curve(kind.measure)[1]):
        return True
    measure = kind.of_epochs
    return measure is not None and any(epoch["validation"][measure] is not None for epoch in state.epochs)


def curves(kind: ChartKind, states: Sequence[RunState], names: Sequence[str], view: View) -> list[Curve]:
    """The curves of a chart: of the first run, and over them those of the others.

    names: of the runs. Of a single run, the curves are named by the split.
    """
    first, others = states[0], states[1:]
    view = view if kind.is_noisy else replace(view, smoothing=0.0)
    found: list[Curve] = []
    if kind.of_epochs is None:
        name = names[0] if others else ""
        found += _with_mean(Curve(name, *_over_steps(first, kind, view)), first, view)
    else:
        found += _with_mean(Curve("train", *_over_steps(first, kind, view)), first, view)
        name = names[0] if others else "validation"
        found.append(Curve(name, *_over_epochs(first, kind, view), colour=1, marked=True))
    for index, (other, name) in enumerate(zip(others, names[1:], strict=True), start=2):
        if kind.of_epochs is None:
            found += _with_mean(Curve(name, *_over_steps(other, kind, view), colour=index), other, view)
        else:
            found.append(Curve(name, *_over_epochs(other, kind, view), colour=index, marked=True))
    return found


def _with_mean(curve: Curve, state: RunState, view: View) -> list[Curve]:
    """The curve; where it is smoothed, the curve in the background and its exponential mean. A point that stands for
    several events counts as so many."""
    if not view.smoothing or len(curve.xs) < 2 or not len(state.steps):
        return [curve]
    weight = view.smoothing**state.steps.stride
    return [replace(curve, faint=True), replace(curve, ys=smoothed(curve.ys, weight))]


def _over_steps(state: RunState, kind: ChartKind, view: View) -> tuple[list[float], list[float | None]]:
    """A measure of the steps; the means of the epochs if there are fewer than two steps."""
    if len(state.steps) < 2 and state.epochs and kind.of_epochs is not None:
        return _over_epochs(state, kind, view, "train")
    steps, values = state.steps.curve(kind.measure)
    xs: Sequence[float | None] = steps
    if view.axis == "epoch":
        xs = [step / (state.steps_per_epoch or 1) for step in steps]
    elif view.axis == "time":
        xs = state.steps.clock()
    return _known(xs, values, kind.factor)


def _over_epochs(
    state: RunState, kind: ChartKind, view: View, texts: SplitName = "validation"
) -> tuple[list[float], list[float | None]]:
    """A measure of each epoch: of the validation split after it, or of the training split during it."""
    assert kind.of_epochs is not None
    xs = [place(state, epoch, view) for epoch in state.epochs]
    return _known(xs, [epoch[texts][kind.of_epochs] for epoch in state.epochs], kind.factor)


def place(state: RunState, epoch: EpochEvent, view: View) -> float | None:
    """Where the end of an epoch is on the x axis."""
    if view.axis == "time":
        return state.epoch_seconds.get(epoch["epoch"])
    return float(epoch["epoch"] if view.axis == "epoch" else epoch["step"])


def _known(
    xs: Sequence[float | None], ys: Sequence[float | None], factor: float
) -> tuple[list[float], list[float | None]]:
    pairs = [(x, None if y is None else factor * y) for x, y in zip(xs, ys, strict=True) if x is not None]
    return [x for x, _ in pairs], [y for _, y in pairs]


def best(state: RunState, view: View) -> tuple[float, int] | None:
    """Where the best epoch ends on the x axis, and its number; None without one."""
    found = best_epoch(state.epochs)
    x = None if found is None else place(state, found, view)
    return None if found is None or x is None else (x, found["epoch"])


def extent(curves: Sequence[Curve]) -> tuple[float, float] | None:
    """The range of x of all curves; None without a point."""
    xs = list(chain.from_iterable((curve.xs[0], curve.xs[-1]) for curve in curves if len(curve.xs)))
    return (min(xs), max(xs)) if xs else None
