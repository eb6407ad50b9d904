"""The uniform-weights test: a twin of a run that was trained in the same way, with attention that cannot choose.

Where the twin predicts as well, the task did not need the weights, and they explain little (Wiegreffe and Pinter 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tmeattn.config import RunConfig, stored_config
from tmeattn.errors import BadInput
from tmeattn.evaluation.intervals import percentile_interval, resampled_accuracies
from tmeattn.faithfulness.results import Twins
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import evaluate_run
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import ReusableRuns
from tmeattn.specs import ModelSpec
from tmeattn.training.session import open_data, resume, start

Narrate = Callable[[str], None]


def reason_against_twin(run: RunDirectory) -> str | None:
    """Why the test does not apply to a run, as a clause without full stop; None where it does."""
    config = stored_config(run.id, run.config)
    attention = registry().get(ModelSpec, config.model).attention
    if attention == "self":
        return f"{config.model} does not pool by attention: its maps are inside its layers"
    if attention == "none":
        return f"{config.model} has no attention"
    if config.train.uniform_attention:
        return "this run is such a twin itself"
    return None


def find_twin(run: RunDirectory) -> RunDirectory | None:
    """The twin of a run, if it has been trained to its end."""
    found = _existing_twin(run)
    return found if found is not None and found.is_finished() else None


def train_twin(run: RunDirectory, *, listeners: Sequence[Listener] = (), narrate: Narrate) -> RunDirectory:
    """The twin of a run: found, continued where it was interrupted, or trained as the run was.

    Raises:
        BadInput: the test does not apply, or another process trains the twin.
        Interrupted: stopped; the same call continues.
    """
    if (reason := reason_against_twin(run)) is not None:
        raise BadInput(f"The uniform-weights test does not apply: {reason}.")
    begun = _existing_twin(run)
    if begun is None:
        config = twin_config(stored_config(run.id, run.config))
        return start(config.model, config.flat(), listeners=listeners, narrate=narrate)
    if begun.is_finished():
        return begun
    if begun.state() == "running":
        raise BadInput(f"The twin {begun.id} is being trained by another process.", hint="Wait for it to finish.")
    return resume(begun, listeners=listeners, narrate=narrate)


def twin_config(config: RunConfig) -> RunConfig:
    """The run's configuration with equal weights, and so without a penalty on their entropy."""
    train = config.train.model_copy(update={"uniform_attention": True, "alpha": 0.0})
    return config.model_copy(update={"train": train})


def compare_twins(run: RunDirectory, twin: RunDirectory, *, narrate: Narrate) -> Twins:
    """Both on the run's validation texts."""
    correct = [
        evaluate_run(TrainedClassifier(each), attention=False, narrate=narrate).correct()[np.newaxis]
        for each in (run, twin)
    ]
    (accuracy, twin_accuracy), drawn_2R = resampled_accuracies(correct)
    low, high = percentile_interval(drawn_2R[0] - drawn_2R[1])
    return Twins(twin.id, correct[0].shape[1], float(accuracy), float(twin_accuracy), low, high)


def _existing_twin(run: RunDirectory) -> RunDirectory | None:
    config = twin_config(stored_config(run.id, run.config))
    return ReusableRuns(all_runs()).find(config, open_data(config.train)[1])
