"""Start and resume runs: `start` makes a run directory from options and trains the run, `resume` continues a run."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tmeattn.config import RunConfig, TrainOptions, resolve_run, stored_config
from tmeattn.cpu import default_threads
from tmeattn.data.sources import changed_data, check_unchanged, dataset_of, open_training_corpus, open_vectors
from tmeattn.errors import BadInput, Interrupted, TmeattnError
from tmeattn.models.building import build_model, check_contract, choose_device
from tmeattn.paths import runs_dir
from tmeattn.registry import registry
from tmeattn.runs.control import process_alive
from tmeattn.runs.directory import RunDirectory, create
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.heartbeat import Heartbeat
from tmeattn.runs.leftovers import tidy
from tmeattn.runs.run_files import DataInfo
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
        Diverged: see `Trainer.fit`.
    """
    config = resolve_run(model, options)
    if config.train.threads is None:
        config = config.model_copy(update={"train": config.train.model_copy(update={"threads": default_threads()})})
    (dataset, vectors), data = open_data(config.train, narrate)
    tracker_specs = find_trackers(trackers)
    run = create(runs_dir(), config, name=name, data=data)
    has_started = False

    def note_start(event: Event) -> None:
        nonlocal has_started
        has_started = has_started or event["kind"] == "started"

    try:
        _train(run, config, (dataset, vectors), [*listeners, note_start], tracker_specs, narrate)
    except BaseException:
        if not has_started:  # nothing was trained
            with contextlib.suppress(TmeattnError):
                run.delete()
        raise
    return run


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

    Raises:
        BadInput: a process is training the run, its data has changed, or all its checkpoints are damaged.
        Interrupted, Diverged, EnvironmentProblem: as in `start`.
    """
    status = run.status()
    if status["state"] == "running" and process_alive(status):
        raise BadInput(f"The run {run.id} is being trained by process {status.get('pid')} on {status.get('host')}.")
    tidy(run, training=True)
    if run.is_finished():
        rebuild_vocabulary(run, narrate)
        narrate(f"The run {run.id} is finished: nothing to resume.")
        return run
    tracker_specs = find_trackers(trackers)
    config = stored_config(run.id, run.config)
    dataset = dataset_of(config.train, narrate)
    check_unchanged(run, dataset)
    vectors = open_vectors(config.train.vectors, narrate)
    if not run.has_checkpoint() and (vectors.fingerprint if vectors else None) != run.data["vectors"]:
        raise changed_data(run)  # with a checkpoint, the vectors are in it
    _train(run, config, (dataset, vectors), listeners, tracker_specs, narrate)
    return run


def _train(
    run: RunDirectory,
    config: RunConfig,
    sources: Sources,
    listeners: Sequence[Listener],
    trackers: Sequence[TrackerSpec],
    narrate: Narrate,
) -> None:
    with reporting(run, listeners, trackers) as (emit, heartbeat):
        saved = checkpoint.load(run.checkpoints, "last", "previous")
        if saved is not None and saved.damaged:
            names = " and ".join(saved.damaged)
            message = f"The checkpoint {names} of {run.id} is damaged: training continues from {saved.name}."
            emit({"kind": "warning", "message": message})
        trainer = _prepare(run, config, sources, saved, emit, narrate)
        heartbeat.update(epochs=config.train.epochs, steps_per_epoch=trainer.steps_per_epoch)

        def on_progress(progress: Progress) -> None:
            heartbeat.update(step=progress.step, epoch=progress.epoch, best_accuracy=progress.best_accuracy)

        def acknowledge(signal_name: str) -> None:
            narrate(f"{signal_name}: training stops after this step, with a checkpoint. A second signal quits without.")

        with stop_on_signals(acknowledge) as stop:
            _fit(run, trainer, stop, on_progress, emit, heartbeat)
    tidy(run, training=True)


def _fit(
    run: RunDirectory,
    trainer: Trainer,
    stop: StopFlag,
    on_progress: Callable[[Progress], None],
    emit: Listener,
    heartbeat: Heartbeat,
) -> None:
    progress = trainer.progress
    try:
        reason = trainer.fit(stop, on_progress)
    except Stopped as stopped:
        emit({"kind": "stopped", "step": progress.step, "epoch": progress.epoch + 1, "reason": str(stopped)})
        heartbeat.end("stopped")
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
    heartbeat.end("finished")


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
