"""The pane of the curves of a run: as many charts as fit, with one x axis and one cursor for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.containers import Container

from tmeattn.tui.widgets.chart import Chart
from tmeattn.tui.widgets.chart_group import ChartGroup
from tmeattn.tui.widgets.panes import Pane
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching import run_charts
from tmeattn.watching.run_charts import CHARTS, ChartKind, View
from tmeattn.watching.run_state import RunState

LEAST_COLUMNS, LEAST_ROWS = 56, 8
"""The size of a chart from which on another one is shown beside it, or below."""
MOST_COLUMNS = 4
FIRST = ("loss", "accuracy")
"""The charts that are there before the log is read. The others are mounted when they are shown: a screen with all of
them took longer to open."""


def _chart(kind: ChartKind) -> Chart:
    return Chart(kind.title, unit=kind.unit, spec=kind.spec, id=kind.id)


class CurvesPane(Pane, ChartGroup):
    """Loss, accuracy, learning rate and the other charts of a run, and the curves of other runs over them.

    page:  which of the charts are shown where there is no room for all.
    alone: the id of the chart that has the whole pane; None without one.
    """

    name_, title = "curves", "1 Curves"

    def __init__(self) -> None:
        super().__init__()
        self.others: Sequence[RunState] = ()
        self.page = 0
        self.alone: str | None = None
        self._states: list[RunState] = []
        self._kinds: list[ChartKind] = []

    def compose(self) -> ComposeResult:
        with Container():
            for kind in CHARTS:
                if kind.id in FIRST:
                    yield _chart(kind)

    def state_of(self, run_state: RunState) -> object:
        runs = (run_state, *self.others)
        logged = [(one.steps.last, len(one.epochs), one.name) for one in runs]
        return (logged, self.view, self.page, self.alone, self.size.height)

    def draw(self, run_state: RunState) -> None:
        self._states = [run_state, *self.others]
        names = [run_wording.title(state) for state in self._states]
        self._kinds = run_charts.charts_of(self._states)
        shown = self._arranged(self._kinds)
        found = {kind.id: run_charts.curves(kind, self._states, names, self.view) for kind in shown}
        self._follow(run_charts.extent([curve for each in found.values() for curve in each]))
        best = run_charts.best(run_state, self.view)
        for kind in shown:
            self.query_one(f"#{kind.id}", Chart).show(found[kind.id], self._view_of(kind), best)

    def _view_of(self, kind: ChartKind) -> View:
        """The view of one chart."""
        return self.view if kind.may_be_log else replace(self.view, log=False)

    def _arranged(self, kinds: Sequence[ChartKind]) -> Sequence[ChartKind]:
        """The charts of the page; their widgets are displayed in a grid, and the others are not."""
        shown, columns = self._of_page(kinds)
        visible = {kind.id for kind in shown}
        container = self.query_one(Container)
        for kind in shown:
            self._mount(kind, container)
        for chart in self.query(Chart):
            chart.display = chart.id in visible
        grid = container.styles
        grid.grid_size_columns, grid.grid_size_rows = columns, -(-len(shown) // columns)
        pages = 1 if self.alone is not None else -(-len(kinds) // len(shown))
        self.border_title = self.title if pages == 1 else f"{self.title}, {self.page + 1} of {pages}"
        return shown

    def _mount(self, kind: ChartKind, container: Container) -> None:
        """Mount the chart at its place, unless it is there."""
        present = [str(chart.id) for chart in self.query(Chart)]
        if kind.id not in present:
            before = [one.id for one in CHARTS[: CHARTS.index(kind)] if one.id in present]
            container.mount(_chart(kind), before=len(before) if len(before) < len(present) else None)

    def _of_page(self, kinds: Sequence[ChartKind]) -> tuple[Sequence[ChartKind], int]:
        """The charts to show, and in how many columns."""
        if alone := [kind for kind in kinds if kind.id == self.alone]:
            return alone, 1
        columns = min(max(self.size.width // LEAST_COLUMNS, 1), MOST_COLUMNS, len(kinds))
        rows = max(self.size.height // LEAST_ROWS, 1)
        columns = min(columns, -(-len(kinds) // min(rows, len(kinds))) if rows > 1 else columns)
        size = min(columns * rows, len(kinds))
        self.page %= -(-len(kinds) // size)
        return kinds[self.page * size : (self.page + 1) * size], columns

    def draw_again(self) -> None:
        if self._states:
            self.show(self._states[0])

    def next_page(self) -> None:
        """Show the next charts, or the next one where one has the whole pane."""
        if self.alone is None:
            self.page += 1
            return
        names = [kind.id for kind in self._kinds]
        self.alone = names[(names.index(self.alone) + 1) % len(names)] if self.alone in names else None

    def enlarge(self) -> bool:
        """Give the chart with the focus the whole pane, or show several charts again; whether one has it now."""
        focused = self.screen.focused
        if self.alone is not None:
            self.alone = None
        else:
            self.alone = focused.id if isinstance(focused, Chart) and focused in self.charts else self.charts[0].id
        return self.alone is not None
