"""Texts about the report's targets: their lines in the list, their runs, and the progress of a reproduction."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted, plural
from tmeattn.render.console import safe
from tmeattn.render.numbers import percent, seconds
from tmeattn.render.tables import Column, table
from tmeattn.tui.services.background import BackgroundCommand
from tmeattn.tui.services.reproduction import NeededRun, TargetRuns

MARKS = {"trained": "✓", "begun": "◐", "running": "▶", "to train": "·"}
WHERE = "Export the tables (.md, .csv, .tex) and figures of the target to the folder"
NOTHING_TO_EXPORT = "There is nothing to export yet: the runs of the target are not all trained."
STOPPING = "Stopping: the runs save checkpoints."
LOG = 8
"""Lines of a log that are shown while a target is reproduced, or after that failed."""


def target_line(found: TargetRuns, state: str) -> Text:
    """The name, the trained runs and the title of a target."""
    line = Text(no_wrap=True, overflow="ellipsis")
    mark = {"running": "▶", "done": "✓", "failed": "✗"}.get(state, " ")
    number = f"{found.trained}/{len(found.runs)}" if found.runs else "–"
    line.append(f"{mark} {found.target.name:<14}", "bold" if state == "running" else "")
    line.append(f"{number:>6}  ", "" if found.is_complete else "dim")
    return line.append(safe(found.target.title), "dim")


def runs_table(runs: Sequence[NeededRun]) -> RenderableType:
    """The runs of a target with their state."""
    if not runs:
        return Text("Nothing is trained for it.")
    several = len({run.seed for run in runs}) > 1
    columns = [
        *(Column(""), Column("run", wrap=True)),
        *([Column("seed", numeric=True)] if several else []),
        *(Column("epochs", numeric=True), Column("accuracy", numeric=True), Column("state", drop=1)),
    ]
    rows = [
        (
            MARKS[run.progress],
            run.label,
            *([str(run.seed)] if several else []),
            f"{run.epoch} of {run.epochs}",
            percent(run.accuracy),
            run.progress,
        )
        for run in runs
    ]
    return table(columns, rows)


def waiting_page(found: TargetRuns, what: str) -> Group:
    """The runs of a target while their time is not known yet; `what` says why."""
    return Group(Text(safe(found.target.title), style="bold"), Text(safe(what), "dim"), runs_table(found.runs))


def progress_page(found: TargetRuns, command: BackgroundCommand) -> Group:
    """The runs of a target that is being reproduced, and the last lines of its process."""
    lines: list[RenderableType] = [Text(line, style="dim") for line in command.tail(LOG)]
    since = Text(f"Being reproduced for {seconds(command.elapsed)}.")
    return Group(Text(safe(found.target.title), style="bold"), since, runs_table(found.runs), Text(), *lines)


def failed_page(found: TargetRuns, command: BackgroundCommand, start: str) -> Group:
    """Why a reproduction ended, and how to continue it."""
    said: list[RenderableType] = [Text(line) for line in command.tail(LOG)]
    parts = [Text(safe(found.target.title), style="bold"), Text(), *said, Text()]
    return Group(*parts, runs_table(found.runs), Text(f"{start} continues it: what is trained is used again."))


def status(found: TargetRuns, state: str, start: str, time: str = "", *, is_cut: bool = False) -> str:
    """What can be done with a target, for the line at the foot.

    time: how long its missing runs take. is_cut: whether its results were made for a wider screen.
    """
    number = len(found.runs)
    if state == "running":
        return f"{found.trained} of {counted(number, 'run')} trained; it continues if you leave."
    if state == "done":
        if is_cut:
            return f"The stored results are wider than the screen: {start} makes them again, as wide as it is."
        return f"The results below are stored; {start} makes them again."
    if not number:
        return f"{start} shows it."
    if found.is_complete:
        return f"All {counted(number, 'run')} {plural(number, 'is', 'are')} trained: {start} shows table and figures."
    long = f", in {time}" if time else ""
    which = "the others" if found.trained else "them"
    missing = "it" if number - found.trained == 1 else which
    return f"{found.trained} of {counted(number, 'run')} trained: {start} trains {missing}{long}."


def question(found: TargetRuns, time: str) -> str:
    """The question before the training of missing runs; `time` says how long they take, or is empty."""
    missing = len(found.runs) - found.trained
    known = f"It takes {time}, which is an estimate." if time else "Its time is not known yet."
    return f"Train {counted(missing, 'run')} for {found.target.name}? {known}"
