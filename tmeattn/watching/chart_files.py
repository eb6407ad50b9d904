"""Charts of runs as files: SVG and PNG as they are on the screen, and the points as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tmeattn.errors import UnknownName
from tmeattn.render.export.charts import RunChart, RunCurve
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.runs.directory import RunDirectory
from tmeattn.spreadsheet import csv_lines, harmless_cell
from tmeattn.watching.curve import Curve
from tmeattn.watching.run_charts import CHARTS, ChartKind, View, best, charts_of, curves
from tmeattn.watching.run_state import RunState

LABELS = {"epoch": "epoch", "step": "step", "time": "seconds of training"}
COLUMNS = {"epoch": "epoch", "step": "step", "time": "seconds"}


@dataclass(frozen=True)
class Charts:
    """What a file shows. names: of the runs."""

    kinds: Sequence[ChartKind]
    states: Sequence[RunState]
    names: Sequence[str]
    view: View

    def curves(self, kind: ChartKind) -> list[Curve]:
        """Those of a chart, in the part of the x axis that is visible."""
        found = curves(kind, self.states, self.names, self.view)
        return [curve.within(*self.view.span) for curve in found] if self.view.span else found


def read(run: RunDirectory) -> RunState:
    """The state of a run by its whole log."""
    state = RunState(run)
    state.refresh()
    while not state.caught_up:
        state.refresh()
    return state


def chosen(names: Sequence[str], states: Sequence[RunState]) -> list[ChartKind]:
    """The charts with these ids; all that the runs have values for if none is named.

    Raises:
        UnknownName: there is no such chart.
    """
    by_id = {kind.id: kind for kind in CHARTS}
    for name in names:
        if name not in by_id:
            raise UnknownName("chart", name, by_id)
    return [by_id[name] for name in names] or charts_of(states)


def write(charts: Charts, path: Path) -> None:
    """Write the charts in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written, or a picture needs Matplotlib, which is not installed.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](charts))


def _picture(charts: Charts, form: Literal["svg", "png"]) -> bytes:
    from tmeattn.render.export.figures import picture_bytes

    first = charts.states[0]
    title = f"{charts.names[0]} ({first.run.config['model']})" + (" and others" if len(charts.states) > 1 else "")
    found = best(first, charts.view)
    notes = [f"Smoothed: exponential mean of weight {charts.view.smoothing:g}"] if charts.view.smoothing else []
    notes += [f"Dotted line: best epoch, {found[1]}"] if found else []
    return picture_bytes(title, ". ".join(notes), tuple(_panel(charts, kind) for kind in charts.kinds), form)


def _panel(charts: Charts, kind: ChartKind) -> RunChart:
    found = best(charts.states[0], charts.view)
    return RunChart(
        title=kind.title,
        x_label=LABELS[charts.view.axis],
        y_label=kind.unit or kind.title.lower(),
        lines=tuple(
            RunCurve(curve.name or charts.names[0], tuple(curve.xs), tuple(curve.ys), None, curve.colour, curve.faint)
            for curve in charts.curves(kind)
        ),
        log=charts.view.log and kind.may_be_log,
        marked_x=found[0] if found else None,
    )


def _csv(charts: Charts) -> bytes:
    """A line for each point; a smoothed value stands beside that from which it was computed."""
    rows: list[list[object]] = [["run", "chart", "unit", "curve", COLUMNS[charts.view.axis], "value", "smoothed"]]
    for kind in charts.kinds:
        behind: Curve | None = None
        for curve in charts.curves(kind):
            if curve.faint:
                behind = curve
                continue
            values, means = (behind.ys, curve.ys) if behind is not None else (curve.ys, [None] * len(curve.ys))
            run = curve.name if curve.name in charts.names else charts.names[0]
            about = [harmless_cell(run), kind.id, kind.unit, "" if curve.name == run else curve.name]
            rows += [[*about, *point] for point in zip(curve.xs, values, means, strict=False)]
            behind = None
    return csv_lines(rows).encode()


FORMATS: dict[str, Callable[[Charts], bytes]] = {
    ".svg": partial(_picture, form="svg"),
    ".png": partial(_picture, form="png"),
    ".csv": _csv,
}
"""The writer of each file ending."""
