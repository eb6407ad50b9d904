"""What a CUDA GPU does otherwise than the CPU unless it is told: rounding in matrix products, sums in any order, and
random numbers of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch.utils.deterministic

from tmeattn.errors import shortened


def without_tf32() -> None:
    """Compute float32 in float32 also in recurrent layers and convolutions, where cuDNN would round the factors to the
    10 bits of TF32; in other products torch does not. The switch is that of the process."""
    torch.backends.cudnn.allow_tf32 = False


def kept_random_state(device: torch.device) -> AbstractContextManager[None]:
    """In this block random numbers may be drawn, on the CPU and on the device: the states are as before afterwards."""
    return torch.random.fork_rng([device] if device.type == "cuda" else [])


@contextmanager
def repeatable() -> Iterator[None]:
    """In this block a GPU computes with algorithms whose result is the same each time, bit for bit.

    Where torch has no such algorithm, an error is raised (see `unrepeatable_operation`). The switch is that of the
    process.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # which torch demands, and has on new GPUs anyway
    memory: Any = torch.utils.deterministic
    before, fills = torch.get_deterministic_debug_mode(), memory.fill_uninitialized_memory
    torch.set_deterministic_debug_mode("error")
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)
        memory.fill_uninitialized_memory = fills


def unrepeatable_operation(error: BaseException) -> str | None:
    """The operation for which `repeatable` has raised an error; None for other errors."""
    text = str(error)
    if "use_deterministic_algorithms" not in text:
        return None if error.__cause__ is None else unrepeatable_operation(error.__cause__)
    name, separator, _ = text.partition(" does not have a deterministic")
    return shortened(name) if separator else "matrix products"
