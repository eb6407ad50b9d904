"""The choice of values and the pruning of a sweep: Optuna's samplers and pruners."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler, TPESampler

from tmeattn.sweep.plan import Plan
from tmeattn.sweep.space import Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

STARTUP_TRIALS = 10
"""Trials whose values are drawn by chance, before the others tell the sampler where good values are."""
UNPRUNED_TRIALS = 5
"""Trials that the median pruner waits for."""


class SeededSampler(BaseSampler):
    """The tree-structured Parzen estimator (TPE), seeded anew for each trial with the seed of the sweep and the number
    of the trial: two workers do not draw the same values, and a worker that goes on with a sweep draws what an unbroken
    one would have drawn."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._inner: BaseSampler = self._made(0)

    def _made(self, number: int) -> BaseSampler:
        digest = hashlib.sha256(f"{self._seed}:{number}".encode()).digest()
        return TPESampler(seed=int.from_bytes(digest[:4], "big"), n_startup_trials=STARTUP_TRIALS, constant_liar=True)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._inner = self._made(trial.number)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._inner.sample_relative(study, trial, search_space)

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        self._inner.after_trial(study, trial, state, values)


def pruner_of(plan: Plan) -> BasePruner:
    """The pruner of a plan. Its steps are epochs."""
    if plan.pruner == "median":
        return MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=2)
    if plan.pruner == "asha":
        return SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    if plan.pruner == "hyperband":
        return HyperbandPruner(min_resource=1, max_resource=most_epochs(plan), reduction_factor=3)
    return NopPruner()


def most_epochs(plan: Plan) -> int:
    """The largest number of epochs of a trial."""
    for dimension in plan.space:
        if dimension.name == "epochs":
            ends = [dimension.high] if isinstance(dimension, Range) else dimension.values
            return max(int(end) for end in ends)
    return int(plan.resolved["epochs"])
