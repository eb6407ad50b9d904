"""What a command pays for imports before it reads the first text: with torch's compiler, as before, and without it.

    python tests/benchmarks/imports.py [--home FOLDER --run RUN] [--repeat 5]

Without --home, a run of 200 texts is trained in a temporary folder first. Both states are measured in turns, each in a
process of its own; the figures are medians.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

SMALL = ["train", "mean", "--dataset", "imdb-25k", "--limit", "200", "--epochs", "1", "--vectors", "random"]
AS_BEFORE = (
    "import sys, torch; from tmeattn.models import planning; "
    "planning._WithoutDrawing.__torch_function__ = lambda self, func, types, args=(), kwargs=None: "
    "func(*args, **(kwargs or {})); from tmeattn.cli.main import run; sys.exit(run(sys.argv[1:]))"
)
AS_NOW = "import sys; from tmeattn.cli.main import run; sys.exit(run(sys.argv[1:]))"


def measure(script: str, arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and CPU seconds of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", script, *arguments], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--home")
    options.add_argument("--run", default="latest")
    options.add_argument("--repeat", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TMEATTN_HOME"] = given.home or folder
        if given.home is None:
            subprocess.run([sys.executable, "-c", AS_NOW, *SMALL], check=True, capture_output=True)
        command = ["evaluate", given.run]
        measure(AS_NOW, command)  # the files are read once before
        found: dict[str, list[tuple[float, float]]] = {"before": [], "now": []}
        for _ in range(given.repeat):
            for state, script in (("before", AS_BEFORE), ("now", AS_NOW)):
                found[state].append(measure(script, command))
    for state, pairs in found.items():
        wall, cpu = (statistics.median(each) for each in zip(*pairs, strict=True))
        print(f"evaluate, {state}: {wall:.2f} s, {cpu:.2f} s of CPU (median of {len(pairs)})", flush=True)


if __name__ == "__main__":
    main()
