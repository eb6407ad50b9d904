"""Runs that are there already, found by what they are. No torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tmeattn.config import RunConfig, model_config, stored_config
from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory

NOT_IDENTITY = frozenset({"threads", "device", "checkpoint_every"})
"""Options that change how a run is computed, not what it is."""


def identity(config: RunConfig) -> str:
    """What decides a run's weights: configurations with equal texts are trained equally."""
    train = {key: value for key, value in config.train.model_dump(mode="json").items() if key not in NOT_IDENTITY}
    if config.train.alpha == 0:
        del train["alpha_warmup"]
    return json.dumps([config.model, config.model_options, train], sort_keys=True)


def _identity_of_run(run: RunDirectory) -> str | None:
    """The identity of a run, with today's defaults for options that it was made without; None where it does not fit
    this version, or its plugin is gone."""
    try:
        config = stored_config(run.id, run.config)
        options = model_config(config).model_dump(mode="json")
    except BadInput:
        return None
    return identity(config.model_copy(update={"model_options": options}))


class Shelf:
    """Runs that are there already, by identity. Finished runs whose best weights are gone are of no use."""

    def __init__(self, runs: Iterable[RunDirectory]) -> None:
        self._by_identity: dict[str, list[RunDirectory]] = {}
        for run in runs:
            key = _identity_of_run(run)
            if key is not None and (run.has_best() or not run.is_finished()):
                self._by_identity.setdefault(key, []).append(run)

    def find(self, config: RunConfig, data: Mapping[str, Any] | None = None) -> RunDirectory | None:
        """A run of that configuration, on data with the fingerprints of `data` where given: one that is over if any,
        else one to be continued."""
        fitting = [
            run
            for run in self._by_identity.get(identity(config), ())
            if data is None or all(run.data.get(key) == value for key, value in data.items())
        ]
        return next((run for run in fitting if run.is_over()), fitting[0] if fitting else None)
