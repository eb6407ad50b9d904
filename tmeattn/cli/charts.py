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
    path: Path | None,
    *,
    charts: str | None,
    axis: XAxis | None,
    smooth: float | None,
    log_scale: bool,
) -> None:
    """Write the charts that the screen of the run has, and tell where; nothing without a path.

    charts: the names of some, separated by commas; None: all that the run has values for.

    Raises:
        BadInput: there is no such chart, an option needs `--export`, or the ending is of no known format.
        EnvironmentProblem: the file cannot be written, or a picture needs Matplotlib, which is not installed.
    """
    options = {"--charts": charts, "--x": axis, "--smooth": smooth, "--log-scale": log_scale or None}
    if path is None:
        if given := [name for name, value in options.items() if value is not None]:
            raise BadInput(f"{given[0]} is about charts in a file.", hint="Give --export FILE as well.")
        return
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.render.export.files import check_ending
    from tmeattn.watching import chart_files
    from tmeattn.watching.run_charts import View

    check_ending(path, chart_files.FORMATS)
    state = chart_files.read(run)
    names = [name.strip() for name in (charts or "").split(",") if name.strip()]
    kinds = chart_files.chosen(list(dict.fromkeys(names)), [state])
    view = View(axis=axis or "epoch", smoothing=smooth or 0.0, log=log_scale)
    chart_files.write(chart_files.Charts(kinds, [state], [state.name or run.id], view), path)
    stderr_console().print(safe(f"Wrote {path}"), soft_wrap=True)
