"""Training speed on an idle machine and beside a busy process, before and after, in turns.

    python tests/benchmarks/waiting.py [--before PATH] [--models mean,lstm] [--turns 5] [--seconds 2] [--spin 1000]

For every model, two processes hold a training of imdb-25k with the default recipe, and take turns: quiet, then beside
`python -c "while True: pass"`. "Before" is the tmeattn in the folder PATH, such as a git worktree of an earlier commit;
without PATH it is this one, with the waiting of OpenMP as it is without a setting and with one thread for every core.
"After" is this one as a user starts it: each turn chooses the number of threads as a start does. The table has the
medians. `--spin` is another value of GOMP_SPINCOUNT for "after". With the defaults it takes about seven minutes on two
cores; nothing else should run.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODELS = ("mean", "simple-attn", "query-attn", "lstm", "lstm-attn", "transformer", "ngram-attn")
OPTIONS = {"ngram-attn": {"limit": 6000}}
"""Fewer texts for a model that fits its n-grams before the first step."""
PLUGINS = {"ngram-attn": "tmeattn-ngram-attn"}
"""The distribution that a model of `MODELS` comes from."""
SPINNING = {"GOMP_SPINCOUNT": "300000"}
"""What GNU's OpenMP does without a setting."""
BUSY = [sys.executable, "-c", "while True: pass"]
HOLDER = '''
import itertools, json, os, sys, time
import tmeattn
from tmeattn.training import build_trainer, session, trainer

model, options, seconds = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

def hold(self, stop, on_progress):
    """Train for some seconds at every line of stdin, and answer with the words a second and the threads."""
    if hasattr(trainer, "kept_memory"):
        keeping = trainer.kept_memory()
        keeping.__enter__()
    self.model.train()
    read = getattr(self.batches, "shares", self.batches.epoch)  # of earlier versions, a step takes a batch
    batches = itertools.chain.from_iterable(map(read, itertools.count()))
    self._log_step = lambda alpha: None
    for _ in range(5):
        self._step(next(batches))
    answers.write("ready\\n"); answers.flush()
    for _ in sys.stdin:
        if getattr(self, "pace", None) is not None:
            self.progress.threads = self.pace.most
            build_trainer._time_threads(self)
            self.pace = type(self.pace)(self.progress.threads, self.pace.most)
        words, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            batch = next(batches)
            self._step(batch)
            words += int(getattr(batch, "batch", batch).mask_BT.sum())
        answers.write(f"{words / (time.perf_counter() - began)} {self.progress.threads}\\n"); answers.flush()
    os._exit(0)

trainer.Trainer.fit = hold
session.start(model, options)
'''


class Holder:
    """A process that holds a training and goes on with it at every turn."""

    def __init__(self, folder: Path, home: str, model: str, seconds: float, settings: dict[str, str]) -> None:
        import json

        waiting = ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
        environment = {name: value for name, value in os.environ.items() if name not in waiting}
        environment |= {"PYTHONPATH": f"{folder}:{folder / 'plugins' / 'tmeattn-ngram-attn'}", "TMEATTN_HOME": home}
        options = {**OPTIONS.get(model, {}), "epochs": 1000}
        if settings == SPINNING:
            options["threads"] = len(os.sched_getaffinity(0))
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", HOLDER, model, json.dumps(options), str(seconds)],
            env=environment | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answer()

    def _answer(self) -> str:
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("A process that holds a training has ended.")
        return line

    def turn(self) -> tuple[float, int]:
        """Words a second, and the number of threads at the end."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        speed, threads = self._answer().split()
        return float(speed), int(threads)

    def __enter__(self) -> Holder:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()


def beside_a_busy_process(action):
    busy = subprocess.Popen(BUSY)
    try:
        time.sleep(0.3)
        return action()
    finally:
        busy.kill()
        busy.wait()


def measure(model: str, home: str, arguments: argparse.Namespace) -> dict[str, list[tuple[float, int]]]:
    """The turns of a model by state and condition."""
    before = (arguments.before, {}) if arguments.before else (ROOT, SPINNING)
    after = (ROOT, {"GOMP_SPINCOUNT": arguments.spin} if arguments.spin else {})
    found: dict[str, list[tuple[float, int]]] = {}
    with ExitStack() as held:
        states = {
            name: held.enter_context(Holder(folder, home, model, arguments.seconds, settings))
            for name, (folder, settings) in {"before": before, "after": after}.items()
        }
        for _ in range(arguments.turns):
            for name, state in states.items():
                found.setdefault(f"{name} quiet", []).append(state.turn())
            for name, state in states.items():
                found.setdefault(f"{name} busy", []).append(beside_a_busy_process(state.turn))
    return found


def _is_installed(model: str) -> bool:
    try:
        return model not in PLUGINS or bool(distribution(PLUGINS[model]))
    except PackageNotFoundError:
        return False


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--before", type=Path, help="the folder of an earlier state, such as a git worktree")
    parser.add_argument("--models", help="by default all built-in models that train, and ngram-attn if it is installed")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of training in a turn")
    parser.add_argument("--spin", help="the value of GOMP_SPINCOUNT; that of tmeattn by default")
    arguments = parser.parse_args()
    if arguments.before:
        arguments.before = arguments.before.resolve(strict=True)
    chosen = arguments.models.split(",") if arguments.models else [model for model in MODELS if _is_installed(model)]
    began = time.perf_counter()
    print("words a second; in brackets the threads of the turns")
    print(
        f"{'model':12}{'before':>9}{'busy':>14}{'after':>18}{'busy':>18}{'quiet: gain':>14}{'busy: times as slow':>22}"
    )
    with tempfile.TemporaryDirectory() as home:
        for model in chosen:
            turns = measure(model, home, arguments)
            speed = {name: statistics.median(one for one, _ in each) for name, each in turns.items()}
            threads = {name: "".join(str(count) for _, count in each) for name, each in turns.items()}
            slower = {name: speed[f"{name} quiet"] / speed[f"{name} busy"] for name in ("before", "after")}
            print(
                f"{model:12}{speed['before quiet']:9,.0f}{speed['before busy']:14,.0f}"
                f"{speed['after quiet']:11,.0f} [{threads['after quiet']}]"
                f"{speed['after busy']:11,.0f} [{threads['after busy']}]"
                f"{speed['after quiet'] / speed['before quiet']:14.2f}"
                f"{slower['before']:13.2f} -> {slower['after']:.2f}",
                flush=True,
            )
    print(f"{time.perf_counter() - began:.0f} s; load average now {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
