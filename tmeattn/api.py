"""tmeattn from Python: `tmeattn.train(...)` and `tmeattn.load(run)`, which give a `Model`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from os import PathLike
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.explain.explanation import Explanations as Explanations
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.given_texts import check_type, given_texts, several
from tmeattn.inference.prediction import Prediction as Prediction
from tmeattn.loaded_model import Model as Model
from tmeattn.render.notebook_progress import progress_listeners
from tmeattn.runs.events import Listener
from tmeattn.runs.index import check_name, find_run
from tmeattn.runs.watched_texts import checked
from tmeattn.training.session import start

_training = threading.RLock()
"""Held by a training: torch has one random state, so trainings of several threads follow one another."""


def load(run: str | PathLike[str] = "latest", *, device: str = "cpu", dataset: str | None = None) -> Model:
    """Load the best weights of a run: an id, a unique prefix of an id, a name, a path, `latest` or `best`.

    dataset: the dataset on which `best` is the best, where the runs are on several.

    Raises:
        tmeattn.errors.BadInput: there is no such run, or it has no checkpoint, or `best` can mean a run on each of
            several datasets.
    """
    check_type(run, str | PathLike, "load", "the id, name or path of a run", hint='Type: tmeattn.load("latest")')
    check_type(device, str, "load", "the name of a device")
    check_type(dataset, str | None, "load", "the name of a dataset")
    return Model(TrainedClassifier(find_run(str(run), dataset=dataset), device=device))


def train(
    model: str,
    *,
    name: str | None = None,
    listeners: Sequence[Listener] = (),
    trackers: Sequence[str] = (),
    progress: bool | None = None,
    watch_texts: Sequence[str] = (),
    init: str | PathLike[str] | Model | None = None,
    **options: Any,
) -> Model:
    """Train a new run with the options of `tmeattn train` (underscores for dashes) and load its best weights.

    listeners: called with every event (see `tmeattn.runs.event_types`).
    trackers:  names of tracker plugins, which export the events.
    watch_texts: your texts on the watch list, which is measured while the model is trained; at most 12.
    init:      a run, from whose weights and words the new one starts: a name, an id, a path or a model.
    progress:  whether to show the progress, in a notebook as a bar, elsewhere on standard error; None: in a notebook.

    In several threads, trainings follow one another.

    Raises:
        tmeattn.errors.TmeattnError: with the message that the command line would print.
    """
    check_type(model, str, "train", "the name of a model", hint="tmeattn models lists them.")
    check_type(name, str | None, "train", "the name of the run")
    called = several(listeners, "train", "listeners")
    if wrong := [listener for listener in called if not callable(listener)]:
        raise BadInput(
            f"train takes listeners that can be called, and got an object of type {type(wrong[0]).__name__}."
        )
    with _training, ExitStack() as shown:
        if name is not None:
            check_name(name)
        display = shown.enter_context(progress_listeners(progress))
        run = start(
            model,
            {**options, "init": str(init.classifier.run.path) if isinstance(init, Model) else init},
            name=name,
            listeners=[*display, *called],
            trackers=several(trackers, "train", "trackers"),
            watch_texts=[checked(text) for text in given_texts(several(watch_texts, "train", "watch_texts"), "train")],
        )
        return Model(TrainedClassifier(run))
