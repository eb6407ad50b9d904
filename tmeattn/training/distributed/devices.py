"""The device of each process of a training."""

from __future__ import annotations

import torch

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.models.building import choose_device
from tmeattn.plurals import counted


def device_of(name: str, local_rank: int, local_size: int) -> torch.device:
    """The device of a `--device` option for one of several processes on this computer: each has a GPU of its own.

    Raises:
        EnvironmentProblem: the computer does not have the device, or has fewer GPUs than processes.
        BadInput: the device cannot be shared.
    """
    device = choose_device(name)
    if local_size == 1 and local_rank == 0:
        return device
    if device.type == "mps":
        raise BadInput("--processes needs gloo or NCCL, which --device mps does not have.", hint="Use --device cpu.")
    if device.type == "cuda":
        count = torch.cuda.device_count()
        if count < local_size:
            gpus = counted(count, "GPU")
            raise EnvironmentProblem(
                f"--processes: {local_size} processes need a GPU each, and this computer has {gpus}.",
                hint=f"Use --processes {count}, or --device cpu.",
            )
        device = torch.device("cuda", local_rank)
        torch.cuda.set_device(device)
    return device
