"""`tmeattn runs show`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.charts import write_charts
from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import export_option, json_option, run_argument

if TYPE_CHECKING:
    from tmeattn.watching.run_charts import XAxis


@click.command()
@run_argument(default="latest")
@export_option("the charts of the run screen", ".svg, .png or .csv")
@click.option("--charts", metavar="NAMES", help="Charts to export, such as loss,gradient-norm.  [default: all]")
@click.option("--x", "axis", type=click.Choice(["epoch", "step", "time"]), help="X axis of them.  [default: epoch]")
@click.option(
    "--smooth", type=click.FloatRange(0, 1, max_open=True), help="Weight of their exponential mean.  [default: 0]"
)
@click.option("--log-scale", is_flag=True, help="Logarithmic y axes of loss, learning rate and gradient norm.")
@json_option("summary, configuration and epochs")
def show(
    run: str,
    export: tuple[Path, ...],
    charts: str | None,
    axis: XAxis | None,
    smooth: float | None,
    log_scale: bool,
    as_json: bool,
) -> None:
    """Configuration, curves and the history of attention entropy of RUN."""
    from rich.console import Group, RenderableType
    from rich.text import Text

    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.lineage import lineage_rows
    from tmeattn.render.numbers import option_value
    from tmeattn.render.summary import entropy_heads, entropy_history, summary
    from tmeattn.render.tables import key_values
    from tmeattn.runs.command_line import typed
    from tmeattn.runs.events import epoch_events
    from tmeattn.runs.index import find_run
    from tmeattn.runs.lineage import lineage
    from tmeattn.runs.summary import summarize

    found = find_run(run)
    write_charts(found, export, charts=charts, axis=axis, smooth=smooth, log_scale=log_scale)
    events = found.page_events()
    run_summary = summarize(found, events)
    relatives = lineage(found)
    if as_json:
        document = {**run_summary.document(), **found.info, "name": found.name, "history": epoch_events(events)}
        echo_json({**document, "lineage": relatives.document()})
        return
    parts: list[RenderableType] = [summary(run_summary, events)]
    if (history := entropy_history(events)) is not None:
        parts += [Text(), history]
    if (heads := entropy_heads(events)) is not None:
        parts += [Text(), heads]
    if rows := lineage_rows(relatives):
        parts += [Text("\nLineage", style="bold"), key_values(rows)]
    parts += [
        Text("\nConfiguration", style="bold"),
        key_values(
            [(key.replace("_", "-"), option_value(value)) for key, value in found.options.items() if value is not None]
        ),
        Text("\nMade by", style="bold"),
        key_values(
            [
                ("command", typed(found.info.get("command"))),
                *((k, str(v)) for k, v in found.info.get("versions", {}).items()),
            ]
        ),
    ]
    if found.state() in ("stopped", "crashed"):
        advice = f"The run is {run_summary.shown_state}. Resume it: tmeattn resume {found.reference}\n"
        parts.insert(0, Text(safe(advice), style="yellow"))
    if message := found.status().get("message"):
        parts.insert(0, Text(f"Failed: {safe(str(message))}\n", style="bold red"))
    stdout_console().print(Group(*parts))
