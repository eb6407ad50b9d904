"""Two processes of one thread beside one process of two threads: speed, accuracy, start.

    python tests/benchmarks/processes.py                # speed: 60 trainings, about 20 minutes
    python tests/benchmarks/processes.py --accuracy     # 6 trainings of lstm-attn on all texts, about 20 minutes
    python tests/benchmarks/processes.py --start        # about 1 minute

Speed: every training is a `tmeattn train` of one epoch, in turns with the other kind, quiet and beside one busy loop.
The words a second are the median of the events `step` after the first two. Accuracy: the same run with 3 seeds, with
one process and with two. Start: seconds from the command to its first event, and those of torchrun's elastic launcher
for two processes that only import torch.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MODELS = ("simple-attn", "lstm-attn", "transformer")
KINDS = {
    "2 threads": ("--threads", "2"),
    "2 processes": ("--processes", "2", "--threads", "1"),
}
LIMIT = 4800
ELASTIC = """
import sys
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
config = LaunchConfig(1, 1, 2, rdzv_backend="c10d", rdzv_endpoint="localhost:0", run_id="x")
elastic_launch(config, sys.executable)("-c", "import torch")
"""


@contextlib.contextmanager
def busy_loop(is_busy: bool) -> Iterator[None]:
    """One process that keeps a core busy inside the block."""
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if is_busy else None
    try:
        yield
    finally:
        if process is not None:
            process.kill()
            process.wait()


def train(home: Path, *arguments: str) -> list[dict[str, Any]]:
    """The events of a training."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    environment |= {"TMEATTN_HOME": str(home)}
    before = set((home / "runs").glob("*/events.jsonl"))
    result = subprocess.run(
        [sys.executable, "-m", "tmeattn", "train", *arguments], env=environment, capture_output=True, text=True
    )
    if result.returncode:
        sys.exit(result.stderr)
    (log,) = set((home / "runs").glob("*/events.jsonl")) - before
    return [json.loads(line) for line in log.read_text().splitlines()]


def words_a_second(events: list[dict[str, Any]]) -> float:
    return statistics.median([event["tokens_per_second"] for event in events if event["kind"] == "step"][2:])


def speed(home: Path, repeats: int, models: list[str]) -> None:
    print(f"Words a second, median of {repeats}, least and most\n")
    for model in models:
        options = (model, "--limit", str(LIMIT), "--epochs", "1", "--device", "cpu")
        for condition in ("quiet", "busy"):
            found: dict[str, list[float]] = {kind: [] for kind in KINDS}
            with busy_loop(condition == "busy"):
                for _ in range(repeats):
                    for kind, more in KINDS.items():
                        found[kind].append(words_a_second(train(home, *options, *more)))
            middle = {kind: statistics.median(values) for kind, values in found.items()}
            shown = [f"{kind} {middle[kind]:>8,.0f} ({min(v):,.0f}..{max(v):,.0f})" for kind, v in found.items()]
            ratio = middle["2 processes"] / middle["2 threads"]
            print(f"{model:12} {condition:5}  {'   '.join(shown)}   ratio {ratio:.2f}", flush=True)


def accuracy(home: Path, seeds: int, more: list[str]) -> None:
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for seed in range(seeds):
        for kind, options in KINDS.items():
            events = train(home, "lstm-attn", "--device", "cpu", "--seed", str(seed), *options, *more)
            found[kind].append(events[-1]["best_accuracy"])
            print(f"seed {seed}, {kind}: validation accuracy {found[kind][-1]:.2%}", flush=True)
    one, two = found.values()
    noise = statistics.stdev(one) if seeds > 1 else float("nan")
    differences = [b - a for a, b in zip(one, two, strict=True)]
    print(f"mean {statistics.mean(one):.2%} and {statistics.mean(two):.2%}; standard deviation over seeds {noise:.2%}")
    print(f"mean difference {statistics.mean(differences):+.2%}, largest {max(differences, key=abs):+.2%}")


def start(home: Path) -> None:
    options = ("simple-attn", "--limit", "200", "--epochs", "1", "--device", "cpu", "--threads", "1")
    train(home, *options)  # encodes
    for processes in ("1", "2"):
        times = []
        for _ in range(3):
            begin = time.time()
            times.append(train(home, *options, "--processes", processes)[0]["time"] - begin)
        print(
            f"{processes} processes: {statistics.median(times):.1f} s to the event `started` or `entropy`", flush=True
        )
    times = []
    for _ in range(3):
        begin = time.time()
        subprocess.run([sys.executable, "-c", ELASTIC], check=True, capture_output=True)
        times.append(time.time() - begin)
    print(f"elastic launcher, two processes that import torch: {statistics.median(times):.1f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--start", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    given, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as home:
        if given.accuracy:
            accuracy(Path(home), given.seeds, more)
        elif given.start:
            start(Path(home))
        else:
            speed(Path(home), given.repeats, given.models)


if __name__ == "__main__":
    main()
