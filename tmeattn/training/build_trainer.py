"""Build the trainer of a run: encode the data, build the model and the optimiser, and load a checkpoint if any."""

from __future__ import annotations

import torch
from torch import nn

from tmeattn.cpu import default_threads
from tmeattn.data.sources import open_training_corpus
from tmeattn.models.arithmetic import NEWEST
from tmeattn.models.building import build_model, check_contract, choose_device
from tmeattn.registry import registry
from tmeattn.run_config import RunConfig
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.specs import ModelSpec, Space
from tmeattn.training.checkpoint import Checkpoint, Progress
from tmeattn.training.precision import supports_bf16
from tmeattn.training.prepared import prepare
from tmeattn.training.run_data import Narrate, Sources
from tmeattn.training.threads import LEAST_STEPS, Logged, Pace, fastest_threads, logged_threads
from tmeattn.training.trainer import Trainer
from tmeattn.training.vocabulary_file import settle_vocabulary


def build_trainer(
    run: RunDirectory,
    config: RunConfig,
    sources: Sources,
    saved: Checkpoint | None,
    emit: Listener,
    narrate: Narrate,
) -> Trainer:
    """The trainer of a run, ready for its next step; its event `started` or `resumed` is emitted.

    saved: the checkpoint to continue from, if any.

    Raises:
        BadInput: the data, the vocabulary or the model do not fit the run or the plugin contract.
    """
    options = config.train
    spec = registry().get(ModelSpec, config.model)
    device = choose_device(options.device)
    corpus = open_training_corpus(options, *sources, narrate)
    progress = saved.progress if saved else Progress(prepared=prepare(spec, config, corpus), arithmetic=NEWEST)
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
    logged = logged_threads(run.events_path)
    _set_threads(config, progress, logged, resumed=saved is not None)
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
    if progress.adapts_threads and device.type == "cpu":
        if saved is None and logged.first is None:
            _time_threads(trainer)
        trainer.pace = Pace(progress.threads, default_threads(), logged)
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


def _set_threads(config: RunConfig, progress: Progress, logged: Logged, *, resumed: bool) -> None:
    """Set the number of threads. A run that is resumed keeps that of its checkpoint or, without one, of its start,
    because sums in another order are rounded differently."""
    if not resumed:
        chosen = config.train.threads
        progress.adapts_threads = not isinstance(chosen, int)
        progress.threads = chosen if isinstance(chosen, int) else logged.first or default_threads()
    torch.set_num_threads(progress.threads)


def _time_threads(trainer: Trainer) -> None:
    """Choose the number of threads by steps on a batch of middling length. Torch's random state is as it was."""
    if trainer.steps_per_epoch * trainer.options.epochs < LEAST_STEPS or not trainer.has_trainable_parameters:
        return
    plan = sorted(trainer.batches.plan(0), key=lambda texts: int(trainer.batches.split.lengths[texts].sum()))
    batch = trainer.batches.batch(plan[len(plan) // 2])
    state = torch.get_rng_state()
    trainer.progress.threads = fastest_threads(lambda: trainer.rehearse(batch), trainer.progress.threads)
    torch.set_rng_state(state)
