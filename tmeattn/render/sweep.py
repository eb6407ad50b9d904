"""Sweeps on the terminal: the trials, the best command, the importance of options, and how values depend on them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.curves import Series, curves
from tmeattn.render.numbers import age, decimal, option_value, percent, seconds
from tmeattn.render.tables import Column, FittedTable, table
from tmeattn.sweep.claims import run_of
from tmeattn.sweep.results import Overview, Results, best_run
from tmeattn.sweep.space import Dimension, Range

if TYPE_CHECKING:
    from tmeattn.sweep.plan import Objective
    from tmeattn.sweep.study import Study, Trial

MOST_SLICES = 3
"""Options whose values are drawn: the most important."""
_BAR = 20  # columns of the longest bar


def results_page(found: Results) -> RenderableType:
    """All that `tmeattn sweep show` prints."""
    study, objective = found.study, found.study.objective
    parts: list[RenderableType] = [_heading(found), Text(), trials_table(study, found.trials)]
    if found.best is None:
        parts += [Text(), Text("No trial has finished yet.")]
        return Group(*parts)
    best = value_text(found.best.value, objective)
    parts += [Text(), Text(f"Best: trial {found.best.number}, {best}. Train it again:", style="bold")]
    parts += [Text(f"  {safe(found.command or '')}", overflow="fold"), Text(), Text(_caution(found), style="dim")]
    if found.importance:
        parts += [Text(), *_importances(found.importance)]
    for dimension in _drawn(found):
        parts += [Text(), _slice(dimension, found.trials, objective)]
    return Group(*parts)


def value_text(value: float | None, objective: Objective) -> str:
    """The value of a trial with its unit."""
    return percent(value, 2) if objective.rises else decimal(value, 4)


def trial_line(study: Study, trial: Trial) -> Text:
    """One line about a trial that has ended."""
    value = value_text(trial.value, study.objective)
    what = {"finished": value, "pruned": f"{trial.reason or 'pruned'} ({value})"}.get(trial.state, trial.state)
    return Text(safe(f"Trial {trial.number} ({trial.number + 1} of {study.goal}): {what}"))


def trials_table(study: Study, trials: Sequence[Trial]) -> FittedTable:
    """The trials with their values, the best first, then those that have not finished."""
    order = {"finished": 0, "pruned": 1, "failed": 2, "running": 3, "waiting": 4}
    sign = -1 if study.objective.rises else 1

    def rank(trial: Trial) -> tuple[int, float, int]:
        return order[trial.state], sign * trial.value if trial.value is not None else math.inf, trial.number

    names = [dimension.name for dimension in study.plan.space]
    columns: list[str | Column] = [
        Column("trial", numeric=True),
        "state",
        Column("value", numeric=True),
        *(Column(name.replace("_", "-"), numeric=True, drop=1) for name in names),
        Column("time", numeric=True, drop=3),
        Column("run", drop=2),
    ]
    rows = [
        (
            str(trial.number),
            _state_text(trial),
            value_text(trial.value, study.objective) if trial.state in ("finished", "pruned") else None,
            *(option_value(trial.params.get(name)) for name in names),
            seconds(trial.seconds) if trial.seconds is not None else None,
            _runs_text(trial),
        )
        for trial in sorted(trials, key=rank)
    ]
    return table(columns, rows)


def _state_text(trial: Trial) -> str:
    if trial.state == "running" and not trial.owned:
        return "stopped"
    return trial.reason if trial.state == "pruned" and trial.reason else trial.state


def _runs_text(trial: Trial) -> str | None:
    if not trial.runs:
        return None
    first = run_of(trial.runs[0])
    shown = trial.runs[0] if first is None else first.reference
    return shown + (f" and {len(trial.runs) - 1} more" if len(trial.runs) > 1 else "")


def _heading(found: Results) -> Text:
    plan = found.study.plan
    varied = ", ".join(dimension.text for dimension in plan.space)
    heading = Text(safe(found.study.name), style="bold")
    objective = plan.objective if found.study.objective.rises else "lowest validation cross-entropy"
    seeds = f", {len(plan.seeds)} seeds a trial" if len(plan.seeds) > 1 else ""
    ended = f"{found.over} of {counted(found.study.goal, 'trial has', 'trials have')} ended"
    heading.append(safe(f"\n{plan.model}, {objective}{seeds}: {ended}\n{varied}"), style="dim")
    return heading


def _caution(found: Results) -> str:
    count = sum(trial.state in ("finished", "pruned") for trial in found.trials)
    run = best_run(found.best) if found.best is not None else None
    measure = f"tmeattn evaluate {safe(run.reference)} --split test" if run is not None else "evaluate --split test"
    return (
        f"The best of {counted(count, 'trial')} is optimistic on the texts that chose it. Measure it on other texts, "
        f"if the dataset has them ({measure}), or train it with other seeds (--seeds 5)."
    )


def _importances(importance: Mapping[str, float]) -> list[RenderableType]:
    most = max(importance.values()) or 1.0
    rows = [
        (name.replace("_", "-"), percent(share, 0), "█" * max(1, round(_BAR * share / most)) if share > 0 else "")
        for name, share in importance.items()
    ]
    return [
        table(
            ["option", Column("importance", numeric=True), ""],
            rows,
            caption="How much an option decides whether a trial is among the best tenth (PED-ANOVA).",
        )
    ]


def _drawn(found: Results) -> list[Dimension]:
    """The options that are drawn, the most important first."""
    shares = found.importance or {}
    ordered = sorted(found.study.plan.space, key=lambda dimension: -shares.get(dimension.name, 0.0))
    return ordered[:MOST_SLICES]


def _slice(dimension: Dimension, trials: Sequence[Trial], objective: Objective) -> RenderableType:
    """The values of the trials over one option: points, or for a list of values a table."""
    points = [
        (trial.params[dimension.name], trial.value)
        for trial in trials
        if trial.state == "finished" and trial.value is not None and dimension.name in trial.params
    ]
    name = dimension.name.replace("_", "-")
    if isinstance(dimension, Range):
        xs: list[float] = []
        ys: list[float | None] = []
        for at, y in sorted((float(value), y) for value, y in points):
            x = math.log10(at) if dimension.log else at
            xs += [x, x]
            ys += [100 * y if objective.rises else y, None]  # the gap keeps points apart
        y_label = "accuracy, %" if objective.rises else "cross-entropy, nats"
        return curves(
            [Series(name, xs, ys)],
            title=f"Value by {name}",
            x_label=name,
            y_label=y_label,
            height=9,
            log_x=dimension.log,
        )
    by_value: dict[str, list[float]] = {}
    for each in dimension.values:
        by_value[option_value(each)] = []
    for value, y in points:
        by_value.setdefault(option_value(value), []).append(y)
    rows = []
    for text, values in by_value.items():
        best = (max(values) if objective.rises else min(values)) if values else None
        mean = sum(values) / len(values) if values else None
        rows.append((text, str(len(values)), value_text(best, objective), value_text(mean, objective)))
    return table([name, *(Column(each, numeric=True) for each in ("finished", "best", "mean"))], rows)


def studies_table(found: Sequence[Overview]) -> FittedTable:
    """The studies of a storage."""
    now = time.time()
    rows = [
        (
            one.name,
            one.model,
            f"{one.over}/{one.goal}",
            one.objective,
            decimal(one.best, 4) if one.objective == "loss" else percent(one.best, 2),
            age(now - one.created),
        )
        for one in found
    ]
    numeric = [Column("best", numeric=True), Column("age", numeric=True, drop=2)]
    return table(["study", Column("model", drop=1), Column("trials", numeric=True), "objective", *numeric], rows)
