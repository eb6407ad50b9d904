"""To train a run for more epochs than planned (`tmeattn resume RUN --epochs N`): checks, notes, and its record.

With a constant learning rate, the weights are bit for bit those of a run that was trained for N epochs from the start.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass

from tmeattn.errors import BadInput, shortened
from tmeattn.files import disk_errors, to_json, write_atomically
from tmeattn.plurals import counted
from tmeattn.run_config import RunConfig, resolve_run
from tmeattn.runs.creation import command
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import epoch_events, last_end

FORMAT = 1
"""The version of `tmeattn.runs.run_files.Extension`."""


@dataclass(frozen=True)
class Longer:
    """A run that is to be trained up to another number of epochs.

    config: its configuration with that number.   before: the number so far.
    notes:  what the user should know.   exact: see `tmeattn.runs.run_files.Extension`.
    """

    config: RunConfig
    before: int
    notes: tuple[str, ...]
    exact: bool

    def record(self, run: RunDirectory, *, epoch: int, step: int) -> None:
        """Write it to `run.json`, when the training goes on. epoch, step: those that are done.

        Raises:
            EnvironmentProblem: the file cannot be written.
        """
        info = deepcopy(run.info)
        info["config"]["train"]["epochs"] = self.config.train.epochs
        info.setdefault("extensions", []).append(
            {
                "format": FORMAT,
                "time": time.time(),
                "epochs": self.config.train.epochs,
                "before": self.before,
                "epoch": epoch,
                "step": step,
                "exact": self.exact,
                "command": command(),
            }
        )
        with disk_errors("the run", run.path):
            write_atomically(run.path / "run.json", to_json(info), durable=True)
        run.__dict__.pop("info", None)


def longer(run: RunDirectory, config: RunConfig, epochs: int | None) -> Longer | None:
    """What it means to train a run up to `epochs`; None where nothing changes, such as without a number.

    Raises:
        BadInput: as many epochs are done already, or the training cannot go on.
    """
    if epochs is None:
        return None
    done, end = _epochs_done(run), last_end(run.events("finished", "resumed"))
    if end is None and epochs == config.train.epochs:
        return None
    if end is not None and end["reason"] == "closed form":
        raise BadInput(
            f"The model {config.model!r} has no parameters to train: more epochs of {run.id} would change nothing.",
            hint="Leave --epochs out.",
        )
    if epochs <= done:
        raise BadInput(
            f"--epochs {epochs}: {run.id} has {counted(done, 'epoch')} already.", hint=f"Give {done + 1} or more."
        )
    if not any((run.checkpoints / f"{name}.safetensors").exists() for name in ("last", "previous")) and done:
        raise BadInput(
            f"{run.id} has no checkpoint to go on from: an exported run has its best weights alone.",
            hint=f"Start a new run from them: tmeattn train {config.model} --init {shortened(run.reference)}",
        )
    train = config.train.model_copy(update={"epochs": epochs})
    if train.alpha > 0 and train.alpha_warmup > epochs:
        raise BadInput(
            f"--epochs {epochs}: alpha rises over {train.alpha_warmup:g} epochs.",
            hint=f"Give {int(-(-train.alpha_warmup // 1))} or more.",
        )
    notes = [note for note in (_rate_note(config, epochs, done), _warmup_note(config, epochs)) if note]
    stopped = end is not None and end["reason"] == "patience"
    if stopped:
        notes.append(
            f"{run.id} had stopped after {counted(done, 'epoch')}, because "
            f"{counted(config.train.patience, 'epoch')} brought no better validation accuracy. They are counted anew."
        )
    exact = not notes and done <= config.train.epochs
    return Longer(config.model_copy(update={"train": train}), config.train.epochs, tuple(notes), exact)


def counts_patience_anew(run: RunDirectory, step: int) -> bool:
    """Whether the run was extended at this step, so that it goes on although it had no better epoch for long."""
    extensions = run.info.get("extensions", [])
    return any(one["step"] == step for one in extensions)


def _epochs_done(run: RunDirectory) -> int:
    return max((event["epoch"] for event in epoch_events(run.events("epoch"))), default=0)


def _rate_note(config: RunConfig, epochs: int, done: int) -> str | None:
    """How the learning rate goes on, where it depends on the number of epochs."""
    train = config.train
    if epochs == train.epochs or (train.lr_schedule == "constant" and train.warmup is None):
        return None
    falls = "falls linearly over all epochs" if train.lr_schedule == "linear" else "rises over a share of all steps"
    return (
        f"The learning rate {falls}. From here on, it is that of a run of {counted(epochs, 'epoch')}; the first "
        f"{counted(done, 'epoch')} had that of {train.epochs}. So the result is not that of a run that was trained for "
        f"{counted(epochs, 'epoch')} from the start."
    )


def _warmup_note(config: RunConfig, epochs: int) -> str | None:
    """That alpha rose over fewer epochs than it would in a new run, whose default is at most half of the epochs."""
    train = config.train
    if train.alpha == 0:
        return None
    options = {**config.flat(), "epochs": epochs}
    del options["alpha_warmup"]
    usual = resolve_run(config.model, options).train.alpha_warmup
    if train.alpha_warmup == usual or train.alpha_warmup != train.epochs / 2:
        return None
    return (
        f"Alpha rose over {train.alpha_warmup:g} epochs; in a new run of {counted(epochs, 'epoch')} it would rise over "
        f"{usual:g}."
    )
