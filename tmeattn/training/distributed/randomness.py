"""The random numbers of dropout: each process has its own, which depend on the seed and on its rank."""

from __future__ import annotations

import numpy as np
import torch

from tmeattn.training.checkpoint import Checkpoint


def settle_random_state(saved: Checkpoint | None, seed: int, rank: int, size: int) -> None:
    """Set the state of torch's generators in the process `rank` of `size`: that of the checkpoint, if as many
    processes wrote it, or else one that depends on the seed, the rank and the step. A single process that begins keeps
    the state that the building of the model left."""
    if saved is not None and saved.processes == size:
        saved.restore_random_state(rank)
    elif saved is not None or size > 1:
        step = 0 if saved is None else saved.progress.step
        (number,) = np.random.SeedSequence([seed, rank, step]).generate_state(1, np.uint64)
        torch.manual_seed(int(number))
