"""The time of a training step, measured on random texts."""

from __future__ import annotations

import time

import torch

from tmeattn.models.building import build_model, choose_device
from tmeattn.run_config import RunConfig
from tmeattn.specs import UNKNOWN, Space
from tmeattn.training.objective import objective
from tmeattn.training.optimizer import make_optimizer

VOCABULARY = 20_000
STEPS = 2


def seconds_per_step(config: RunConfig, *, words: int, vector_size: int, classes: int, threads: int) -> float:
    """Seconds of a training step of a model on a batch of texts of `words` words: the faster of two, after one to warm
    up. Torch's random state and its number of threads are unchanged.

    Raises:
        BadInput: the model cannot be built.
    """
    options, device = config.train, choose_device(config.train.device)
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.set_num_threads(threads)
        try:
            space = Space(VOCABULARY, classes, vector_size, tune=options.tune_embeddings)
            model = build_model(config, space).to(device)
            optimizer = make_optimizer(model, options)
            shape = (options.batch_size, max(words, 1))
            tokens_BT = torch.randint(UNKNOWN, VOCABULARY, shape, device=device)
            mask_BT = torch.ones(shape, dtype=torch.bool, device=device)
            labels_B = torch.zeros(shape[0], dtype=torch.long, device=device)
            times = []
            for _ in range(STEPS + 1):
                began = time.perf_counter()
                loss = objective(model(tokens_BT, mask_BT, need_maps=False), labels_B, mask_BT, 0.0).total
                if loss.requires_grad:
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimizer.step()
                loss.item()  # waits for a GPU
                times.append(time.perf_counter() - began)
            return min(times[1:])
        finally:
            torch.set_num_threads(before)
