"""The panes of a comparison of runs: results, overlaid curves with a legend of their own, and options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from rich.console import Group, RenderableType
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tmeattn.evaluation.paired import TextComparison
from tmeattn.plurals import counted
from tmeattn.render.comparison import group_table, notes, options_table, run_table
from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, decimal, flag, option_value, percent, shortened
from tmeattn.render.palette import series_style
from tmeattn.render.tables import Cell, Column, key_values, table
from tmeattn.render.text_comparison import text_comparison
from tmeattn.runs.comparison import ComparedRun, Comparison
from tmeattn.runs.event_types import EpochEvent, SplitName
from tmeattn.tui.widgets.chart import Chart
from tmeattn.tui.widgets.picture import Picture
from tmeattn.watching.curve import Curve

Measure = Literal["accuracy", "cross_entropy"]
Shown = Literal["validation", "train", "both"]
SHOWN: tuple[Shown, ...] = ("validation", "train", "both")
MARKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""The signs of the runs in charts and tables: they tell curves apart without colour, too."""
LEAST_CHART = 50
"""Columns of a chart from which on two stand beside each other."""
SHORT_NAME = 14
"""Cells of a name above a chart; the legend below has the whole name."""


def marks_of(comparison: Comparison) -> list[str]:
    """The sign of each run; from the 37th run on they are repeated."""
    return [MARKS[at % len(MARKS)] for at in range(len(comparison.runs))]


def colours_of(comparison: Comparison) -> list[int]:
    """The colour of each run: that of its group, so that the seeds of a group have one, or else its own."""
    by_run = {run.summary.id: at for at, side in enumerate(comparison.sides) for run in side.runs}
    return [by_run.get(run.summary.id, at) for at, run in enumerate(comparison.runs)]


class ResultsPane(Picture):
    """The best figures of groups and runs, and the differences on the same texts."""

    def __init__(self) -> None:
        super().__init__()
        self.id = "results"
        self.border_title = "1 Results"

    def show_results(self, comparison: Comparison, texts: TextComparison | None, about_texts: str) -> None:
        """about_texts: the line that stands for the differences while there are none."""
        parts: list[RenderableType] = notes(comparison)
        if any(len(group.runs) > 1 for group in comparison.groups):
            parts += [group_table(comparison.groups), Text()]
        parts += [run_table(comparison, marks_of(comparison)), Text()]
        parts.append(Text(safe(about_texts)) if texts is None else text_comparison(texts))
        self.show(Group(*parts))


class OptionsPane(Picture):
    """The options that differ, and below them, unless they are folded, those that are equal."""

    def __init__(self) -> None:
        super().__init__()
        self.id = "options"
        self.border_title = "3 Options"

    def show_options(self, comparison: Comparison, *, folded: bool, key: str) -> None:
        """key: the key that folds and unfolds, as it is shown."""
        parts = options_table(comparison)
        parts = parts or [
            Text("No option differs but the seed." if _seeds_differ(comparison) else "No option differs.")
        ]
        same = comparison.equal
        what = f"{counted(len(same), 'option')} of all runs {'is' if len(same) == 1 else 'are'} equal"
        if folded:
            parts.append(Text(f"\n{what}: press {key} to show them.", style="dim"))
        else:
            pairs = [(flag(name), option_value(value)) for name, value in same.items()]
            parts += [Text(f"\n{what}", style="bold"), key_values(pairs)]
        self.show(Group(*parts))


def _seeds_differ(comparison: Comparison) -> bool:
    return len({run.summary.seed for run in comparison.runs}) > 1


class Legend(Picture):
    """The legend below the charts. The keys that go left and right move the cursor of the charts."""

    def __init__(self) -> None:
        super().__init__()
        self.id = "legend"


class ComparedCurves(Vertical):
    """Loss and accuracy of all runs in one chart each, with one cursor, and a legend that has every whole name.

    measure: the chart that is shown where there is room for one. shown: the split of the curves.
    """

    def __init__(self) -> None:
        super().__init__(id="curves")
        self.border_title = "2 Curves"
        self.measure: Measure = "accuracy"
        self.shown: Shown = "validation"
        self.cursor: float | None = None
        self.comparison: Comparison | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="charts"):
            yield Chart("Accuracy", unit="%", digits=1, id="accuracy")
            yield Chart("Cross-entropy", id="cross_entropy")
        yield Legend()

    def on_mount(self) -> None:
        self._arrange()

    @property
    def charts(self) -> list[Chart]:
        return list(self.query(Chart))

    def show_curves(self, comparison: Comparison) -> None:
        """Draw the curves of all runs."""
        self.comparison = comparison
        for chart in self.charts:
            factor = 100.0 if chart.id == "accuracy" else 1.0
            chart.show(list(_curves(comparison, "accuracy" if factor > 1 else "cross_entropy", self.shown, factor)))
        self._show_legend()

    def choose(self, *, measure: Measure | None = None, shown: Shown | None = None) -> None:
        """Show another measure, or the curves of another split."""
        self.measure, self.shown = measure or self.measure, shown or self.shown
        self._arrange()
        if self.comparison is not None:
            self.show_curves(self.comparison)

    def _arrange(self) -> None:
        both = self.size.width >= 2 * LEAST_CHART or self.screen.has_class("-all")
        for chart in self.charts:
            chart.display = both or chart.id == self.measure
        self.border_subtitle = {"validation": "validation", "train": "training", "both": "training and validation"}[
            self.shown
        ]

    def on_resize(self) -> None:
        self._arrange()

    @on(Chart.Moved)
    def together(self, event: Chart.Moved) -> None:
        self.cursor = event.x
        for chart in self.charts:
            if chart is not event.chart:
                chart.set_cursor(event.x)
        self._show_legend()

    def _show_legend(self) -> None:
        if self.comparison is not None:
            self.query_one(Legend).show(legend(self.comparison, self.measure, self.cursor))


def legend(comparison: Comparison, measure: Measure, cursor: float | None) -> RenderableType:
    """A line for each run: its sign and whole name, its best value, and that of the epoch at the cursor or the last."""
    rows: list[tuple[Cell, ...]] = []
    for run, mark, colour in zip(comparison.runs, marks_of(comparison), colours_of(comparison), strict=True):
        at = _epoch_at(run, cursor)
        rows.append(
            (
                Text(mark, series_style(colour)),
                run.label,
                run.summary.model,
                str(run.summary.seed),
                MISSING if run.best is None else _value(run.best[measure], measure),
                MISSING if at is None else f"{at['epoch']}",
                *(MISSING if at is None else _value(at[split][measure], measure) for split in ("validation", "train")),
            )
        )
    columns = [
        Column(""),
        Column("run", wrap=True, least=24),
        Column("model", drop=5),
        Column("seed", numeric=True, drop=4),
        Column("best", numeric=True),
        Column("epoch", numeric=True, drop=2),
        Column("validation", numeric=True, drop=1),
        Column("training", numeric=True, drop=3),
    ]
    return table(columns, rows)


def _value(value: float, measure: Measure) -> str:
    return percent(value) if measure == "accuracy" else decimal(value)


def _epoch_at(run: ComparedRun, cursor: float | None) -> EpochEvent | None:
    """The epoch nearest to the cursor, or the last one."""
    if not run.epochs:
        return None
    return run.epochs[-1] if cursor is None else min(run.epochs, key=lambda epoch: abs(epoch["epoch"] - cursor))


def _curves(comparison: Comparison, measure: Measure, shown: Shown, factor: float) -> Iterator[Curve]:
    splits: Sequence[SplitName] = ("train", "validation") if shown == "both" else (shown,)
    for run, mark, colour in zip(comparison.runs, marks_of(comparison), colours_of(comparison), strict=True):
        xs = [float(epoch["epoch"]) for epoch in run.epochs]
        for split in splits:
            sign = mark.lower() if shown == "both" and split == "train" else mark
            ys = [factor * epoch[split][measure] for epoch in run.epochs]
            yield Curve(shortened(run.label, SHORT_NAME), xs, ys, colour, marked=True, sign=sign)
