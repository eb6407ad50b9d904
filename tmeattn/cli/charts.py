"""The charts of a run in a file, for `tmeattn runs show --export`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.errors import BadInput

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.watching.run_charts import XAxis


def write_charts(
    run: RunDirectory,
    paths: tuple[Path, ...],
    *,
    charts: str | None,
    axis: XAxis | None,
    smooth: float | None,
    log_scale: bool,
) -> None:
    """Write the charts that the screen of the run has to each of several files, and tell where.

    charts: the names of some, separated by commas; None: all that the run has values for.

    Raises:
        BadInput: there is no such chart, an option needs `--export`, or the ending is of no known format.
        EnvironmentProblem: the file cannot be written, or a picture needs Matplotlib, which is not installed.
    """
    options = {"--charts": charts, "--x": axis, "--smooth": smooth, "--log-scale": log_scale or None}
    if not paths:
        if given := [name for name, value in options.items() if value is not None]:
            raise BadInput(f"{given[0]} is about charts in a file.", hint="Give --export FILE as well.")
        return
    from tmeattn.render.export.files import check_endings, write_each
    from tmeattn.watching import chart_files
    from tmeattn.watching.run_charts import View

    check_endings(paths, chart_files.FORMATS)
    state = chart_files.read(run)
    names = [name.strip() for name in (charts or "").split(",") if name.strip()]
    kinds = chart_files.chosen(list(dict.fromkeys(names)), [state])
    view = View(axis=axis or "epoch", smoothing=smooth or 0.0, log=log_scale)
    shown = chart_files.Charts(kinds, [state], [state.name or run.id], view)
    write_each(paths, lambda path: chart_files.write(shown, path))
