"""Start and resume runs: `start` makes a run directory from options and trains the run, `resume` continues a run."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tmeattn.config import RunConfig, TrainOptions, resolve_run, stored_config
from tmeattn.cpu import default_threads
from tmeattn.data.sources import changed_data, check_unchanged, dataset_of, open_training_corpus, open_vectors
from tmeattn.errors import BadInput, Interrupted, TmeattnError
from tmeattn.files import disk_errors
from tmeattn.models.building import build_model, check_contract, choose_device
from tmeattn.paths import runs_dir
from tmeattn.registry import registry
from tmeattn.runs.control import drop_requests
from tmeattn.runs.directory import RunDirectory, create
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.runs.index import check_name
from tmeattn.runs.leftovers import tidy
from tmeattn.runs.lock import naming, writing
from tmeattn.runs.manifest import discard
from tmeattn.runs.run_files import DataInfo, RunStatus
from tmeattn.specs import Dataset, ModelSpec, Space, TrackerSpec, WordVectors
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Checkpoint, Progress
from tmeattn.training.precision import supports_bf16
from tmeattn.training.prepared import prepare
from tmeattn.training.reporting import reporting
from tmeattn.training.signals import StopFlag, stop_on_signals
from tmeattn.training.threads import fastest_threads
from tmeattn.training.trackers import find_trackers
from tmeattn.training.trainer import Stopped, Trainer
from tmeattn.training.vocabulary_file import rebuild_vocabulary, settle_vocabulary

Narrate = Callable[[str], None]
Sources = tuple[Dataset, WordVectors | None]
RANDOM_VECTOR_SIZE = 50


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
        config = config.model_copy(update={"train": config.train.model_copy(update={"threads": default_threads()})})
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
    """A new run directory; of several processes that ask for the same name at once, one gets it.

    Raises:
        BadInput: another run has the name.
    """
    if name is None:
        return create(runs_dir(), config, name=None, data=data, claim=claim)
    with naming(runs_dir()):
        check_name(name)
        return create(runs_dir(), config, name=name, data=data, claim=claim)


def open_data(options: TrainOptions, narrate: Narrate = lambda line: None) -> tuple[Sources, DataInfo]:
    """The dataset and the vectors of a run to be trained, and their description for `run.json`.

    Raises:
        BadInput, EnvironmentProblem: the dataset, the vectors or the device is missing, or does not fit the options.
    """
    choose_device(options.device)
    dataset, vectors = dataset_of(options, narrate), open_vectors(options.vectors, narrate)
    data: DataInfo = {
        "fingerprint": dataset.fingerprint,
        "classes": list(dataset.classes),
        "vectors": vectors.fingerprint if vectors else None,
        "vector_size": _vector_size(options, vectors),
    }
    return (dataset, vectors), data


def _vector_size(options: TrainOptions, vectors: WordVectors | None) -> int:
    wanted = options.vector_size
    if vectors is None:
        return wanted or RANDOM_VECTOR_SIZE
    if wanted not in (None, vectors.size):
        raise BadInput(
            f"--vector-size {wanted}: the vectors {options.vectors} have {vectors.size} dimensions.",
            hint="Leave --vector-size out, or use --vectors random.",
        )
    return vectors.size


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
            _write_finished(run, before)
            rebuild_vocabulary(run, narrate)
            narrate(_nothing_to_resume(run))
            return run
        drop_requests(run)
        with Heartbeat(run) as heartbeat:
            try:
                config = stored_config(run.id, run.config)
                sources = _sources_of(run, config, narrate)
            except Exception:
                heartbeat.restore(before)
                raise
            _train(run, config, sources, heartbeat, listeners, tracker_specs, narrate)
    return run


def _nothing_to_resume(run: RunDirectory) -> str:
    return f"The run {run.id} is finished: nothing to resume."


def _write_finished(run: RunDirectory, status: RunStatus) -> None:
    """Write the state that a process which was killed after its last event could not write."""
    if status["state"] in ("running", "stopped", "failed"):
        with contextlib.suppress(OSError):
            run.write_status({**status, "state": "finished"})


def _sources_of(run: RunDirectory, config: RunConfig, narrate: Narrate) -> Sources:
    """The data of an existing run.

    Raises:
        BadInput: they have changed since it was started.
    """
    dataset = dataset_of(config.train, narrate)
    check_unchanged(run, dataset)
    vectors = open_vectors(config.train.vectors, narrate)
    if not run.has_checkpoint() and (vectors.fingerprint if vectors else None) != run.data["vectors"]:
        raise changed_data(run)  # with a checkpoint, the vectors are in it
    return dataset, vectors


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
        trainer = _prepare(run, config, sources, saved, emit, narrate)
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


def _prepare(
    run: RunDirectory,
    config: RunConfig,
    sources: Sources,
    saved: Checkpoint | None,
    emit: Listener,
    narrate: Narrate,
) -> Trainer:
    """Prepare the first step: read the data, build the model and the optimiser, and load a checkpoint if any."""
    options = config.train
    spec = registry().get(ModelSpec, config.model)
    device = choose_device(options.device)
    corpus = open_training_corpus(options, *sources, narrate)
    progress = saved.progress if saved else Progress(prepared=prepare(spec, config, corpus))
    space = Space(
        vocabulary_size=len(corpus.vocabulary),
        num_classes=len(corpus.classes),
        vector_size=run.data["vector_size"],
        vectors=None if corpus.vectors is None else torch.tensor(corpus.vectors),
        tune=options.tune_embeddings,
        prepared=progress.prepared,
    )
    if options.precision == "bf16" and not supports_bf16(device):
        emit(
            {
                "kind": "warning",
                "message": f"The {device.type} device does not support bfloat16: the run is trained in float32.",
            }
        )
        options = options.model_copy(update={"precision": "float32"})
    torch.manual_seed(options.seed)
    model = build_model(config, space).to(device)
    check_contract(spec, model, space, device, uniform=options.uniform_attention)
    if saved is not None:
        saved.load_model(model)
    if (warning := settle_vocabulary(run, corpus.vocabulary, saved)) is not None:
        emit({"kind": "warning", "message": warning})
    progress.vocabulary = corpus.vocabulary.checksum
    _set_threads(config, progress, resumed=saved is not None, measure=lambda: fastest_threads(model, space, options))
    trainer = Trainer(
        model,
        options,
        corpus,
        run,
        progress=progress,
        device=device,
        attention=spec.attention,
        emit=emit,
    )
    _announce(run, config, trainer, model, emit)
    if saved is not None:
        saved.load_optimizer(trainer.optimizer)
        saved.restore_random_state()
    return trainer


def _announce(run: RunDirectory, config: RunConfig, trainer: Trainer, model: nn.Module, emit: Listener) -> None:
    progress, splits = trainer.progress, trainer.corpus.splits
    if any(event["kind"] == "started" for event in run.events("started")):
        emit(
            {
                "kind": "resumed",
                "step": progress.step,
                "epoch": progress.epoch,
                "epochs": config.train.epochs,
                "steps_per_epoch": trainer.steps_per_epoch,
            }
        )
        return
    emit(
        {
            "kind": "started",
            "run": run.id,
            "model": config.model,
            "epochs": config.train.epochs,
            "steps_per_epoch": trainer.steps_per_epoch,
            "parameters": sum(p.numel() for p in model.parameters() if p.requires_grad),
            "train_texts": len(splits["train"]),
            "validation_texts": len(splits["validation"]),
            "threads": progress.threads,
            "device": trainer.device.type,
        }
    )


def _set_threads(config: RunConfig, progress: Progress, *, resumed: bool, measure: Callable[[], int]) -> None:
    """Set the thread count. A resumed run keeps that of its checkpoint, because sums in another order are rounded
    differently."""
    if not resumed:
        chosen = config.train.threads
        progress.threads = chosen if isinstance(chosen, int) else measure()
    torch.set_num_threads(progress.threads)
