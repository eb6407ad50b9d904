"""Build the trainer of a run: encode the data, build the model and the optimiser, and load a checkpoint if any."""

from __future__ import annotations

import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.cpu import default_threads
from tmeattn.data.encoding.batches import Share
from tmeattn.data.encoding.corpus import Corpus
from tmeattn.data.first_words import first_words
from tmeattn.data.sources import open_training_corpus, run_tokenizer
from tmeattn.errors import BadInput, shortened
from tmeattn.foreign import plugin_call
from tmeattn.models.arithmetic import NEWEST
from tmeattn.models.building import build_model, check_contract, owner
from tmeattn.models.gpu import kept_random_state
from tmeattn.plurals import counted
from tmeattn.run_config import RunConfig, spec_of
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener, started_event
from tmeattn.specs import Space
from tmeattn.training import checkpoint
from tmeattn.training.checkpoint import Checkpoint, Progress
from tmeattn.training.distributed.group import Alone, Group
from tmeattn.training.distributed.job import Job
from tmeattn.training.distributed.launch import Team
from tmeattn.training.distributed.randomness import settle_random_state
from tmeattn.training.initial import Initial
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
    team: Team,
    initial: Initial | None = None,
) -> Trainer:
    """The trainer of a run, ready for its next step; its event `started` or `resumed` is emitted.

    saved: the checkpoint to continue from, if any.   team: the other processes that train with this one.
    initial: the run that a new one starts from.

    Raises:
        BadInput: the data, the vocabulary or the model do not fit the run or the plugin contract.
        RankLost: another process has ended.
    """
    options = config.train
    spec = spec_of(config)
    device = team.device(options.device)
    tokenizer = _tokenizer(run, config, saved)  # before the texts are encoded with it
    first = first_words(run) if initial is None else initial.vocabulary
    corpus = open_training_corpus(config, *sources, narrate, first)
    team.announce(Job.of(run, config, corpus, first))
    if saved is not None:
        progress = saved.progress
    else:
        prepared = prepare(spec, config, corpus) if initial is None else initial.stored.progress.prepared
        progress = Progress(prepared=prepared, arithmetic=NEWEST)
    space = _space(config, corpus, run.data["vector_size"], progress)
    if options.precision == "bf16" and not supports_bf16(device):
        emit(
            {
                "kind": "warning",
                "message": f"The {device.type} device does not support bfloat16: the run is trained in float32.",
            }
        )
    model = _model(config, space, device)
    check_contract(spec, model, space, device, uniform=options.uniform_attention)
    if saved is not None:
        saved.load_model(model)
    elif initial is not None:
        narrate(initial.words_note(len(corpus.vocabulary)))
        initial.load_into(model, corpus.classes)
    if (warning := settle_vocabulary(run, corpus.vocabulary, saved)) is not None:
        emit({"kind": "warning", "message": warning})
    progress.vocabulary = corpus.vocabulary.checksum
    progress.tokenizer = tokenizer
    logged = logged_threads(run.events_path)
    _set_threads(config, progress, team, saved, logged)
    progress.processes = team.processes
    _before_training(model, config, corpus, device, narrate)
    group = team.join(device)
    trainer = _trainer(run, config, corpus, model, progress, device, group, emit)
    if progress.adapts_threads and device.type == "cpu" and team.processes == 1:
        if saved is None and logged.first is None:
            _time_threads(trainer)
        trainer.pace = Pace(progress.threads, default_threads(), logged)
    if saved is not None:
        saved.load_optimizer(trainer.optimizer)
        if saved.processes != team.processes:
            emit({"kind": "warning", "message": _other_processes(saved.processes, team.processes)})
        started = started_event(run.events("started"))
        if started is not None and started["device"] != device.type:
            emit({"kind": "warning", "message": _other_device(started["device"], device.type)})
    if isinstance(group, Group):
        random_states = {} if saved is None else saved.random_tensors
        tensors = checkpoint.training_tensors(model, trainer.optimizer)
        group.share_bytes(checkpoint.serialize({**tensors, **random_states}, progress))
    _announce(run, config, trainer, model, emit)
    settle_random_state(saved, options.seed, group.rank, group.size)
    return trainer


def follower_trainer(
    run: RunDirectory, job: Job, corpus: Corpus, begin: Checkpoint, device: torch.device, group: Group
) -> Trainer:
    """The trainer of a process that trains with rank 0.

    begin: the state of rank 0 before its next step.

    Raises:
        BadInput: the model cannot be built here.
    """
    config, progress = job.run_config, begin.progress
    torch.set_num_threads(progress.threads)
    model = _model(config, _space(config, corpus, job.vector_size, progress), device)
    begin.load_model(model)
    _before_training(model, config, corpus, device, lambda line: None)
    trainer = _trainer(run, config, corpus, model, progress, device, group, lambda event: None)
    begin.load_optimizer(trainer.optimizer)
    settle_random_state(begin, config.train.seed, group.rank, group.size)
    return trainer


def _tokenizer(run: RunDirectory, config: RunConfig, saved: Checkpoint | None) -> str:
    """The fingerprint of the run's tokenizer.

    Raises:
        BadInput: it is another one than the checkpoint was trained with.
    """
    tokenizer = run_tokenizer(config)
    if saved is not None and saved.progress.tokenizer not in ("", tokenizer.fingerprint):
        raise BadInput(
            f"The tokenizer {tokenizer.name} has changed since the run {run.id} was begun: it was "
            f"{shortened(saved.progress.tokenizer)!r} and is {shortened(tokenizer.fingerprint)!r}.",
            hint=f"Install the version of then, or train a new run: tmeattn train {config.model} --from {run.id}",
        )
    return tokenizer.fingerprint


def _space(config: RunConfig, corpus: Corpus, vector_size: int, progress: Progress) -> Space:
    return Space(
        vocabulary_size=len(corpus.vocabulary),
        num_classes=len(corpus.classes),
        vector_size=vector_size,
        vectors=None if corpus.vectors is None else torch.tensor(corpus.vectors),
        tune=config.train.tune_embeddings,
        prepared=progress.prepared,
    )


def _model(config: RunConfig, space: Space, device: torch.device) -> nn.Module:
    torch.manual_seed(config.train.seed)
    return build_model(config, space).to(device)


def _trainer(
    run: RunDirectory,
    config: RunConfig,
    corpus: Corpus,
    model: nn.Module,
    progress: Progress,
    device: torch.device,
    group: Alone,
    emit: Listener,
) -> Trainer:
    return Trainer(
        model,
        _options(config, device),
        corpus,
        run,
        progress=progress,
        device=device,
        attention=spec_of(config).attention,
        emit=emit,
        group=group,
    )


def _options(config: RunConfig, device: torch.device) -> TrainOptions:
    """The options of training, with the precision that the device has."""
    options = config.train
    if options.precision == "bf16" and not supports_bf16(device):
        return options.model_copy(update={"precision": "float32"})
    return options


def _before_training(
    model: nn.Module, config: RunConfig, corpus: Corpus, device: torch.device, narrate: Narrate
) -> None:
    """Call the method `before_training` of a model that has one; torch's random state is as it was.

    Raises:
        BadInput: it fails.
    """
    before = getattr(model, "before_training", None)
    if callable(before):
        with kept_random_state(device), plugin_call(owner(spec_of(config)), "fails in before_training"):
            before(corpus, _options(config, device), narrate)


def _other_processes(before: int, now: int) -> str:
    return (
        f"The run was trained by {counted(before, 'process', 'processes')} and continues with {now}: dropout draws "
        "other random numbers from here on, so that the result differs from that of an uninterrupted run."
    )


def _other_device(before: str, now: str) -> str:
    return (
        f"The run was begun on {before} and continues on {now}, which rounds otherwise and draws other random numbers "
        "for dropout, so that the result differs from that of an uninterrupted run."
    )


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
                "processes": trainer.group.size,
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
            "processes": trainer.group.size,
        }
    )


def _set_threads(config: RunConfig, progress: Progress, team: Team, saved: Checkpoint | None, logged: Logged) -> None:
    """Set the number of threads of each process. A resumed run keeps that of its checkpoint or, without one, of its
    start, because sums in another order are rounded differently; with another number of processes, all of them together
    keep their threads."""
    if saved is None:
        chosen = config.train.threads
        progress.adapts_threads = not isinstance(chosen, int)
        progress.threads = chosen if isinstance(chosen, int) else logged.first or default_threads(team.processes)
    elif saved.processes != team.processes:
        progress.threads = max(progress.threads * saved.processes // team.processes, 1)
    torch.set_num_threads(progress.threads)


def _time_threads(trainer: Trainer) -> None:
    """Choose the number of threads by steps on a batch of middling length. Torch's random state is as it was."""
    if trainer.steps_per_epoch * trainer.options.epochs < LEAST_STEPS or not trainer.has_trainable_parameters:
        return
    batches = trainer.batches
    plan = sorted(batches.plan(0), key=lambda indices: len(batches.words(indices)))
    middle = plan[len(plan) // 2]
    share, state = Share(batches.batch(middle), middle), torch.get_rng_state()
    trainer.progress.threads = fastest_threads(lambda: trainer.rehearse(share), trainer.progress.threads)
    torch.set_rng_state(state)
