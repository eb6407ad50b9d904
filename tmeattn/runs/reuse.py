"""Finding an existing run that was trained, or can be continued, with a given configuration."""

from __future__ import annotations

import json
from collections.abc import Iterable

from tmeattn.errors import BadInput
from tmeattn.run_config import RunConfig, model_config, stored_config
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.run_files import DataInfo

NOT_IDENTITY = frozenset({"threads", "device", "checkpoint_every", "batch_entropy"})
"""Options that change how fast a run is computed or what it logs, but not the weights that it is meant to reach."""


def identity(config: RunConfig) -> str:
    """A text that is equal for configurations that lead to equal weights."""
    train = {key: value for key, value in config.train.model_dump(mode="json").items() if key not in NOT_IDENTITY}
    if config.train.alpha == 0:
        del train["alpha_warmup"]
    if not config.train.word_dropout_erasure:
        del train["erasure_operator"]
    return json.dumps([config.model, config.model_options, train], sort_keys=True)


def _identity_of_run(run: RunDirectory) -> str | None:
    """The identity of a run, with the current defaults for options that did not exist when it was created; None where
    its configuration does not fit this version, or its plugin is not installed."""
    try:
        config = stored_config(run.id, run.config)
        options = model_config(config).model_dump(mode="json")
    except BadInput:
        return None
    return identity(config.model_copy(update={"model_options": options}))


class ReusableRuns:
    """Existing runs by identity, without finished runs whose best weights were deleted, and without extended runs whose
    weights are not those of a run of as many epochs from the start."""

    def __init__(self, runs: Iterable[RunDirectory]) -> None:
        self._by_identity: dict[str, list[RunDirectory]] = {}
        for run in runs:
            key = _identity_of_run(run)
            is_exact = all(extension["exact"] for extension in run.info.get("extensions", ()))
            if key is not None and is_exact and (run.has_best() or not run.is_finished()):
                self._by_identity.setdefault(key, []).append(run)

    def find(self, config: RunConfig, data: DataInfo | None = None) -> RunDirectory | None:
        """A run with that configuration, trained on `data` where that is given: a run that is over, or else one that
        can be continued; None where there is neither. Where `config` logs every batch, the run does, too."""
        fitting = [
            run
            for run in self._by_identity.get(identity(config), ())
            if (data is None or all(run.data.get(key) == value for key, value in data.items()))
            and (run.options.get("batch_entropy", False) or not config.train.batch_entropy)
        ]
        return next((run for run in fitting if run.is_over()), fitting[0] if fitting else None)
