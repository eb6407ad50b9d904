"""From the options of `tmeattn train` to the runs that they mean: files and runs that they come from, seeds, names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tmeattn.cli.support.inherited_options import inherited
from tmeattn.cli.support.options import seeds_in
from tmeattn.errors import BadInput
from tmeattn.specs import ModelSpec

_COMMAND_ONLY = (
    "seeds", "name", "config_file", "from_run", "as_json", "trackers", "jobs", "watch_texts", "watch_file", "shown",
)  # fmt: skip
"""The options of `train` that are none of the run."""


@dataclass(frozen=True)
class Plan:
    """The runs that a command line trains.

    options: those of all runs, without the seed.   runs: the seed and the name of each.
    watch_texts: the user's texts on their watch lists.
    """

    options: dict[str, Any]
    runs: list[tuple[int, str | None]]
    watch_texts: tuple[str, ...] = ()


def plan(spec: ModelSpec, values: Mapping[str, Any], *, check: bool = True) -> Plan:
    """The runs that the options of `train` mean, all of them checked before the first is trained.

    check: whether the values and the names of the runs are checked.

    Raises:
        BadInput: an option is invalid, options exclude each other, or another run has the name.
    """
    from tmeattn.run_config import resolve_run
    from tmeattn.runs.index import check_name
    from tmeattn.runs.init_options import with_init
    from tmeattn.runs.watched_texts import chosen_texts

    seeds, name = seeds_in(values["seeds"]), (values["name"] or "").strip() or None
    given = {key: value for key, value in values.items() if value is not None and key not in _COMMAND_ONLY}
    if seeds and "seed" in given:
        raise BadInput("--seed and --seeds exclude each other.")
    if values.get("jobs") and not seeds:
        raise BadInput("--jobs is for several runs.", hint="Give --seeds as well, such as --seeds 3.")
    if values["from_run"] and "recipe" in given:
        raise BadInput("--from sets all options, so --recipe would have no effect. Give only one of them.")
    options = {**inherited(spec, values["from_run"], values["config_file"], given), **given}
    if check:
        options = with_init(spec.name, options)
    planned = [(seed, f"{name}-{seed}" if name and seeds else name) for seed in seeds or [options.get("seed", 0)]]
    for seed, run_name in planned if check else []:
        resolve_run(spec.name, {**options, "seed": seed})
        if run_name:
            check_name(run_name)
    return Plan(options, planned, tuple(chosen_texts(values.get("watch_texts") or (), values.get("watch_file"))))


def note_idle_options(spec: ModelSpec, planned: Plan, values: Mapping[str, Any]) -> None:
    """Tell which of the typed options have no effect; also of --processes from the user's defaults."""
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.run_config import idle_options, resolve_run

    config = resolve_run(spec.name, planned.options)
    for name, reason in idle_options(config).items():
        if name == "vector_size":  # another size than that of the vectors is refused
            continue
        if values.get(name) is not None or (name == "processes" and config.train.processes > 1):
            line = f"Note: --{name.replace('_', '-')} has no effect on the model {spec.name}: {reason}."
            stderr_console().print(safe(line), soft_wrap=True)


def check_sources(spec: ModelSpec, planned: Plan, trackers: tuple[str, ...]) -> None:
    from tmeattn.data.sources import check_sources as check_data_sources
    from tmeattn.run_config import resolve_run
    from tmeattn.training.trackers import find_trackers

    check_data_sources(resolve_run(spec.name, planned.options).train)
    find_trackers(trackers)
