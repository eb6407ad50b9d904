"""What a sweep needs, checked before a study or a trial is made: its data, and the run that its trials start from."""

from __future__ import annotations

from collections.abc import Callable

from tmeattn.errors import BadInput
from tmeattn.run_config import resolve_run
from tmeattn.sweep.plan import Plan
from tmeattn.sweep.space import Range, trial_options

Narrate = Callable[[str], None]


def check_data(plan: Plan, narrate: Narrate) -> None:
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
    _, data = open_data(config.train, narrate)
    if initial is not None:
        initial.check_data(data)
