"""Start and resume runs: `start` makes a run directory from options and trains the run, `resume` continues a run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tmeattn.data.sources import with_chosen_tokenizer
from tmeattn.errors import Interrupted, TmeattnError
from tmeattn.files import disk_errors
from tmeattn.paths import runs_dir
from tmeattn.run_config import RunConfig, resolve_run, stored_config
from tmeattn.runs.control import drop_requests
from tmeattn.runs.creation import create
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.extending import Longer, counts_patience_anew, longer
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.runs.index import check_name
from tmeattn.runs.init_options import with_init
from tmeattn.runs.leftovers import tidy, write_finished
from tmeattn.runs.lock import naming, writing
from tmeattn.runs.manifest import discard
from tmeattn.runs.run_files import DataInfo, SweepOrigin
from tmeattn.runs.watched_texts import write_added
from tmeattn.specs import TrackerSpec
from tmeattn.training import checkpoint
from tmeattn.training.build_trainer import build_trainer
from tmeattn.training.checkpoint import Progress
from tmeattn.training.default_epochs import with_fitting_epochs
from tmeattn.training.distributed.elastic import attempts
from tmeattn.training.distributed.launch import Team
from tmeattn.training.distributed.place import started_place
from tmeattn.training.distributed.sizes import set_size, with_processes
from tmeattn.training.initial import Initial, initial_again, open_initial
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
    stop: StopFlag | None = None,
    run_id: str | None = None,
    sweep: SweepOrigin | None = None,
    watch_texts: Sequence[str] = (),
) -> RunDirectory:
    """Train a new run to its end.

    listeners: called with every event. trackers: names of plugins that export the events; a failing tracker does not
    stop the training. narrate: called with lines about the progress of the preparation. stop: a flag that the caller
    can set to stop the training. run_id, sweep: see `tmeattn.runs.creation.create`. watch_texts: the
    user's texts on the watch list of the run.

    Raises:
        BadInput, EnvironmentProblem: if raised before training begins, the run directory is removed.
        Interrupted: a signal or a request stopped the training, after a checkpoint.
        KeyboardInterrupt: before training began, and nothing is left behind; or after a second signal.
        Diverged: see `Trainer.fit`.
    """
    place = started_place()
    if place is not None and place.rank > 0:
        return follow() or RunDirectory(runs_dir())
    if (earlier := attempts.earlier_run(place)) is not None:
        return _continue_attempt(earlier, listeners, trackers, narrate, stop)
    has_started = False

    def note_start(event: Event) -> None:
        nonlocal has_started
        has_started = has_started or event["kind"] == "started"

    with contextlib.ExitStack() as held:
        team = held.enter_context(Team(place))
        options = with_init(model, options)
        config = with_processes(resolve_run(model, options), team, narrate)
        initial = open_initial(config)
        sources, data = open_data(config.train, narrate)
        if initial is not None:
            initial.check_data(data)
            for line in initial.notes(data["classes"]):
                narrate(line)
        config = with_chosen_tokenizer(config, sources[0], narrate)
        config = with_fitting_epochs(config, options, sources[0], narrate)
        tracker_specs = find_trackers(trackers)

        def claim(run: RunDirectory) -> None:
            held.enter_context(writing(run))

        init = None if initial is None else initial.origin(data["classes"])
        run = _create(config, name, data, claim, run_id=run_id, sweep=sweep, init=init)
        try:
            if watch_texts:
                write_added(run, [{"text": text} for text in watch_texts])
            attempts.made(place, run)
            with Heartbeat(run) as heartbeat:
                heard = [note_start, *listeners]
                _train(run, config, sources, heartbeat, heard, tracker_specs, narrate, team, stop, initial=initial)
        except BaseException:
            if not has_started:  # nothing was trained
                with contextlib.suppress(TmeattnError):
                    run.delete()
            raise
    attempts.done()
    return run


def _continue_attempt(
    run: RunDirectory,
    listeners: Sequence[Listener],
    trackers: Sequence[str],
    narrate: Narrate,
    stop: StopFlag | None,
) -> RunDirectory:
    """Continue the run that the processes of torchrun have made before it started them again."""
    if run.is_finished():
        narrate(f"torchrun has started the processes again. The run {run.id} is finished.")
    else:
        narrate(f"torchrun has started the processes again: they continue the run {run.id}.")
    resume(run, listeners=listeners, trackers=trackers, narrate=narrate, stop=stop)
    attempts.done()
    return run


def _create(
    config: RunConfig, name: str | None, data: DataInfo, claim: Callable[[RunDirectory], None], **more: Any
) -> RunDirectory:
    """A new run directory; if several processes want the same name at once, one of them gets it.

    Raises:
        BadInput: another run has the name.
    """
    if name is None:
        return create(runs_dir(), config, name=None, data=data, claim=claim, **more)
    with naming(runs_dir()):
        check_name(name)
        return create(runs_dir(), config, name=name, data=data, claim=claim, **more)


def resume(
    run: RunDirectory,
    *,
    listeners: Sequence[Listener] = (),
    trackers: Sequence[str] = (),
    narrate: Narrate = lambda line: None,
    processes: int | None = None,
    epochs: int | None = None,
    stop: StopFlag | None = None,
) -> RunDirectory:
    """Continue a run from its last checkpoint, or from step 0 if it has none. A finished run is not changed without
    `epochs`.

    Requests that an earlier process of the run did not take are dropped. stop: as in `start`.

    processes: how many train together from here on; None: as many as wrote the checkpoint.
    epochs:    train up to this number of epochs; None: up to the planned one (see `tmeattn.runs.extending`).

    Raises:
        BadInput: another process is training the run, its data has changed, all its checkpoints are damaged, or it has
            done `epochs` already.
        Interrupted, Diverged, EnvironmentProblem: as in `start`.
    """
    place = started_place()
    if place is not None and place.rank > 0:
        return follow() or run
    with Team(place) as team:
        tracker_specs = find_trackers(trackers)
        if epochs is None and run.state() == "finished" and not os.access(run.path, os.W_OK):
            narrate(_nothing_to_resume(run))
        else:
            _resume(run, listeners, tracker_specs, narrate, team, processes, epochs, stop)
    return run


def _resume(
    run: RunDirectory,
    listeners: Sequence[Listener],
    trackers: Sequence[TrackerSpec],
    narrate: Narrate,
    team: Team,
    processes: int | None,
    epochs: int | None,
    stop: StopFlag | None,
) -> None:
    with writing(run):
        before = run.status()
        tidy(run, training=True)
        if epochs is None and run.is_finished():
            write_finished(run, before)
            rebuild_vocabulary(run, narrate)
            narrate(_nothing_to_resume(run))
            return
        drop_requests(run)
        with Heartbeat(run) as heartbeat:
            try:
                config = stored_config(run.id, run.config)
                more = longer(run, config, epochs)
                if more is not None:
                    config = more.config
                    for line in more.notes:
                        narrate(line)
                set_size(team, processes, config.train, narrate)
                sources = stored_sources(run, config, narrate)
            except Exception:
                heartbeat.restore(before)
                raise
            _train(run, config, sources, heartbeat, listeners, trackers, narrate, team, stop, more=more)


def follow() -> RunDirectory | None:
    """Train the next run with the processes that torchrun or srun has started, of which rank 0 writes the run, which
    is returned; None where there was nothing to train.

    Raises:
        Interrupted: the training was stopped.
        TmeattnError: it failed, in this process or in another.
    """
    from tmeattn.training.distributed.follow import follow_started

    place = started_place()
    assert place is not None
    return follow_started(place)


def _nothing_to_resume(run: RunDirectory) -> str:
    return f"The run {run.id} is finished: nothing to resume. To train it longer: tmeattn resume {run.id} --epochs N"


def _train(
    run: RunDirectory,
    config: RunConfig,
    sources: Sources,
    heartbeat: Heartbeat,
    listeners: Sequence[Listener],
    trackers: Sequence[TrackerSpec],
    narrate: Narrate,
    team: Team,
    flag: StopFlag | None,
    *,
    initial: Initial | None = None,
    more: Longer | None = None,
) -> None:
    with disk_errors("the run", run.path):
        discard(run.path)
    with reporting(run, heartbeat, listeners, trackers) as emit, team.errors():
        saved = checkpoint.load(run.checkpoints, "last", "previous")
        if saved is not None and saved.damaged:
            names = " and ".join(saved.damaged)
            message = f"The checkpoint {names} of {run.id} is damaged: training continues from {saved.name}."
            emit({"kind": "warning", "message": message})
        team.gather(team.size or (saved.processes if saved else config.train.processes))
        if saved is None and initial is None:
            initial = initial_again(run, config)
        if saved is not None and (more is not None or counts_patience_anew(run, saved.progress.step)):
            _count_patience_anew(saved.progress, config)
        said_first = emit if more is None else _extending(run, more, emit)
        trainer = build_trainer(run, config, sources, saved, said_first, narrate, team, initial)
        heartbeat.update(epochs=config.train.epochs, steps_per_epoch=trainer.steps_per_epoch)

        def on_progress(progress: Progress) -> None:
            heartbeat.update(step=progress.step, epoch=progress.epoch, best_accuracy=progress.best_accuracy)
            heartbeat.check_folder()

        def acknowledge(signal_name: str) -> None:
            narrate(f"{signal_name}: training stops after this step, with a checkpoint. A second signal quits without.")

        with stop_on_signals(acknowledge, flag) as stop:
            _fit(run, trainer, stop, on_progress, emit)
    tidy(run, training=True)


def _extending(run: RunDirectory, more: Longer, emit: Listener) -> Listener:
    """`emit`, which first records the extension of a run with the event that resumes it: from then on, the run is not
    finished any more."""

    def record_and_emit(event: Event) -> None:
        if event["kind"] == "resumed":
            more.record(run, epoch=event["epoch"], step=event["step"])
        emit(event)

    return record_and_emit


def _count_patience_anew(progress: Progress, config: RunConfig) -> None:
    """Let a run go on that had no better epoch for as long as its patience."""
    if 0 < config.train.patience <= progress.bad_epochs:
        progress.bad_epochs = 0


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
