"""What a run gains that starts from another (`train --init`) on few texts of another kind.

    python tests/benchmarks/new_data.py [--shift sentences|horror|short] [--model simple-attn] [--texts 400] [--seeds 5]

The old texts are reviews of imdb-25k. The new ones are of another kind: sentences of rotten-tomatoes, or reviews of
horror films (two or more of some words) or short reviews (at most 130 words), which are then no old texts. For each
seed, in turn:

    before   trained on 4,000 old texts
    init     starts from it, and is trained on 400 new texts
    anew     trained on the same 400 new texts alone

All three classify the same 1,500 new texts that none of them has seen. The texts of a seed are drawn by it, as many of
each class; a fifth of the texts is held out to choose the best epoch. `init` and `anew` have the same options: the
recipe modern with at most 30 epochs and a patience of 5, so that 400 texts have enough steps.

The table has the accuracies, and the differences of `init` to the others with two 95 % intervals: by bootstrap over
texts and seeds, and Student's over the seeds. One thread; some CPU minutes for each kind.
"""

from __future__ import annotations

import argparse
import csv
import re
import resource
import statistics
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import tmeattn
from tmeattn.data.sources import open_dataset
from tmeattn.evaluation.paired import accuracy_difference
from tmeattn.paths import runs_elsewhere
from tmeattn.runs.comparison import mean_and_half_interval

HORROR = re.compile(
    r"\b(?:horror|zombies?|vampires?|slashers?|gore|gory|scary|creepy|haunted|werewol(?:f|ves))\b", re.I
)
LEAST_HORROR, MOST_SHORT = 2, 130
"""Words of horror in a review of a horror film, and words of a short review."""
BEFORE, TEST = 4000, 1500
CLASSES = ("negative", "positive")
FEW = {"epochs": 30, "patience": 5}
KINDS: dict[str, Callable[[str], bool]] = {
    "horror": lambda text: len(HORROR.findall(text)) >= LEAST_HORROR,
    "sentences": lambda text: False,
    "short": lambda text: len(text.split()) <= MOST_SHORT,
}


def labelled(name: str) -> tuple[list[str], np.ndarray]:
    """All texts of a dataset, and 1 for each that is positive, else 0."""
    dataset = open_dataset(name)
    texts: list[str] = []
    labels: list[int] = []
    for split in dataset.read().values():
        texts += split.texts
        labels += [int(dataset.classes[label] == CLASSES[1]) for label in split.labels]
    return texts, np.array(labels)


def drawn(rows: Sequence[int], labels: np.ndarray, count: int, chance: np.random.Generator) -> list[int]:
    """`count` rows by chance, as many of each class."""
    mixed = chance.permutation(rows)
    return [int(row) for label in (0, 1) for row in mixed[labels[mixed] == label][: count // 2]]


def written(path: Path, texts: Sequence[str], labels: Sequence[str]) -> str:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("text", "label"), *zip(texts, labels, strict=True)])
    return str(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shift", choices=KINDS, default="sentences")
    parser.add_argument("--model", default="simple-attn")
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args()
    texts, labels = labelled("imdb-25k")
    is_new = np.array([KINDS[asked.shift](text) for text in texts])
    if asked.shift == "sentences":
        new_texts, new_labels = labelled("rotten-tomatoes")
        texts, labels = texts + new_texts, np.concatenate([labels, new_labels])
        is_new = np.arange(len(texts)) >= len(is_new)
    print(f"{asked.shift}: {is_new.sum():,} of {len(texts):,} texts are of the new kind")
    correct: dict[str, list[np.ndarray]] = {"before": [], "init": [], "anew": []}
    with tempfile.TemporaryDirectory() as home, runs_elsewhere(Path(home)):
        for seed in range(asked.seeds):
            chance = np.random.default_rng(seed)
            # The tested texts are the same for all seeds, so that texts and seeds can be resampled apart.
            tested = drawn(np.flatnonzero(is_new), labels, TEST, np.random.default_rng(0))
            left = np.setdiff1d(np.flatnonzero(is_new), tested)
            files = {
                "old": drawn(np.flatnonzero(~is_new), labels, BEFORE, chance),
                "new": drawn(left, labels, asked.texts, chance),
            }
            paths = {
                name: written(
                    Path(home) / f"{name}-{seed}.csv",
                    [texts[row] for row in rows],
                    [CLASSES[labels[row]] for row in rows],
                )
                for name, rows in files.items()
            }
            common = {"seed": seed, "threads": 1, "device": "cpu"}
            before = tmeattn.train(asked.model, dataset=paths["old"], **common)
            models = {
                "before": before,
                "init": tmeattn.train(asked.model, dataset=paths["new"], init=before, **FEW, **common),
                "anew": tmeattn.train(asked.model, dataset=paths["new"], **FEW, **common),
            }
            for name, model in models.items():
                found = model.predict_proba([texts[row] for row in tested]).argmax(axis=1)
                truth = np.array([model.classes.index(CLASSES[labels[row]]) for row in tested])
                correct[name].append(found == truth)
            shares = "  ".join(f"{name} {100 * rows[-1].mean():.1f}" for name, rows in correct.items())
            print(f"seed {seed}: {shares}", flush=True)
    report(correct)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{(used.ru_utime + used.ru_stime) / 60:.1f} CPU minutes")


def report(correct: dict[str, list[np.ndarray]]) -> None:
    """Print the accuracies in per cent, and the differences of `init` to the others in points."""
    for name, rows in correct.items():
        print(f"{name:7} {100 * statistics.mean(float(row.mean()) for row in rows):5.1f} %")
    ours = np.stack(correct["init"])
    for name in ("anew", "before"):
        other = np.stack(correct[name])
        difference, low, high = (100 * value for value in accuracy_difference(ours, other))
        mean, half = mean_and_half_interval(list(100 * (ours.mean(axis=1) - other.mean(axis=1))))
        by_seed = "" if mean is None or half is None else f"; over the seeds {mean - half:.1f} to {mean + half:.1f}"
        print(f"init - {name}: {difference:+.1f} points, 95 % {low:.1f} to {high:.1f}{by_seed}")


if __name__ == "__main__":
    main()
