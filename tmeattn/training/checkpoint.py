"""Checkpoints: safetensors files with JSON in their metadata, without pickle.

Training resumes from `last`; the checkpoint before it is kept as `previous`; `best` has the weights with the highest
validation accuracy. A file is written under another name, flushed to the disk and renamed, so that a killed process
leaves the old file intact.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from tmeattn.errors import BadInput
from tmeattn.files import disk_errors, write_atomically
from tmeattn.training.prepared import pack, unpack

FORMAT = "1"


@dataclass
class Progress:
    """The progress of training: everything beside tensors that a resumed run needs.

    step, epoch, batch: steps done, the current epoch (from 0), and batches done in it.
    bad_epochs:         epochs since the highest validation accuracy.
    epoch_meter, window_meter: running means (see `tmeattn.evaluation.meters`).
    prepared:           the value that the model's `prepare` returned.
    """

    step: int = 0
    epoch: int = 0
    batch: int = 0
    best_accuracy: float = -1.0
    best_epoch: int = 0
    bad_epochs: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    threads: int = 1
    epoch_meter: dict[str, Any] = field(default_factory=dict)
    window_meter: dict[str, Any] = field(default_factory=dict)
    prepared: Any = None


def save_training(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer, progress: Progress) -> None:
    """Replace `last` by the model, the optimiser, the random state and the progress; the old `last` becomes `previous`.

    Raises:
        EnvironmentProblem: the disk is full or cannot be written; both older files are kept.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            if value is not None:
                tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    tensors["random.cpu"] = torch.get_rng_state()
    if torch.cuda.is_available():
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    last, previous = folder / "last.safetensors", folder / "previous.safetensors"
    with disk_errors("a checkpoint", folder):
        fresh = folder / "next.safetensors"
        write_atomically(fresh, _serialize(tensors, progress), durable=True)
        if last.exists():
            last.replace(previous)
        fresh.replace(last)


def save_best(folder: Path, model: nn.Module, progress: Progress) -> None:
    """Replace `best`: the model's weights alone.

    Raises:
        EnvironmentProblem: the disk is full or cannot be written; the older file is kept.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    with disk_errors("a checkpoint", folder):
        write_atomically(folder / "best.safetensors", _serialize(tensors, progress), durable=True)


def _serialize(tensors: dict[str, Tensor], progress: Progress) -> bytes:
    prepared, arrays = pack(progress.prepared)
    plain = {name: value.detach().cpu().contiguous() for name, value in (tensors | arrays).items()}
    fields = asdict(replace(progress, prepared=None)) | {"prepared": prepared}
    return save(plain, metadata={"format": FORMAT, "progress": json.dumps(fields)})


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read. `damaged` names the checkpoints that were tried before it and cannot be read."""

    tensors: dict[str, Tensor]
    progress: Progress
    name: str
    damaged: tuple[str, ...] = ()

    def load_model(self, model: nn.Module) -> None:
        """Copy the weights into a model of the same shape.

        Raises:
            BadInput: the weights do not fit (the plugin's code changed since).
        """
        state = {key.removeprefix("model."): value for key, value in self.tensors.items() if key.startswith("model.")}
        try:
            model.load_state_dict(state)
        except RuntimeError as error:
            first = str(error).splitlines()[1:2] or [str(error)]
            raise BadInput(
                f"The checkpoint's weights do not fit the model: {first[0].strip()}",
                hint="The model's code has changed since it was trained.",
            ) from error

    def load_optimizer(self, optimizer: torch.optim.Optimizer) -> None:
        """Load the state into an optimiser of the same parameters."""
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in self.tensors.items():
            if key.startswith("optimizer."):
                _, index, name = key.split(".", 2)
                state.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})

    def restore_random_state(self) -> None:
        torch.set_rng_state(self.tensors["random.cpu"])
        if "random.cuda" in self.tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(self.tensors["random.cuda"])


def _read(path: Path) -> Checkpoint | None:
    """The checkpoint in a file; None where it is damaged."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        progress = Progress(**json.loads(metadata["progress"]))
        progress.prepared = unpack(progress.prepared, tensors)
        return Checkpoint(tensors, progress, path.stem)
    except (SafetensorError, OSError, KeyError, TypeError, ValueError):
        return None


def load(folder: Path, *names: str) -> Checkpoint | None:
    """The first of the named checkpoints that exists and is not damaged; None where none exists.

    Raises:
        BadInput: all existing ones are damaged.
    """
    damaged: list[str] = []
    for name in names:
        path = folder / f"{name}.safetensors"
        if not path.exists():
            continue
        checkpoint = _read(path)
        if checkpoint is not None:
            return replace(checkpoint, damaged=tuple(damaged))
        damaged.append(name)
    if damaged:
        raise BadInput(
            f"Every checkpoint of the run {folder.parent.name} is damaged: {', '.join(damaged)}.",
            hint=f"Train a new run with its options: tmeattn train --from {folder.parent.name}",
        )
    return None
