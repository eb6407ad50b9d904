"""Checkpoints: safetensors files with JSON in their metadata, without pickle.

Training resumes from `last`; the checkpoint before it is kept as `previous`; `best` has the weights with the highest
validation accuracy. A file is written under another name, flushed to the disk and renamed, so that a killed process
leaves the old file intact. Each file has a checksum of its whole content (see `tmeattn.runs.checksums`), which is
verified whenever the file is read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, get_type_hints

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save
from torch import Tensor, nn

from tmeattn.errors import BadInput
from tmeattn.evaluation.meters import Meter
from tmeattn.files import disk_errors, open_regular, read_error, sync_folder, write_atomically
from tmeattn.models.arithmetic import NEWEST
from tmeattn.os_errors import NETWORK, PROCESS, READ_ONLY, number_of
from tmeattn.runs.checksums import CHECKSUM, FORMAT, NEXT, UNSEALED, seal, verified_metadata
from tmeattn.runs.typed_json import matches
from tmeattn.training.prepared import pack, unpack


@dataclass
class Progress:
    """The progress of training: everything beside tensors that a resumed run needs.

    step, epoch, batch: steps done, the current epoch (from 0), and batches done in it.
    bad_epochs:         epochs since the highest validation accuracy.
    epoch_meter, window_meter: running means (see `tmeattn.evaluation.meters`).
    gradient_norms:     the norms of the steps since the last `step` event.
    prepared:           the value that the model's `prepare` returned.
    vocabulary:         the SHA-256 of the run's `vocabulary.json`; empty in checkpoints of version 0.1.
    adapts_threads:     whether the number of threads follows the speed (see `tmeattn.training.threads`).
    arithmetic:         its version (see `tmeattn.models.arithmetic`); 1 in checkpoints of version 0.1.
    processes:          the number of processes that trained together.
    tokenizer:          the fingerprint of the run's tokenizer; empty in earlier checkpoints.
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
    gradient_norms: list[float] = field(default_factory=list)
    prepared: Any = None
    vocabulary: str = ""
    adapts_threads: bool = False
    arithmetic: int = 1
    processes: int = 1
    tokenizer: str = ""


RandomState = dict[str, Tensor]
"""The state of torch's random generators in one process, by the type of the device."""


def random_state() -> RandomState:
    """That of this process. Where it has not used a GPU, it does not begin to: that takes seconds and memory."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def set_random_state(states: RandomState) -> None:
    """Set torch's generators in this process: that of a GPU only where the process uses one."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.set_rng_state(states["cuda"])


def save_training(
    folder: Path,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    random_states: Sequence[RandomState],
) -> None:
    """Replace `last` by the model, the optimiser, the random states and the progress; the old `last` becomes
    `previous`.

    random_states: those of all processes that train together.

    Raises:
        EnvironmentProblem: the disk is full or cannot be written; both older files are kept.
    """
    tensors = training_tensors(model, optimizer)
    for rank, states in enumerate(random_states):
        tensors |= {_random_name(device, rank): state for device, state in states.items()}
    last, previous = folder / "last.safetensors", folder / "previous.safetensors"
    with disk_errors("a checkpoint", folder):
        fresh = folder / NEXT
        write_atomically(fresh, serialize(tensors, progress), durable=True)
        if last.exists():
            last.replace(previous)
        fresh.replace(last)
        sync_folder(folder)


def training_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The tensors of the model and of the optimiser by the names that they have in a checkpoint."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        for name, value in state.items():
            if value is not None:
                tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    return tensors


def _random_name(device: str, rank: int) -> str:
    return f"random.{device}" if rank == 0 else f"random.{device}.{rank}"


def save_best(folder: Path, model: nn.Module, progress: Progress) -> None:
    """Replace `best`: the model's weights alone.

    Raises:
        EnvironmentProblem: the disk is full or cannot be written; the older file is kept.
    """
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    with disk_errors("a checkpoint", folder):
        write_atomically(folder / "best.safetensors", serialize(tensors, progress), durable=True)


def serialize(tensors: dict[str, Tensor], progress: Progress) -> bytes:
    """The bytes of a checkpoint; `parse` reads them."""
    prepared, arrays = pack(progress.prepared)
    plain = {name: value.detach().cpu().contiguous() for name, value in (tensors | arrays).items()}
    fields = asdict(replace(progress, prepared=None)) | {"prepared": prepared}
    return seal(save(plain, metadata={"format": FORMAT, CHECKSUM: UNSEALED, "progress": json.dumps(fields)}))


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

    def restore_random_state(self, rank: int = 0) -> None:
        """Set torch's random generators to the state that the process `rank` had."""
        names = {device: _random_name(device, rank) for device in ("cpu", "cuda")}
        set_random_state({device: self.tensors[name] for device, name in names.items() if name in self.tensors})

    @property
    def random_tensors(self) -> dict[str, Tensor]:
        """The random states of all processes by their names in the file."""
        return {name: tensor for name, tensor in self.tensors.items() if name.startswith("random.")}

    @property
    def processes(self) -> int:
        """The number of processes whose random states it holds."""
        return sum(name.startswith("random.cpu") for name in self.tensors)


def _read(path: Path) -> Checkpoint | None:
    """The checkpoint in a file; None where it is damaged, in its tensors or in its metadata.

    Raises:
        BadInput, EnvironmentProblem: it cannot be opened, such as for a missing permission.
    """
    try:
        with open_regular(path) as file:
            data = file.read()
        read = parse(data, path.stem)
        if path.stem != "best" and read.processes != read.progress.processes:
            raise KeyError("random.cpu")
        return read
    except OSError as error:
        if number_of(error) in READ_ONLY | PROCESS | NETWORK:  # the file may be sound
            raise read_error(path, error) from error
        return None
    except (SafetensorError, KeyError, TypeError, ValueError, AssertionError, AttributeError, RecursionError):
        return None


def parse(data: bytes, name: str) -> Checkpoint:
    """The checkpoint in bytes of `serialize`; of damaged ones, an exception of one of several types is raised."""
    metadata = verified_metadata(data)
    tensors = load_tensors(data)
    progress = _progress(json.loads(metadata["progress"]))
    progress.prepared = unpack(progress.prepared, tensors)
    _check_names(tensors)
    return Checkpoint(tensors, progress, name)


def _progress(fields: Any) -> Progress:
    """The progress in a checkpoint's metadata, whose types are checked because format 1 has no checksum.

    Raises:
        TypeError: a field is unknown, or has another type.
    """
    hints = get_type_hints(Progress)
    wrong = [name for name, value in fields.items() if not matches(value, hints[name])]
    progress = Progress(**fields)
    for sums in filter(None, (progress.epoch_meter, progress.window_meter)):
        meter_hints = get_type_hints(Meter)
        Meter(**sums)
        wrong += [name for name, value in sums.items() if not matches(value, meter_hints[name])]
    counts = (progress.step, progress.epoch, progress.batch, progress.bad_epochs)
    sizes = (progress.threads, progress.processes, progress.arithmetic)
    if wrong or min(counts) < 0 or min(sizes) < 1 or progress.arithmetic > NEWEST:
        raise TypeError(f"wrong fields: {wrong}")
    return progress


def _check_names(tensors: dict[str, Tensor]) -> None:
    """Raise ValueError where the name of an optimiser's tensor has no index and name."""
    for key in tensors:
        if key.startswith("optimizer."):
            _, index, _ = key.split(".", 2)
            int(index)


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
