"""How long `tmeattn faithfulness` takes, and its table for five models.

    python tests/benchmarks/faithfulness.py cost [--home HOME --run lstm-attn] [--texts 500]
    python tests/benchmarks/faithfulness.py table --home HOME [--texts 500] [--jobs 2] [-- --limit-bounded 100]

Cost: seconds on the wall clock and of all threads, of the command with its defaults, on all cores; at most three
minutes on two quiet cores. Without --home, it trains `lstm-attn` for one epoch first.

Table: trains the models of `MODELS` on `imdb-25k` with the recipe `modern` (hours) unless HOME has runs of these
names, assesses each, and writes faithfulness.md, .csv, .tex and .json into HOME/faithfulness. What is done is kept, so
the same command goes on where it was interrupted: trained runs, interrupted runs, and the results of each run, which
belong to one list of options. `--jobs` processes of one thread work side by side. Options behind `--` are those of
`tmeattn faithfulness`. With 500 texts, the assessment takes about 10 minutes for the pooling models together, and more
than an hour for the transformer.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MODELS = {
    "simple-attn": ("simple-attn",),
    "query-attn": ("query-attn",),
    "lstm-attn": ("lstm-attn",),
    "lstm-attn-penalty": ("lstm-attn", "--alpha", "0.05"),
    "transformer": ("transformer",),
}
"""The runs of the table by name, and how they are trained."""


def command(home: Path, *arguments: str, threads: int | None = None) -> str:
    """Run a command of tmeattn; what it prints on standard output."""
    environment = os.environ | {"TMEATTN_HOME": str(home)}
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    done = subprocess.run(
        [sys.executable, "-m", "tmeattn", *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"tmeattn {' '.join(arguments)} ended with the code {done.returncode}")
    return done.stdout


def cost(home: Path, run: str, texts: int) -> None:
    """Print the seconds of the command with its defaults."""
    begun, used = time.perf_counter(), sum(os.times()[:4])
    found = json.loads(command(home, "faithfulness", run, "--limit", str(texts), "--json"))
    wall, cpu = time.perf_counter() - begun, sum(os.times()[:4]) - used
    print(
        f"faithfulness --limit {texts} of {found['model']}, {found['words']:.0f} words a text: {wall:.0f} s, "
        f"{cpu:.0f} s of all threads ({os.cpu_count()} cores)"
    )
    for row in found["rows"]:
        print(f"  {row['method']:22} {1000 * row['seconds_per_text']:7.1f} ms a text")


def trained(home: Path, name: str, extra: Sequence[str]) -> None:
    """Train or continue a run."""
    runs = {run["name"]: run for run in json.loads(command(home, "runs", "list", "--json"))}
    if name not in runs:
        command(home, "train", *MODELS[name], "--name", name, "--threads", "1", *extra, threads=1)
    elif runs[name]["state"] != "finished":
        command(home, "resume", runs[name]["id"], threads=1)


def assessed(home: Path, name: str, options: Sequence[str]) -> dict[str, object]:
    """The results of a run: those in HOME/faithfulness if they were made with the same options."""
    path = home / "faithfulness" / f"{name}.json"
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["options"] == list(options):
            return dict(kept["results"])
    begun = time.perf_counter()
    found = json.loads(command(home, "faithfulness", name, *options, "--json", threads=1))
    seconds = time.perf_counter() - begun
    text = json.dumps({"options": list(options), "seconds": seconds, "results": found}, indent=2)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    print(f"{name}: assessed in {seconds:.0f} s", flush=True)
    return dict(found)


def side_by_side(jobs: int, work: Callable[[str], object]) -> list[object]:
    """The results of the work on each run, in their order; the slowest begins first."""
    with ThreadPoolExecutor(jobs) as pool:
        futures = {name: pool.submit(work, name) for name in reversed(MODELS)}
        return [futures[name].result() for name in MODELS]


def table(home: Path, jobs: int, options: Sequence[str], training: Sequence[str]) -> None:
    """Train, assess, and write the files."""
    from tmeattn.faithfulness.stored import stored_results
    from tmeattn.render.console import stdout_console
    from tmeattn.render.export.faithfulness import FORMATS, write
    from tmeattn.render.faithfulness_runs import faithfulness_of_runs

    (home / "faithfulness").mkdir(parents=True, exist_ok=True)
    side_by_side(jobs, lambda name: trained(home, name, training))
    found = side_by_side(jobs, lambda name: assessed(home, name, options))
    results = [stored_results(one) for one in found]  # type: ignore[arg-type]
    for ending in FORMATS:
        write(results, home / "faithfulness" / f"faithfulness{ending}")
    stdout_console().print(faithfulness_of_runs(results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "table"))
    parser.add_argument("--home", type=Path, help="the home folder of the runs")
    parser.add_argument("--run", default="lstm-attn", help="the run of `cost` [lstm-attn]")
    parser.add_argument("--texts", type=int, default=500, help="texts of each run [500]")
    parser.add_argument("--jobs", type=int, default=2, help="runs that `table` works on at the same time [2]")
    parser.add_argument("--training", default="", help="more options of `tmeattn train`, such as '--limit 300'")
    typed = sys.argv[1:]
    arguments = typed[: typed.index("--")] if "--" in typed else typed
    options = typed[len(arguments) + 1 :]
    given = parser.parse_args(arguments)
    if given.what == "table":
        if given.home is None:
            parser.error("table needs --home: it keeps the trained runs and the results there")
        options = ["--limit", str(given.texts), *options]
        return table(given.home.absolute(), given.jobs, options, given.training.split())
    if given.home is not None:
        return cost(given.home.absolute(), given.run, given.texts)
    with tempfile.TemporaryDirectory() as folder:
        command(Path(folder), "train", "lstm-attn", "--epochs", "1", "--name", given.run)
        return cost(Path(folder), given.run, given.texts)


if __name__ == "__main__":
    main()
