"""Start and resume runs: `start` makes a run directory from options and trains the run, `resume` continues a run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tmeattn.cpu import threads_of_a_run
from tmeattn.errors import Interrupted, TmeattnError
from tmeattn.files import disk_errors
from tmeattn.paths import runs_dir
from tmeattn.run_config import RunConfig, resolve_run, stored_config
from tmeattn.runs.control import drop_requests
from tmeattn.runs.creation import create
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.runs.index import check_name
from tmeattn.runs.leftovers import tidy, write_finished
from tmeattn.runs.lock import naming, writing
from tmeattn.runs.manifest import discard
from tmeattn.runs.run_files import DataInfo
from tmeattn.specs import TrackerSpec
from tmeattn.training import checkpoint
from tmeattn.training.build_trainer import build_trainer
from tmeattn.training.checkpoint import Progress
from tmeattn.training.reporting import reporting
from tmeattn.training.run_data import Narrate, Sources, open_data, stored_sources
from tmeattn.training.signals import StopFlag, stop_on_signals
from tmeattn.training.trackers import find_trackers
from tmeattn.training.trainer import Stopped, Trainer
from tmeattn.training.vocabulary_file import rebuild_vocabulary


def start(
    model: str,
    options: Mapping[str, Any],
    *,
    name: str | None = None,
    listeners: Sequence[Listener] = (),
    trackers: Sequence[str] = (),
    narrate: Narrate = lambda line: None,
) -> RunDirectory:
    """Train a new run to its end.

    listeners: called with every event. trackers: names of plugins that export the events; a failing tracker does not
    stop the training. narrate: called with lines about the progress of the preparation.

    Raises:
        BadInput, EnvironmentProblem: if raised before training begins, the run directory is removed.
        Interrupted: a signal or a request stopped the training, after a checkpoint.
        KeyboardInterrupt: before training began, and nothing is left behind; or after a second signal.
        Diverged: see `Trainer.fit`.
    """
    config = resolve_run(model, options)
    if config.train.threads is None:
        config = config.model_copy(update={"train": config.train.model_copy(update={"threads": threads_of_a_run()})})
    sources, data = open_data(config.train, narrate)
    tracker_specs = find_trackers(trackers)
    has_started = False

    def note_start(event: Event) -> None:
        nonlocal has_started
        has_started = has_started or event["kind"] == "started"

    with contextlib.ExitStack() as held:

        def claim(run: RunDirectory) -> None:
            held.enter_context(writing(run))

        run = _create(config, name, data, claim)
        try:
            with Heartbeat(run) as heartbeat:
                _train(run, config, sources, heartbeat, [note_start, *listeners], tracker_specs, narrate)
        except BaseException:
            if not has_started:  # nothing was trained
                with contextlib.suppress(TmeattnError):
                    run.delete()
            raise
    return run


def _create(config: RunConfig, name: str | None, data: DataInfo, claim: Callable[[RunDirectory], None]) -> RunDirectory:
    """A new run directory; if several processes want the same name at once, one of them gets it.

    Raises:
        BadInput: another run has the name.
    """
    if name is None:
        return create(runs_dir(), config, name=None, data=data, claim=claim)
    with naming(runs_dir()):
        check_name(name)
        return create(runs_dir(), config, name=name, data=data, claim=claim)


def resume(
    run: RunDirectory,
    *,
    listeners: Sequence[Listener] = (),
    trackers: Sequence[str] = (),
    narrate: Narrate = lambda line: None,
) -> RunDirectory:
    """Continue a run from its last checkpoint, or from step 0 if it has none. A finished run is not changed.

    Requests that an earlier process of the run did not take are dropped.

    Raises:
        BadInput: another process is training the run, its data has changed, or all its checkpoints are damaged.
        Interrupted, Diverged, EnvironmentProblem: as in `start`.
    """
    tracker_specs = find_trackers(trackers)
    if run.state() == "finished" and not os.access(run.path, os.W_OK):
        narrate(_nothing_to_resume(run))
        return run
    with writing(run):
        before = run.status()
        tidy(run, training=True)
        if run.is_finished():
            write_finished(run, before)
            rebuild_vocabulary(run, narrate)
            narrate(_nothing_to_resume(run))
            return run
        drop_requests(run)
        with Heartbeat(run) as heartbeat:
            try:
                config = stored_config(run.id, run.config)
                sources = stored_sources(run, config, narrate)
            except Exception:
                heartbeat.restore(before)
                raise
            _train(run, config, sources, heartbeat, listeners, tracker_specs, narrate)
    return run


def _nothing_to_resume(run: RunDirectory) -> str:
    return f"The run {run.id} is finished: nothing to resume."


def _train(
    run: RunDirectory,
    config: RunConfig,
    sources: Sources,
    heartbeat: Heartbeat,
    listeners: Sequence[Listener],
    trackers: Sequence[TrackerSpec],
    narrate: Narrate,
) -> None:
    with disk_errors("the run", run.path):
        discard(run.path)
    with reporting(run, heartbeat, listeners, trackers) as emit:
        saved = checkpoint.load(run.checkpoints, "last", "previous")
        if saved is not None and saved.damaged:
            names = " and ".join(saved.damaged)
            message = f"The checkpoint {names} of {run.id} is damaged: training continues from {saved.name}."
            emit({"kind": "warning", "message": message})
        trainer = build_trainer(run, config, sources, saved, emit, narrate)
        heartbeat.update(epochs=config.train.epochs, steps_per_epoch=trainer.steps_per_epoch)

        def on_progress(progress: Progress) -> None:
            heartbeat.update(step=progress.step, epoch=progress.epoch, best_accuracy=progress.best_accuracy)
            heartbeat.check_folder()

        def acknowledge(signal_name: str) -> None:
            narrate(f"{signal_name}: training stops after this step, with a checkpoint. A second signal quits without.")

        with stop_on_signals(acknowledge) as stop:
            _fit(run, trainer, stop, on_progress, emit)
    tidy(run, training=True)


def _fit(
    run: RunDirectory,
    trainer: Trainer,
    stop: StopFlag,
    on_progress: Callable[[Progress], None],
    emit: Listener,
) -> None:
    progress = trainer.progress
    try:
        reason = trainer.fit(stop, on_progress)
    except Stopped as stopped:
        emit({"kind": "stopped", "step": progress.step, "epoch": progress.epoch + 1, "reason": str(stopped)})
        raise Interrupted(
            f"Training stopped at step {progress.step}, and a checkpoint was saved.",
            hint=f"Resume the run: tmeattn resume {run.id}",
        ) from None
    emit(
        {
            "kind": "finished",
            "step": progress.step,
            "reason": reason,
            "best_epoch": progress.best_epoch,
            "best_accuracy": progress.best_accuracy,
            "seconds": progress.seconds,
        }
    )
