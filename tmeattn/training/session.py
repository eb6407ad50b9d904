"""Starting and resuming runs: from options to a run directory, and from a run directory to trained weights."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from tmeattn.config import RunConfig, TrainOptions, resolve_run, stored_config
from tmeattn.cpu import default_threads
from tmeattn.data.sources import dataset_of, open_training_corpus, open_vectors
from tmeattn.errors import BadInput, Interrupted, TmeattnError
from tmeattn.files import disk_errors
from tmeattn.models.building import build_model, check_contract, choose_device
from tmeattn.paths import runs_dir
from tmeattn.registry import registry
from tmeattn.runs.control import process_alive
from tmeattn.runs.directory import RunDirectory, create
from tmeattn.runs.events import Event, Listener
from tmeattn.runs.heartbeat import Heartbeat
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
    """Train a new run to its end. `trackers` names plugins that are given its events; none can stop it.

    Raises:
        BadInput, EnvironmentProblem: before training begins these leave no run behind.
        Interrupted: stopped by a signal or a request, after a checkpoint.
        Diverged: see `Trainer.fit`.
    """
    config = resolve_run(model, options)
    if config.train.threads is None:
        config = config.model_copy(update={"train": config.train.model_copy(update={"threads": default_threads()})})
    (dataset, vectors), data = open_data(config.train, narrate)
    tracker_specs = find_trackers(trackers)
    run = create(runs_dir(), config, name=name, data=data)
    began = False

    def note_start(event: Event) -> None:
        nonlocal began
        began = began or event["kind"] == "started"

    try:
        _train(run, config, (dataset, vectors), [*listeners, note_start], tracker_specs, narrate)
    except BaseException:
        if not began:  # nothing was trained: leave no trace of it
            with contextlib.suppress(TmeattnError):
                run.delete()
        raise
    return run


def open_data(options: TrainOptions, narrate: Narrate = lambda line: None) -> tuple[Sources, DataInfo]:
    """The dataset and the vectors of a run to be trained, and what `run.json` says of them.

    Raises:
        BadInput, EnvironmentProblem: they, or the device, are not there or do not fit the options.
    """
    choose_device(options.device)
    dataset, vectors = dataset_of(options, narrate), open_vectors(options.vectors)
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
            f"--vector-size {wanted}: the vectors {options.vectors} are {vectors.size} wide.",
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
    """Continue a run from its last checkpoint, or from the start where it has none; a finished run stays as it is.

    Raises:
        BadInput: it is being trained right now, its data has changed, or all its checkpoints are damaged.
        Interrupted, Diverged, EnvironmentProblem: as in `start`.
    """
    status = run.status()
    if status["state"] == "running" and process_alive(status):
        raise BadInput(f"The run {run.id} is being trained by process {status.get('pid')} on {status.get('host')}.")
    if run.is_finished():
        narrate(f"The run {run.id} is finished: nothing to resume.")
        return run
    tracker_specs = find_trackers(trackers)
    config = stored_config(run.id, run.config)
    dataset = dataset_of(config.train, narrate)
    if dataset.fingerprint != run.data["fingerprint"]:
        raise BadInput(
            f"The dataset {config.train.dataset!r} has changed since the run {run.id} began.",
            hint=f"Train anew: tmeattn train {config.model} --from {run.id}",
        )
    _train(run, config, (dataset, open_vectors(config.train.vectors)), listeners, tracker_specs, narrate)
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
        found = checkpoint.load(run.checkpoints, "last", "previous")
        if found is not None and found.fell_back:
            names = " and ".join(found.fell_back)
            message = f"The checkpoint {names} of {run.id} is damaged: continuing from {found.name}."
            emit({"kind": "warning", "message": message})
        trainer = _prepare(run, config, sources, found, emit, narrate)
        heartbeat.update(epochs=config.train.epochs, steps_per_epoch=trainer.steps_per_epoch)

        def on_progress(progress: Progress) -> None:
            heartbeat.update(step=progress.step, epoch=progress.epoch, best_accuracy=progress.best_accuracy)

        def acknowledge(signal_name: str) -> None:
            narrate(f"{signal_name}: saving after this step; once more leaves at once.")

        with stop_on_signals(acknowledge) as stop:
            _fit(run, trainer, stop, on_progress, emit, heartbeat)


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
            f"Stopped at step {progress.step} and saved.", hint=f"Continue with: tmeattn resume {run.id}"
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
    found: Checkpoint | None,
    emit: Listener,
    narrate: Narrate,
) -> Trainer:
    """Everything up to the first step: data, model, optimiser, and the state of a checkpoint where there is one."""
    options = config.train
    spec = registry().get(ModelSpec, config.model)
    device = choose_device(options.device)
    corpus = open_training_corpus(options, *sources, narrate)
    if not run.vocabulary_path.exists():
        with disk_errors("the vocabulary", run.path):
            corpus.vocabulary.save(run.vocabulary_path)
    progress = found.progress if found else Progress(prepared=prepare(spec, config, corpus))
    space = Space(
        vocabulary_size=len(corpus.vocabulary),
        num_classes=len(corpus.classes),
        vector_size=run.data["vector_size"],
        vectors=None if corpus.vectors is None else torch.tensor(corpus.vectors),
        tune=options.tune_embeddings,
        prepared=progress.prepared,
    )
    if options.precision == "bf16" and not supports_bf16(device):
        emit({"kind": "warning", "message": f"This {device.type} has no bfloat16 arithmetic: training in float32."})
        options = options.model_copy(update={"precision": "float32"})
    torch.manual_seed(options.seed)
    model = build_model(config, space).to(device)
    check_contract(spec, model, space, device, uniform=options.uniform_attention)
    _set_threads(config, progress, resumed=found is not None, measure=lambda: fastest_threads(model, space, options))
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
    if found is not None:
        found.load_model(model)
        found.load_optimizer(trainer.optimizer)
        found.restore_random_state()
    return trainer


def _announce(run: RunDirectory, config: RunConfig, trainer: Trainer, model: nn.Module, emit: Listener) -> None:
    progress, splits = trainer.progress, trainer.corpus.splits
    if any(event["kind"] == "started" for event in run.events()):
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
    """A resumed run keeps the thread count of its checkpoint: sums in another order would round differently."""
    if not resumed:
        chosen = config.train.threads
        progress.threads = chosen if isinstance(chosen, int) else measure()
    torch.set_num_threads(progress.threads)
