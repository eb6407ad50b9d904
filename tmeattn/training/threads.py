"""Measures the number of CPU threads with which a model trains fastest."""

from __future__ import annotations

import time

import torch
from torch import nn

from tmeattn.config import TrainOptions
from tmeattn.cpu import available_cores
from tmeattn.specs import UNKNOWN, Space
from tmeattn.training.objective import objective


def fastest_threads(model: nn.Module, space: Space, options: TrainOptions, *, repeats: int = 3) -> int:
    """Time a few training steps on random texts with 1, half and all cores, and return the fastest number.

    While other processes are busy, fewer threads than cores are faster, because torch's threads wait in busy loops. The
    model's weights and torch's random state are unchanged.
    """
    cores = available_cores()
    random_state = torch.get_rng_state()
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    shape = (options.batch_size, min(options.max_length, 128))
    tokens_BT = torch.randint(UNKNOWN, max(space.vocabulary_size, UNKNOWN + 1), shape, device=device)
    mask_BT = torch.ones(shape, dtype=torch.bool, device=device)
    labels_B = torch.zeros(shape[0], dtype=torch.long, device=device)

    def seconds(threads: int) -> float:
        torch.set_num_threads(threads)
        times = []
        for _ in range(repeats):
            began = time.perf_counter()
            total = objective(model(tokens_BT, mask_BT), labels_B, mask_BT, 0.0).total
            if total.requires_grad:  # a model may have no trainable parameters
                total.backward()  # type: ignore[no-untyped-call]
            times.append(time.perf_counter() - began)
        return min(times)

    best = min(sorted({1, max(cores // 2, 1), cores}), key=seconds)
    model.zero_grad(set_to_none=True)
    torch.set_rng_state(random_state)
    return best
