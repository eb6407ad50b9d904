"""Accuracy against seconds and memory: tmeattn's models beside fastText, scikit-learn and spaCy on the same texts.

    pip install -r tests/benchmarks/frontier-requirements.txt          # here, or elsewhere with --peers PYTHON
    python tests/benchmarks/frontier.py [--only ngram-attn,tfidf] [--limit 2000] [--results FILE]
    python tests/benchmarks/frontier.py --page                         # the table and the picture of the manual

Every row is a process of its own, which reads the texts from one CSV file, trains, predicts and ends. Its wall seconds,
CPU seconds (user and system) and peak memory are those of the operating system. tmeattn's rows are `tmeattn train` as
a user types it, in an empty home, so that they encode the texts and write checkpoints. Their accuracy is that after the
last epoch, so that no epoch is chosen by the texts that are reported. The results are kept in a JSON file, and rows
that are in it are not measured again. About 45 minutes on two cores, 30 of them for spaCy's networks; nothing else
should run.

--part  validation: train on the training texts of imdb-25k, measure on its validation texts.
        choice:     train on four fifths of its training texts, measure on the fifth. Options are chosen here.
        test:       train on the official training half, measure on the official test half (`tmeattn data fetch imdb`).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.measured_process import measured

from tmeattn.cpu import available_cores
from tmeattn.data.holdout import hold_out_blocks, text_hashes
from tmeattn.data.sources import open_dataset
from tmeattn.evaluation.intervals import accuracy_interval

ROOT = Path(__file__).parents[2]
CORES = available_cores()


def _ours(model: str, epochs: int, *options: str) -> dict[str, Any]:
    return {"ours": [model, *options, "--epochs", str(epochs), "--patience", "0"]}


def _tfidf(ngrams: int) -> dict[str, Any]:
    return {"peer": {"library": "tfidf", "ngrams": ngrams, "strength": 10.0}}


def _fasttext(ngrams: int, epochs: int, lr: float = 0.5) -> dict[str, Any]:
    settings = {"ngrams": ngrams, "epochs": epochs, "lr": lr, "dim": 50, "threads": CORES}
    return {"peer": {"library": "fasttext", **settings}}


def _spacy(kind: str, epochs: int) -> dict[str, Any]:
    return {"peer": {"library": "spacy", "kind": kind, "epochs": epochs, "batch": 64}}


ROWS: dict[str, dict[str, Any]] = {
    **{f"mean, {n} epochs": _ours("mean", n) for n in (1, 3, 8)},
    **{f"simple-attn, {n} epochs": _ours("simple-attn", n) for n in (1, 3, 8)},
    **{f"nb-logreg, {n} words": _ours("nb-logreg", 1, "--ngrams", str(n)) for n in (1, 2, 3)},
    **{f"ngram-attn, {n} epochs": _ours("ngram-attn", n) for n in (1, 2, 3)},
    "ngram-attn narrow, 1 epochs": _ours("ngram-attn", 1, "--hidden-size", "64", "--window", "3", "--lr", "6e-3"),
    **{f"lstm-attn, {n} epochs": _ours("lstm-attn", n) for n in (1, 2, 5)},
    **{f"TF-IDF, {n} words": _tfidf(n) for n in (1, 2, 3)},
    **{f"fastText unigrams, {n} epochs": _fasttext(1, n) for n in (1, 5, 25)},
    **{f"fastText bigrams, {n} epochs": _fasttext(2, n) for n in (1, 5, 25)},
    **{f"spaCy bow, {n} epochs": _spacy("bow", n) for n in (1, 3)},
    "spaCy CNN, 1 epochs": _spacy("cnn", 1),
    **{f"spaCy ensemble, {n} epochs": _spacy("ensemble", n) for n in (1, 2)},
}


def write_texts(path: Path, part: str, limit: int | None) -> None:
    """The table that every row reads: train, and under the name validation the texts of the measurement."""
    splits = open_dataset("imdb" if part == "test" else "imdb-25k").read()
    train, measured = splits["train"], splits["validation"]
    texts, labels = list(train.texts), list(train.labels)
    if part == "test":
        texts, labels = texts + list(measured.texts), labels + list(measured.labels)
        measured = splits["test"]
    held_N = np.zeros(len(texts), dtype=bool)
    if part == "choice":
        held_N = hold_out_blocks(text_hashes(texts), np.asarray(labels), 0.2)
    groups = {
        "train": [(texts[i], labels[i]) for i in np.flatnonzero(~held_N)],
        "validation": [(texts[i], labels[i]) for i in np.flatnonzero(held_N)]
        or list(zip(measured.texts, measured.labels, strict=True)),
    }
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "split"])
        for split, rows in groups.items():
            kept = len(rows) if limit is None else min(limit if split == "train" else limit // 4, len(rows))
            for row in np.linspace(0, len(rows) - 1, kept).astype(int):
                text, label = rows[row]
                writer.writerow([text, ("negative", "positive")[label], split])


def measure(row: dict[str, Any], table: Path, peers: str, threads: int | None) -> dict[str, Any]:
    """Run one row in a process of its own.

    Raises:
        SystemExit: the process has failed; with what it wrote.
    """
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as output:
        if "ours" in row:
            paths = (ROOT, ROOT / "plugins" / "tmeattn-ngram-attn", *os.environ.get("PYTHONPATH", "").split(os.pathsep))
            environment |= {
                "TMEATTN_HOME": home,
                "PYTHONPATH": os.pathsep.join(str(path) for path in paths if str(path)),
            }
            command = [sys.executable, "-m", "tmeattn", "train", *row["ours"], "--dataset", str(table), "--seed", "0"]
        else:
            command = [peers, str(Path(__file__).with_name("frontier_peers.py")), json.dumps(row["peer"]), str(table)]
        used = measured(command, env=environment, stdout=output, stderr=output, cwd=home)
        output.seek(0)
        text = output.read().decode(errors="replace")
        if used.code:
            raise SystemExit(f"{' '.join(command)}\n{text[-2000:]}")
        if "ours" in row:
            (log,) = Path(home, "runs").glob("*/events.jsonl")
            events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            accuracy = [event for event in events if event["kind"] == "epoch"][-1]["validation"]["accuracy"]
        else:
            accuracy = json.loads(text.strip().splitlines()[-1])["accuracy"]
    return {
        "accuracy": accuracy,
        "seconds": used.seconds,
        "cpu_seconds": used.cpu_seconds,
        "peak_mib": used.peak_mib,
        "load": os.getloadavg()[0],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="the beginnings of names of rows, separated by commas")
    parser.add_argument("--limit", type=int, help="so many training texts, and a quarter of them to measure: a trial")
    parser.add_argument("--part", choices=("validation", "choice", "test"), default="validation")
    parser.add_argument("--results", type=Path, default=Path("frontier.json"), help="continued if it exists")
    parser.add_argument("--peers", default=sys.executable, help="the Python that has the peers installed")
    parser.add_argument("--threads", type=int, help="of each process; by default, as it chooses itself")
    parser.add_argument("--again", action="store_true", help="measure rows that are in the results again")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--page", action="store_true", help="write the table and the picture of the manual, and end")
    arguments = parser.parse_args()
    chosen = tuple(arguments.only.split(",")) if arguments.only else ("",)
    names = [name for name in ROWS if name.startswith(chosen)]
    if arguments.list:
        print("\n".join(names))
        return
    results: dict[str, Any] = {"part": arguments.part, "limit": arguments.limit, "rows": {}}
    if arguments.results.exists():
        found = json.loads(arguments.results.read_text(encoding="utf-8"))
        if not arguments.page and (found["part"], found["limit"]) != (arguments.part, arguments.limit):
            raise SystemExit(f"{arguments.results} has other texts: part {found['part']}, limit {found['limit']}.")
        results = found
    if arguments.page:
        from frontier_page import write_page

        write_page(results, ROOT)
        return
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "texts.csv"
        write_texts(table, arguments.part, arguments.limit)
        with table.open(encoding="utf-8", newline="") as file:
            splits = [row["split"] for row in csv.DictReader(file)]
        results |= {"train": splits.count("train"), "measured": splits.count("validation"), "cores": CORES}
        for name in names:
            if name not in results["rows"] or arguments.again:
                found = measure(ROWS[name], table, arguments.peers, arguments.threads)
                low, high = accuracy_interval(found["accuracy"], results["measured"])
                results["rows"][name] = {**found, "low": low, "high": high}
                arguments.results.write_text(json.dumps(results, indent=1), encoding="utf-8")
            print(line(name, results["rows"][name]), flush=True)


def line(name: str, row: dict[str, Any]) -> str:
    """A row as text: accuracy with its 95 % interval (Wilson), wall and CPU seconds, peak memory, load average."""
    interval = f"{row['accuracy']:6.2%} [{row['low']:.1%}, {row['high']:.1%}]"
    times = f"{row['seconds']:7.1f} s{row['cpu_seconds']:8.1f} CPU s"
    return f"{name:30}{interval}{times}{row['peak_mib']:7.0f} MiB  load {row['load']:.1f}"


if __name__ == "__main__":
    main()
