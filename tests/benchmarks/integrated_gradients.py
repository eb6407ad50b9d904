"""How long integrated gradients take for a text of about 250 words, and their error, beside the state before: captum's
rule over the whole path, with 32 steps that are doubled until the error is below 0.5 %, at most 2,048.

    OMP_NUM_THREADS=2 python tests/benchmarks/integrated_gradients.py [--texts 5] [--limit N] [--runs A,B,C] [--new]

Without --runs it trains `lstm-attn`, `lstm-attn --alpha 0.05` and `transformer` on imdb-25k in its own folder, which
takes about 15 minutes on two quiet cores (--limit 2000: about two). --runs names runs of TMEATTN_HOME instead. --new
leaves out the state before, which takes about ten seconds a text.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

TRAINED: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm-attn": ("lstm-attn", {}),
    "lstm-attn --alpha 0.05": ("lstm-attn", {"alpha": 0.05}),
    "transformer": ("transformer", {}),
}
Scores = tuple[np.ndarray, int]
"""The scores of a text, and the number of steps."""


def before(classifier: Any, text: Any) -> Scores:
    """The method of the version before."""
    from captum.attr import IntegratedGradients

    from tmeattn.explain.gradients import differentiable, word_batches

    ((_, batch),) = word_batches(classifier, [text], None)
    zeros = torch.zeros_like(batch.x_BTD)

    def odds(x_BTD: torch.Tensor) -> torch.Tensor:
        return batch.part(np.zeros(len(x_BTD), dtype=np.int64)).log_odds(x_BTD)

    difference, steps = path_difference(classifier, text), 32
    while True:
        with differentiable():
            parts = IntegratedGradients(odds, multiply_by_inputs=True).attribute(
                batch.x_BTD, zeros, n_steps=steps, internal_batch_size=max(1, 65_536 // batch.x_BTD.shape[1])
            )
        scores_T = parts.sum(dim=-1)[0].double().cpu().numpy()
        if abs(scores_T.sum() - difference) <= 0.005 * max(abs(difference), 0.1) or steps >= 2048:
            return scores_T, steps
        steps *= 2


def now(classifier: Any, text: Any) -> Scores:
    from tmeattn.explain.integrated_gradients import integrated_gradients

    (found,) = integrated_gradients(classifier, [text], None)
    return found.scores_T, int(re.search(r"(\d+) steps", found.note)[1])


def path_difference(classifier: Any, text: Any) -> float:
    """The log-odds of the text above those of zero vectors."""
    from tmeattn.explain.gradients import word_batches

    ((_, batch),) = word_batches(classifier, [text], None)
    with torch.no_grad():
        return float(batch.log_odds(batch.x_BTD) - batch.log_odds(torch.zeros_like(batch.x_BTD)))


def measure(name: str, classifier: Any, texts: list[Any], methods: dict[str, Callable[[Any, Any], Scores]]) -> None:
    found: dict[str, list[tuple[float, float, float, int]]] = {method: [] for method in methods}
    agreements = []
    for text in texts:
        difference = path_difference(classifier, text)
        scores = []
        for method, explain in methods.items():
            begun, cpu = time.perf_counter(), time.process_time()
            scores_T, steps = explain(classifier, text)
            took = time.perf_counter() - begun, time.process_time() - cpu
            gap = abs(scores_T.sum() - difference) / max(abs(difference), 0.1)
            found[method].append((*took, gap, steps))
            scores.append(scores_T)
        agreements.append(np.corrcoef(scores)[0, 1] if len(scores) > 1 else float("nan"))
    for method, rows in found.items():
        wall, cpu, gaps, steps = (list(column) for column in zip(*rows, strict=True))
        print(
            f"{name:24} {method:6} seconds a text: mean {statistics.mean(wall):6.2f}, worst {max(wall):6.2f} "
            f"(CPU {statistics.mean(cpu):6.2f}); gap: mean {statistics.mean(gaps):.2%}, worst {max(gaps):.2%}; "
            f"steps {min(steps)} to {max(steps)}",
            flush=True,
        )
    if len(methods) > 1:
        print(f"{name:24} correlation of the scores before and now: lowest {min(agreements):.4f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=int, default=5)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--runs")
    parser.add_argument("--new", action="store_true")
    arguments = parser.parse_args()
    methods = {"now": now} if arguments.new else {"before": before, "now": now}
    with tempfile.TemporaryDirectory() as home:
        if arguments.runs is None:
            os.environ["TMEATTN_HOME"] = home
        from tmeattn.data.sources import open_dataset
        from tmeattn.inference.classifier import TrainedClassifier
        from tmeattn.runs.index import find_run
        from tmeattn.training.session import start

        options = {} if arguments.limit is None else {"limit": arguments.limit}
        runs = (
            {label: start(name, {**options, **more}) for label, (name, more) in TRAINED.items()}
            if arguments.runs is None
            else {name: find_run(name) for name in arguments.runs.split(",")}
        )
        print(f"{torch.get_num_threads()} threads")
        split = open_dataset("imdb-25k").read()["validation"]
        for label, run in runs.items():
            classifier = TrainedClassifier(run)
            length = min(250, classifier.max_length or 250)
            lengths = np.array([len(classifier.token_ids(text)) for text in split.texts[:2000]])
            nearest = np.argsort(np.abs(lengths - length), kind="stable")[: arguments.texts]
            texts = [classifier.encode(split.texts[index]) for index in nearest]
            now(classifier, texts[0])  # the first call of a module is slower
            measure(label, classifier, texts, methods)


if __name__ == "__main__":
    main()
