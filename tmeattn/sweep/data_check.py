"""What a sweep needs, checked before a study or a trial is made: its data, and the run that its trials start from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.run_config import resolve_run
from tmeattn.specs import Dataset
from tmeattn.sweep.plan import Plan
from tmeattn.sweep.space import Range, trial_options

Narrate = Callable[[str], None]


def check_data(plan: Plan, narrate: Narrate) -> Dataset:
    """Open the data of a sweep, and the run that all trials start from, before a study or a trial is made.

    Raises:
        BadInput, EnvironmentProblem: they are missing, or do not fit the options or the space.
    """
    from tmeattn.training.initial import open_initial
    from tmeattn.training.run_data import open_data

    config = resolve_run(plan.model, plan.options)
    initial = open_initial(config)
    for dimension in plan.space if initial is not None else ():
        values = (dimension.low, dimension.high) if isinstance(dimension, Range) else dimension.values
        for value in values:
            try:
                config_of_trial = resolve_run(plan.model, trial_options(plan.options, {dimension.name: value}))
                open_initial(config_of_trial, initial)
            except BadInput as error:
                raise BadInput(
                    f"--space {dimension.text}: {error.message}",
                    hint="With --init, vary options that keep the shapes of the weights: --space lr=1e-4..1e-2:log",
                ) from None
    (dataset, _), data = open_data(config.train, narrate)
    if initial is not None:
        initial.check_data(data)
    return dataset


def derived_options(plan: Plan, dataset: Dataset, narrate: Narrate) -> dict[str, Any]:
    """The options that all trials of a new study have because of the number of its training texts: their epochs, where
    the user has given none and they do not vary. Raises as `Dataset.read`."""
    from tmeattn.training.default_epochs import DERIVED, with_fitting_epochs

    varied = {dimension.name for dimension in plan.space}
    if "epochs" in varied:
        return {}
    config = resolve_run(plan.model, plan.options)
    fitting = with_fitting_epochs(config, plan.options, dataset, narrate)
    return {
        name: getattr(fitting.train, name)
        for name in DERIVED
        if getattr(fitting.train, name) != getattr(config.train, name) and name not in varied
    }
