"""How long explanations take: a cold start beside `import torch` alone, leave-one-out in batches beside one call a
word, and many texts by attention.

    python tests/benchmarks/explain.py [--pairs 5] [--texts 1000]

Runs of every model with random weights stand in for trained ones, on the vocabulary of `imdb-25k`: what is measured
does not depend on the weights. Takes turns in one process, on one thread or as many as OMP_NUM_THREADS says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MODELS = ("mean", "simple-attn", "query-attn", "lstm", "lstm-attn", "transformer")
WORDS = 200


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def cpu_seconds(work: Callable[[], object]) -> float:
    """Of this process and the children that it waits for: what a quiet machine would take, on a busy one."""
    begun = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - begun


def cold_start(run: str, pairs: int) -> None:
    text = " ".join(["a wonderful film with a plot that makes no sense"] * 8)
    command = [sys.executable, "-m", "tmeattn", "explain", text, "--run", run]
    for clock, measure in (("wall", seconds), ("CPU", cpu_seconds)):
        torch, explain = [], []
        for _ in range(pairs):
            torch.append(measure(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True)))
            explain.append(measure(lambda: subprocess.run(command, check=True, capture_output=True)))
        extra = statistics.median(e - t for e, t in zip(explain, torch, strict=True))
        print(
            f"explain from a cold start, {clock}: median {statistics.median(explain):.2f} s, import torch alone "
            f"{statistics.median(torch):.2f} s, difference of a pair {extra:.2f} s",
            flush=True,
        )


def leave_one_out(classifier, pairs: int) -> float:
    """Median ratio of one call a word to the batched method, on a text of 200 words."""
    from tmeattn.explain.methods import leave_one_out as batched
    from tmeattn.explain.methods import log_odds

    text = classifier.encode(" ".join(classifier.vocabulary.words[2 : 2 + WORDS]))

    def naive() -> np.ndarray:
        def odds(ids: np.ndarray) -> float:
            (reading,) = classifier.read([ids])
            return log_odds(reading.logits_C, 0)

        whole = odds(text.ids_T)
        return np.array([whole - odds(np.delete(text.ids_T, at)) for at in range(len(text.ids_T))])

    assert np.allclose(naive(), batched(classifier, [text], 0)[0], atol=1e-3)
    ratios, times = [], []
    for _ in range(pairs):
        slow, fast = seconds(naive), seconds(lambda: batched(classifier, [text], 0))
        ratios.append(slow / fast)
        times.append((slow, fast))
    slow, fast = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{classifier.spec.name:12} leave-one-out of {len(text.ids_T)} words: one call a word {slow:.2f} s, batched "
        f"{fast:.3f} s, median ratio {statistics.median(ratios):.1f}",
        flush=True,
    )
    return statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--texts", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["TMEATTN_HOME"] = home
        from tmeattn.data.sources import open_dataset
        from tmeattn.explain.explain import explain_all
        from tmeattn.explain.explanation import ExplainRequest
        from tmeattn.inference.classifier import TrainedClassifier
        from tmeattn.training.session import start

        # A handful of texts and one step: runs as small as they can be, on the vocabulary of the whole data's words.
        quick = {"limit": 8, "epochs": 1, "threads": int(os.environ.get("OMP_NUM_THREADS", "1")), "min_count": 1}
        runs = {name: start(name, quick) for name in MODELS}
        for name in MODELS:
            leave_one_out(TrainedClassifier(runs[name]), arguments.pairs)
        split = open_dataset("imdb-25k").read()["validation"]
        texts = [split.texts[index] for index in np.linspace(0, len(split.texts) - 1, arguments.texts).astype(int)]
        for name in ("simple-attn", "query-attn", "lstm-attn", "transformer"):
            classifier = TrainedClassifier(runs[name])
            requests = [ExplainRequest(text, "attention") for text in texts]
            list(explain_all(classifier, requests[:8]))

            def work(classifier=classifier, requests=requests) -> None:
                list(explain_all(classifier, requests))

            wall, cpu = seconds(work), cpu_seconds(work)
            print(
                f"{name:12} {len(texts)} texts of the validation split by attention: {wall:.2f} s, {cpu:.2f} s of CPU",
                flush=True,
            )
        cold_start(str(Path(home) / "runs" / runs["lstm-attn"].id), arguments.pairs)


if __name__ == "__main__":
    main()
