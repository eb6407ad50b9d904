"""What a reproduction will train, on what, and how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from tmeattn.plurals import counted, plural
from tmeattn.render.console import safe
from tmeattn.render.numbers import count, seconds
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.reproduce.forecast import Forecast, PlannedRun
    from tmeattn.reproduce.plan import TargetOverview


@dataclass(frozen=True)
class ForecastView:
    """The data of a reproduction, a row for each run, and the expected time of all."""

    title: str
    plan: Forecast

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        plan = self.plan
        yield Text(safe(self.title), style="bold")
        yield Text(safe(data_text(plan)), style="dim")
        seeds = len({run.seed for run in plan.runs}) > 1
        columns: list[str | Column] = [
            Column("run", wrap=True),
            *([Column("seed", numeric=True)] if seeds else []),
            Column("epochs", numeric=True),
            Column("at most", numeric=True),
            "state",
        ]
        rows = [
            (
                run.label,
                *([str(run.seed)] if seeds else []),
                str(run.epochs),
                seconds(run.seconds) if run.progress != "trained" else "",
                _state(run),
            )
            for run in plan.runs
        ]
        yield table(columns, rows, caption=time_text(plan))


def data_text(plan: Forecast) -> str:
    """ "Recipe report on imdb-25k (19,979 texts of at most 200 words, validated on 5,021), vectors glove-50d." """
    texts, validation, words = (_numbers(values) for values in (plan.texts, plan.validation_texts, plan.words))
    quick = ", quick" if plan.quick else ""
    return (
        f"Recipe {plan.recipe}{quick}, on {plan.dataset} ({texts} texts of at most {words} words, validated on "
        f"{validation}), vectors {plan.vectors}."
    )


def time_text(plan: Forecast) -> str:
    """ "8 runs, of which 2 are trained. The others take at most about 40 min, from earlier runs of this machine." """
    number = counted(len(plan.runs), "run")
    trained = len(plan.runs) - len(plan.missing)
    if not plan.missing:
        return f"{number}, trained already."
    which = f", of which {trained} {plural(trained, 'is', 'are')} trained" if trained else " to train"
    sources = sorted({run.source for run in plan.missing if run.source})
    how = {"earlier runs": "earlier runs on this machine", "a timed step": "a step that was timed now"}
    origin = " and ".join(how[source] for source in sources)
    return f"{number}{which}. Training takes at most about {seconds(plan.seconds)}, by {origin}."


def without_forecast(title: str, listed: TargetOverview) -> Group:
    """The runs of a target whose time is not known; a target that trains nothing has none."""
    if not listed["runs"]:
        return Group(Text(safe(title), style="bold"), Text("Nothing is trained."))
    rows = [(run["label"], str(run["seed"]), str(run["options"]["epochs"])) for run in listed["runs"]]
    columns = [Column("run", wrap=True), Column("seed", numeric=True), Column("epochs", numeric=True)]
    are = plural(listed["trained"], "is", "are")
    trained = f"{counted(len(rows), 'run')}, of which {listed['trained']} {are} trained."
    return Group(Text(safe(title), style="bold"), table(columns, rows, caption=trained))


def _numbers(values: Sequence[int]) -> str:
    return " or ".join(map(count, values))


def _state(run: PlannedRun) -> str:
    return f"{counted(run.done, 'epoch')} done" if run.progress == "begun" else run.progress
