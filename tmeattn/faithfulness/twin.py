"""The uniform-weights test (Wiegreffe and Pinter 2019): a run is compared with its twin, which is trained in the same
way with uniform attention.

If the twin is as accurate, the task does not need the attention weights, and they explain little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.evaluation.intervals import percentile_interval, resampled_accuracies
from tmeattn.faithfulness.results import TwinComparison
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import evaluate_run
from tmeattn.registry import registry
from tmeattn.run_config import RunConfig, stored_config
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.runs.index import all_runs
from tmeattn.runs.reuse import ReusableRuns
from tmeattn.specs import ModelSpec
from tmeattn.training.run_data import open_data
from tmeattn.training.session import resume, start

Narrate = Callable[[str], None]


def reason_against_twin(run: RunDirectory) -> str | None:
    """Why the test does not apply to a run, as a clause without a full stop; None where it applies."""
    config = stored_config(run.id, run.config)
    attention = registry().get(ModelSpec, config.model).attention
    if attention == "self":
        return f"{config.model} does not pool by attention: its attention is inside its layers"
    if attention == "none":
        return f"{config.model} has no attention"
    if config.train.uniform_attention:
        return "this run is a twin itself"
    return None


def find_twin(run: RunDirectory) -> RunDirectory | None:
    """The finished twin of a run; None where there is none."""
    twin = _existing_twin(run)
    return twin if twin is not None and twin.is_finished() else None


def train_twin(run: RunDirectory, *, listeners: Sequence[Listener] = (), narrate: Narrate) -> RunDirectory:
    """The twin of a run. An existing one is returned, an interrupted one is continued, else one is trained.

    Raises:
        BadInput: the test does not apply, or another process trains the twin.
        Interrupted: by the user; the same call continues.
    """
    if (reason := reason_against_twin(run)) is not None:
        raise BadInput(f"The uniform-weights test does not apply: {reason}.")
    existing = _existing_twin(run)
    if existing is None:
        config = twin_config(stored_config(run.id, run.config))
        return start(config.model, config.flat(), listeners=listeners, narrate=narrate)
    if existing.is_finished():
        return existing
    if existing.state() == "running":
        raise BadInput(f"The twin {existing.id} is being trained by another process.", hint="Wait for it to finish.")
    return resume(existing, listeners=listeners, narrate=narrate)


def twin_config(config: RunConfig) -> RunConfig:
    """The run's configuration with uniform attention, and without the entropy penalty, which would be constant."""
    train = config.train.model_copy(update={"uniform_attention": True, "alpha": 0.0})
    return config.model_copy(update={"train": train})


def compare_twins(run: RunDirectory, twin: RunDirectory, *, narrate: Narrate) -> TwinComparison:
    """Compare the accuracies of a run and its twin on the validation split."""
    correct = [
        evaluate_run(TrainedClassifier(each), attention=False, narrate=narrate).correct()[np.newaxis]
        for each in (run, twin)
    ]
    (accuracy, twin_accuracy), drawn_2R = resampled_accuracies(correct)
    low, high = percentile_interval(drawn_2R[0] - drawn_2R[1])
    return TwinComparison(twin.id, correct[0].shape[1], float(accuracy), float(twin_accuracy), low, high)


def _existing_twin(run: RunDirectory) -> RunDirectory | None:
    config = twin_config(stored_config(run.id, run.config))
    return ReusableRuns(all_runs()).find(config, open_data(config.train)[1])
