"""What several processes send in a step, and how much faster N computers should be, on paper and in a simulation.

    python tests/benchmarks/communication.py             # about 3 minutes
    python tests/benchmarks/communication.py --simulate  # as root, on Linux: about 2 minutes

Bytes: a step sums S bytes, which are 4 for each parameter outside of word tables, for each entry of the rows in use of
the tables, and for the measures. The rows in use are the different words among the T words of a batch. They are
expected to be sum_k 1 - (1 - p_k)^T, for word frequencies p_k in proportion to 1 / (k + 2.7) (Zipf and Mandelbrot).

Time: each of N processes sends and receives 2 (N - 1) / N * S bytes in 2 (N - 1) messages, one after the other. With a
bandwidth of W bytes a second and a latency of L seconds,

    step(N) = compute(B / N) + 2 (N - 1) / N * S / W + 2 (N - 1) * L,    speed-up = step(1) / step(N).

compute(b) is measured here, with one thread, on b texts: forward, backward and the whole optimiser step. `--simulate`
joins N network namespaces by a bridge, and measures a sum without a limit, which is what the processes themselves take
on this computer, and with links of a limited rate (and a delay, where the kernel has netem). The difference should be
the 2 (N - 1) / N * S / W + 2 (N - 1) * L of the formula.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import torch
from torch import distributed

from tmeattn.evaluation.meters import meter
from tmeattn.models.building import build_model
from tmeattn.run_config import resolve_run
from tmeattn.specs import UNKNOWN, Space
from tmeattn.training.distributed.gradients import REASONS, tables
from tmeattn.training.distributed.group import join
from tmeattn.training.objective import objective
from tmeattn.training.optimizer import make_optimizer

MODELS = ("mean", "simple-attn", "lstm-attn", "transformer")
VOCABULARIES = (10_000, 46_000, 400_000)
NODES = (2, 4, 8, 16, 32, 64)
LINKS = {"1 Gbit/s": (125e6, 100e-6), "25 Gbit/s": (3125e6, 20e-6)}
"""Bytes a second and seconds of latency: Ethernet between two computers, and a fast one of a cluster."""
BATCH, WORDS, SIZE = 64, 170, 50
AGREES = 1.5
"""The largest factor between the measured and the expected time of a sum."""
REPEATS = 40
"""Sums of which the fastest counts, because the processes of all computers share the cores of one."""


def rows_in_use(vocabulary: int, words: int) -> float:
    """The expected number of different words among `words` words."""
    p_V = 1 / (np.arange(1, vocabulary + 1) + 2.7)
    return float((1 - np.exp(words * np.log1p(-p_V / p_V.sum()))).sum())


def model_of(name: str, vocabulary: int):
    run = resolve_run(name, {})
    torch.manual_seed(0)
    return run.train, build_model(run, Space(vocabulary, 2, SIZE)).train()


def sizes(name: str, vocabulary: int, texts: int) -> tuple[float, float]:
    """The bytes of all gradients, and those that a step of so many texts sends."""
    _, model = model_of(name, vocabulary)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    of_words = tables(model, vocabulary)
    rows = min(rows_in_use(vocabulary, texts * WORDS), vocabulary)
    numbers = sum(
        rows * parameter.shape[1] if id(parameter) in of_words and 2 * rows <= vocabulary else parameter.numel()
        for parameter in trained
    )
    notes = 2 * len(trained) + 2 + len(REASONS) + len(meter(WORDS).sums())
    return 4.0 * sum(parameter.numel() for parameter in trained), 4.0 * (numbers + notes)


def compute_seconds(name: str, texts: int, vocabulary: int = 46_000, repeats: int = 5) -> float:
    """The least time of a step on a share of so many texts, with one thread: the time of the processor, so that other
    processes do not lengthen it."""
    options, model = model_of(name, vocabulary)
    optimizer = make_optimizer(model, options)
    tokens_BT = torch.randint(UNKNOWN, vocabulary, (texts, WORDS))
    mask_BT, labels_B = torch.ones_like(tokens_BT, dtype=torch.bool), torch.zeros(texts, dtype=torch.long)
    times = []
    for _ in range(repeats + 1):
        begin = time.process_time()
        optimizer.zero_grad(set_to_none=True)
        objective(model(tokens_BT, mask_BT, need_maps=False), labels_B, mask_BT, 0.0).total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        times.append(time.process_time() - begin)
    return min(times[1:])


def sum_seconds(size: float, nodes: int, bandwidth: float, latency: float) -> float:
    """The time of a sum of `size` bytes by the formula."""
    return 2 * (nodes - 1) / nodes * size / bandwidth + 2 * (nodes - 1) * latency


def on_paper() -> None:
    torch.set_num_threads(1)
    print(f"Bytes of a step: a batch of {BATCH} texts of {WORDS} words, vectors of {SIZE} dimensions\n")
    print(f"{'model':12} {'vocabulary':>10} {'all gradients':>14} {'sent':>10} {'share':>7}")
    for name in MODELS:
        for vocabulary in VOCABULARIES:
            whole, sent = sizes(name, vocabulary, BATCH)
            print(f"{name:12} {vocabulary:>10,} {whole / 1e6:>11.2f} MB {sent / 1e6:>7.2f} MB {sent / whole:>6.1%}")
    for title, strong in ((f"the batch stays {BATCH} texts", True), (f"{BATCH} texts for each computer", False)):
        print(f"\nExpected speed-up of N computers with one process each; {title}")
        print(f"{'model':12} {'link':>10} {'1 step':>8} " + "".join(f"{nodes:>7}" for nodes in NODES))
        for name in MODELS[1:]:
            seconds = {
                texts: compute_seconds(name, texts) for texts in (BATCH // n if strong else BATCH for n in (1, *NODES))
            }
            for link, (bandwidth, latency) in LINKS.items():
                speed_ups = []
                for nodes in NODES:
                    texts = BATCH if strong else BATCH * nodes
                    sent = sum_seconds(sizes(name, 46_000, texts)[1], nodes, bandwidth, latency)
                    step = seconds[BATCH // nodes if strong else BATCH] + sent
                    speed_ups.append(seconds[BATCH] / step * (1 if strong else nodes))
                row = "".join(f"{speed_up:>7.1f}" for speed_up in speed_ups)
                print(f"{name:12} {link:>10} {seconds[BATCH] * 1000:>5.0f} ms {row}", flush=True)


# The simulation


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False)


def must(*words: str) -> None:
    result = command(*words)
    if result.returncode:
        sys.exit(f"{' '.join(words)}: {result.stderr.strip()}")


@contextlib.contextmanager
def network(nodes: int, megabits: int | None, delay_ms: float) -> Iterator[None]:
    """Namespaces tmn0, tmn1, ... with the addresses 10.77.0.1, ..., each joined to a bridge by a link: with this rate
    and, where the kernel has netem, half of the delay on each way; or without a limit (None)."""
    names = [f"tmn{node}" for node in range(nodes)]
    _remove(names)  # of a simulation that was killed
    try:
        must("ip", "link", "add", "tmbridge", "type", "bridge")
        must("ip", "link", "set", "tmbridge", "up")
        for node, name in enumerate(names):
            must("ip", "netns", "add", name)
            must("ip", "link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b")
            must("ip", "link", "set", f"{name}a", "netns", name)
            must("ip", "link", "set", f"{name}b", "master", "tmbridge", "up")
            inside = ("ip", "netns", "exec", name)
            must(*inside, "ip", "address", "add", f"10.77.0.{node + 1}/24", "dev", f"{name}a")
            must(*inside, "ip", "link", "set", f"{name}a", "up")
            must(*inside, "ip", "link", "set", "lo", "up")
            if megabits is not None:
                _limit((*inside, "tc", "qdisc", "add", "dev", f"{name}a", "root"), megabits, delay_ms)
        yield
    finally:
        _remove(names)


def _limit(add: tuple[str, ...], megabits: int, delay_ms: float) -> None:
    rate = f"{megabits}mbit"
    if delay_ms and not command(*add, "netem", "delay", f"{delay_ms}ms", "rate", rate, "limit", "10000").returncode:
        return
    must(*add, "tbf", "rate", rate, "burst", "64kb", "latency", "200ms")


def has_netem() -> bool:
    """Whether the kernel can delay packets; tried on the loopback of a namespace."""
    _remove(["tmn0"])
    must("ip", "netns", "add", "tmn0")
    try:
        words = ("ip", "netns", "exec", "tmn0", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "delay", "1ms")
        return command(*words).returncode == 0
    finally:
        _remove(["tmn0"])


def _remove(names: list[str]) -> None:
    for name in names:
        command("ip", "netns", "delete", name)
    command("ip", "link", "delete", "tmbridge")


def simulate(delay_ms: float = 0.5) -> int:
    """Compare sums over limited links with the formula; the exit code is 1 where one of them differs by more than
    `AGREES`."""
    delay_ms = delay_ms if has_netem() else 0.0
    sent = [sizes(name, 46_000, BATCH)[1] for name in ("simple-attn", "lstm-attn", "transformer")]
    whole = [round(size) for size in sent]
    print(f"{'N':>3} {'link':>10} {'sent':>9} {'no limit':>10} {'expected':>10} {'measured':>10}  ratio")
    ratios = []
    for nodes in (2, 4):
        with network(nodes, None, 0.0):
            free = time_of_sums(nodes, whole)
        for megabits in (100, 1000):
            with network(nodes, megabits, delay_ms):
                limited = time_of_sums(nodes, whole)
            for size, base, seconds in zip(sent, free, limited, strict=True):
                expected = base + sum_seconds(size, nodes, megabits * 125e3, delay_ms / 1000)
                ratios.append(seconds / expected)
                print(
                    f"{nodes:>3} {megabits:>5} Mbit {size / 1e6:>6.2f} MB {base * 1000:>7.1f} ms "
                    f"{expected * 1000:>7.1f} ms {seconds * 1000:>7.1f} ms  {ratios[-1]:.2f}",
                    flush=True,
                )
    print(
        f"\nThe delay of a link is {delay_ms} ms." if delay_ms else "\nThe kernel has no netem: links without a delay."
    )
    least, most = min(ratios), max(ratios)
    agrees = least >= 1 / AGREES and most <= AGREES
    print(f"Measured and expected agree within a factor of {max(most, 1 / least):.2f} (at most {AGREES}: {agrees}).")
    return 0 if agrees else 1


def time_of_sums(nodes: int, sizes_in_bytes: list[int]) -> list[float]:
    """The seconds of a sum of each size by processes in the namespaces."""
    joined = ",".join(map(str, sizes_in_bytes))
    processes = [
        subprocess.Popen(
            [
                "ip",
                "netns",
                "exec",
                f"tmn{node}",
                sys.executable,
                __file__,
                "--node",
                f"{node}/{nodes}",
                "--sizes",
                joined,
            ],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "GLOO_SOCKET_IFNAME": f"tmn{node}a", "OMP_NUM_THREADS": "1"},
        )
        for node in range(nodes)
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    return [float(seconds) for seconds in outputs[0].split()]


def node_of(place: str, sizes_in_bytes: str) -> None:
    node, nodes = map(int, place.split("/"))
    store = distributed.TCPStore("10.77.0.1", 29511, None, node == 0, timedelta(seconds=120), wait_for_workers=False)
    group = join(store, node, nodes, torch.device("cpu"), local=False)
    for size in map(int, sizes_in_bytes.split(",")):
        values, times = torch.ones(size // 4), []
        for _ in range(REPEATS):
            group.decide(lambda: True)  # all begin at the same time
            begin = time.perf_counter()
            group.sum(values)
            times.append(time.perf_counter() - begin)
        if node == 0:
            print(min(times))
    group.decide(lambda: True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulate", action="store_true", help="measure sums over links with a limited rate")
    parser.add_argument("--node", help=argparse.SUPPRESS)
    parser.add_argument("--sizes", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.node:
        node_of(given.node, given.sizes)
    elif given.simulate:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no network is left
        sys.exit(simulate())
    else:
        on_paper()


if __name__ == "__main__":
    main()
