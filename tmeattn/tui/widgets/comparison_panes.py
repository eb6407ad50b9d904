"""The panes of a comparison of runs: results, overlaid curves with a legend of their own, and options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tmeattn.evaluation.paired import TextComparison
from tmeattn.plurals import counted
from tmeattn.render.comparison import colours_of, group_table, marks_of, notes, options_table, run_table
from tmeattn.render.console import safe
from tmeattn.render.numbers import MISSING, decimal, flag, option_value, percent
from tmeattn.render.palette import series_style
from tmeattn.render.tables import Cell, Column, FittedTable, key_values, table
from tmeattn.render.text_comparison import text_comparison
from tmeattn.runs.comparison import Comparison
from tmeattn.tui.services.compared_curves import Measure, Shown, curves, epoch_at
from tmeattn.tui.widgets.chart import Chart
from tmeattn.tui.widgets.chart_group import ChartGroup
from tmeattn.tui.widgets.picture import Picture
from tmeattn.watching.run_charts import View, extent

LEAST_CHART = 50
"""Columns of a chart from which on two stand beside each other."""


class TablesPane(Picture):
    """Tables. Its border says whether they lack columns that do not fit.

    enlarge: the key that enlarges the pane, as it is shown.
    """

    enlarge = ""

    def _render_lines(self) -> None:
        super()._render_lines()
        cut = self.columns > 0 and any(not each.fits(self.columns) for each in _tables(self._content))
        self.border_subtitle = f"columns left out: {self.enlarge} enlarges" if cut else ""


def _tables(content: RenderableType) -> Iterator[FittedTable]:
    """The tables of a page."""
    if isinstance(content, FittedTable):
        yield content
    elif isinstance(content, Group):
        for part in content.renderables:
            yield from _tables(part)


class ResultsPane(TablesPane):
    """The differences on the same texts, once they were asked for, and the best figures of groups and runs."""

    def __init__(self) -> None:
        super().__init__(id="results")
        self.border_title = "1 Results"

    def show_results(self, comparison: Comparison, on_texts: TextComparison | str, offer: str) -> None:
        """on_texts: the differences, or the line that stands for them; empty where nobody has asked for them.
        offer: the line that says how to ask."""
        parts: list[RenderableType] = notes(comparison)
        if on_texts:  # first, where it is seen also on a low screen
            parts += [Text(safe(on_texts)) if isinstance(on_texts, str) else text_comparison(on_texts), Text()]
        if any(len(group.runs) > 1 for group in comparison.groups):
            parts += [group_table(comparison.groups), Text()]
        parts.append(run_table(comparison, marks_of(comparison)))
        if not on_texts:
            parts += [Text(), Text(safe(offer))]
        self.show(Group(*parts))


class OptionsPane(TablesPane):
    """The options that differ, and below them, unless they are folded, those that are equal."""

    def __init__(self) -> None:
        super().__init__(id="options")
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


class ComparedCurves(Vertical, ChartGroup):
    """Loss and accuracy of all runs in one chart each, with one cursor, and a legend that has every whole name.

    measure: the chart that is shown where there is room for one. shown: the split of the curves.
    """

    def __init__(self) -> None:
        super().__init__(id="curves")
        self.border_title = "2 Curves"
        self.measure: Measure = "accuracy"
        self.shown: Shown = "validation"
        self.comparison: Comparison | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="charts"):
            yield Chart("Accuracy", unit="%", digits=1, id="accuracy")
            yield Chart("Cross-entropy", id="cross_entropy")
        yield TablesPane(id="legend")

    def on_mount(self) -> None:
        self._arrange()

    def show_curves(self, comparison: Comparison) -> None:
        """Draw the curves of all runs."""
        self.comparison = comparison
        measures: tuple[Measure, ...] = get_args(Measure)
        found = {each: list(curves(comparison, each, self.shown, self.view)) for each in measures}
        self._follow(extent([curve for each in found.values() for curve in each]))
        for measure, drawn in found.items():
            view = self.view if measure == "cross_entropy" else replace(self.view, log=False)
            self.query_one(f"#{measure}", Chart).show(drawn, view)
        self._show_legend()

    def draw_again(self) -> None:
        if self.comparison is not None:
            self.show_curves(self.comparison)

    def choose(self, *, measure: Measure | None = None, shown: Shown | None = None) -> None:
        """Show another measure, or the curves of another split."""
        self.measure, self.shown = measure or self.measure, shown or self.shown
        self._arrange()
        self.draw_again()

    def _arrange(self) -> None:
        both = self.size.width >= 2 * LEAST_CHART or self.screen.has_class("-all")
        for chart in self.query(Chart):
            chart.display = both or chart.id == self.measure
        self._tell()

    def _tell(self) -> None:
        """Say which split is shown, and whether the legend lacks columns."""
        shown = {"validation": "validation", "train": "training", "both": "training and validation"}[self.shown]
        legend = self.query_one("#legend", TablesPane)
        self.border_subtitle = " · ".join(filter(None, (shown, str(legend.border_subtitle or ""))))

    def on_resize(self) -> None:
        self._arrange()
        self.call_after_refresh(self._tell)  # the legend has its new width

    @property
    def cursor(self) -> float | None:
        """That of all charts."""
        return self.query(Chart).first(Chart).cursor

    def put_cursor(self, x: float | None, *, beside: Chart | None = None) -> None:
        super().put_cursor(x, beside=beside)
        self._show_legend()

    def _show_legend(self) -> None:
        if self.comparison is not None:
            self.query_one("#legend", TablesPane).show(legend(self.comparison, self.measure, self.cursor, self.view))
            self._tell()


def legend(comparison: Comparison, measure: Measure, cursor: float | None, view: View) -> RenderableType:
    """A line for each run: its sign and whole name, an epoch, that at the cursor or the last, with its values, and
    the best value."""
    rows: list[tuple[Cell, ...]] = []
    for run, mark, colour in zip(comparison.runs, marks_of(comparison), colours_of(comparison), strict=True):
        at = epoch_at(run, view, cursor)
        rows.append(
            (
                Text(mark, series_style(colour)),
                run.label,
                run.summary.model,
                str(run.summary.seed),
                MISSING if at is None else f"{at['epoch']}",
                *(MISSING if at is None else _value(at[split][measure], measure) for split in ("validation", "train")),
                MISSING if run.best is None else _value(run.best[measure], measure),
            )
        )
    columns = [
        Column(""),
        Column("run", wrap=True, least=24),
        Column("model", drop=5),
        Column("seed", numeric=True, drop=4),
        Column("epoch", numeric=True, drop=1, about=f"epoch: {'the last' if cursor is None else 'that at the cursor'}"),
        Column("validation", numeric=True, drop=2),
        Column("training", numeric=True, drop=3),
        Column("best", numeric=True, about="best: on the validation texts in the best epoch"),
    ]
    return table(columns, rows)


def _value(value: float, measure: Measure) -> str:
    return percent(value) if measure == "accuracy" else decimal(value)
