"""How near the LSTM is to the speed of its matrix products: the least time that any float32 implementation needs.

    python tests/benchmarks/lstm.py [--repeats 15]

For the share of a batch that one thread computes (32 texts of 235 words, 50 dimensions, 100 states): milliseconds of
forward pass and gradients, of only the matrix products in them, in turns, on one thread; then both on all cores at the
same time. The products are those of the input, of each step, and of the gradients of steps, input and weights. The
ratio says by how much a faster LSTM could be faster at most. A quarter of a minute; nothing else should run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import nn

from tmeattn.cpu import available_cores
from tmeattn.models.lstm_shares import _run
from tmeattn.training.memory import kept_memory

TEXTS, WORDS, WIDTH, STATES = 32, 235, 50, 100


def whole() -> Callable[[], None]:
    """The LSTM of torch (oneDNN), with the gradients of input and weights."""
    weights = nn.LSTM(WIDTH, STATES, batch_first=True).all_weights[0]
    x_BTD = torch.randn(TEXTS, WORDS, WIDTH, requires_grad=True)
    gradient_BTH = torch.randn(TEXTS, WORDS, STATES)
    return lambda: torch.autograd.grad(_run(x_BTD, weights), [x_BTD, *weights], gradient_BTH) and None


def products() -> Callable[[], None]:
    """The matrix products alone."""
    rows = TEXTS * WORDS
    x, h, gates = torch.randn(rows, WIDTH), torch.randn(rows, STATES), torch.randn(rows, 4 * STATES)
    of_input, of_states = torch.randn(4 * STATES, WIDTH), torch.randn(4 * STATES, STATES)
    transposed = of_states.t().contiguous()
    steps, states = gates.split(TEXTS), h.split(TEXTS)
    to_gates, to_state = torch.empty(TEXTS, 4 * STATES), torch.empty(TEXTS, STATES)

    def run() -> None:
        torch.mm(x, of_input.t())
        for state in states:
            torch.mm(state, transposed, out=to_gates)
        for step in steps:
            torch.mm(step, of_states, out=to_state)
        torch.mm(gates.t(), x)
        torch.mm(gates.t(), h)
        torch.mm(gates, of_input)

    return run


def milliseconds(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    cores = available_cores()
    operations = 3 * 2 * TEXTS * WORDS * 4 * STATES * (WIDTH + STATES)
    torch.set_num_threads(1)
    with kept_memory(), ThreadPoolExecutor(cores, initializer=lambda: torch.set_num_threads(1)) as pool:
        pairs = [(whole(), products()) for _ in range(cores)]
        for used in sorted({1, cores}):
            times: list[list[float]] = [[], []]
            for turn in range(repeats + 2):
                for kind in (0, 1):
                    found = list(pool.map(milliseconds, [pair[kind] for pair in pairs[:used]]))
                    if turn > 1:
                        times[kind].append(statistics.mean(found))
            lstm, least = (statistics.median(each) for each in times)
            ratio = statistics.median(a / b for a, b in zip(*times, strict=True))
            print(
                f"{used} at a time: LSTM {lstm:.1f} ms, its products {least:.1f} ms "
                f"({operations / least / 1e6:.0f} GFLOP/s each), ratio {ratio:.2f}"
            )


if __name__ == "__main__":
    main()
