"""Does the entropy penalty, sparse attention or training with erased words make attention more faithful?

    python tests/benchmarks/attention_study.py HOME [--dataset rotten-tomatoes] [--limit N] [--seeds 3] [--texts 400]

Trains `lstm-attn` plain, with --alpha 0.05, with --word-dropout-erasure, and with both, and, where the plugin
tmeattn-entmax is installed, the same model with 1.5-entmax and sparsemax; each with every seed. The attention of every
run is assessed on the same validation texts. What is compared between models is normalised or compared with random
rationales of the same model; raw figures are not compared.

The effect of a variant is the mean over the seeds of its difference from the plain model with the same seed, with the
95 % interval of Student's t over these differences: it covers seeds, and three seeds make it wide. All texts are the
same in all runs.

Everything is kept in HOME: the runs, and the figures of each run in HOME/attention-study. The same command continues
where it was stopped, and at the end prints the table in Markdown, which is also HOME/attention-study/table.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

PLAIN = "plain"
SPARSE = "lstm-entmax"
ERASED = {"word_dropout_erasure": True}


class Variant(NamedTuple):
    name: str
    model: str
    options: Mapping[str, Any]


VARIANTS = (
    Variant(PLAIN, "lstm-attn", {}),
    Variant("alpha 0.05", "lstm-attn", {"alpha": 0.05}),
    Variant("erasure", "lstm-attn", ERASED),
    Variant("alpha 0.05 and erasure", "lstm-attn", {"alpha": 0.05, **ERASED}),
    Variant("1.5-entmax", SPARSE, {"weights": "entmax15"}),
    Variant("sparsemax", SPARSE, {"weights": "sparsemax"}),
)

MEASURES = {
    "accuracy": ("accuracy on the validation texts", None),
    "entropy": ("attention entropy, nats", None),
    "normalized_comprehensiveness": ("normalised comprehensiveness", True),
    "normalized_sufficiency": ("normalised sufficiency", False),
    "win_delete": ("win rate against random rationales, comprehensiveness, delete", True),
    "win_unknown": ("the same, unknown", True),
    "win_infill": ("the same, infill", True),
}
"""By name: what it is, and whether higher is more faithful (None: it is no measure of faithfulness)."""


def trained(variant: Variant, seed: int, common: Mapping[str, Any]) -> Any:
    """The finished run of a variant and a seed: found, continued or trained."""
    from tmeattn.run_config import resolve_run
    from tmeattn.runs.index import all_runs
    from tmeattn.runs.reuse import ReusableRuns
    from tmeattn.training.run_data import open_data
    from tmeattn.training.session import resume, start

    options = {**common, **variant.options, "seed": seed}
    config = resolve_run(variant.model, options)
    run = ReusableRuns(all_runs()).find(config, open_data(config.train)[1])
    if run is None:
        return start(variant.model, options, name=f"study-{variant.name.replace(' ', '-')}-{seed}")
    return run if run.is_over() else resume(run)


def measured(run: Any, folder: Path, texts: int, bounded: int) -> dict[str, float]:
    """The figures of a run, from the file of an earlier call if there is one."""
    from tmeattn.faithfulness.study import StudyOptions, run_study

    path = folder / f"{run.id}-{texts}-{bounded}.json"
    if path.is_file():
        return dict(json.loads(path.read_text()))
    options = StudyOptions(("attention",), limit=texts, bounded=bounded, compared=texts)
    silent: Any = lambda *arguments: None  # noqa: E731
    found = run_study(run, options, progress=silent, watch=silent, narrate=silent)
    row = next(row for row in found.rows if row.method == "attention")
    best = [event["best_accuracy"] for event in run.events("finished")]
    figures = {"accuracy": best[-1], "entropy": found.entropy.mean if found.entropy else float("nan")}
    figures |= {name: estimate.mean for name, estimate in row.measures.items()}
    for one in found.against_random:
        figures[f"win_{one.operator}"] = one.rows["attention"]["comprehensiveness"].win_rate.mean
    path.write_text(json.dumps(figures))
    return figures


def interval(differences: Sequence[float]) -> tuple[float, float]:
    """The mean of paired differences, and half of its 95 % interval of Student's t; infinite for one seed."""
    from scipy.stats import t

    if len(differences) < 2:
        return float(np.mean(differences)), float("inf")
    error = np.std(differences, ddof=1) / len(differences) ** 0.5
    return float(np.mean(differences)), float(t.ppf(0.975, len(differences) - 1) * error)


def verdict(mean: float, half: float, higher: bool | None) -> str:
    """What an effect says."""
    if higher is None or abs(mean) <= half:
        return "" if higher is None else "no clear effect"
    return "more faithful" if (mean > 0) == higher else "less faithful"


def table(figures: Mapping[str, Sequence[Mapping[str, float]]]) -> str:
    """A row for each measure and variant: mean over the seeds, difference from the plain model, and interval."""
    lines = ["| measure | variant | mean | minus plain | 95 % interval | |", "|---|---|---|---|---|---|"]
    for name, (about, higher) in MEASURES.items():
        for variant, seeds in figures.items():
            values = [one.get(name, float("nan")) for one in seeds]
            cells = [about, variant, f"{np.mean(values):.3f}"]
            if variant == PLAIN:
                cells += ["", "", ""]
            else:
                pairs = [
                    value - plain.get(name, float("nan")) for value, plain in zip(values, figures[PLAIN], strict=True)
                ]
                mean, half = interval(pairs)
                cells += [f"{mean:+.3f}", f"{mean - half:+.3f} to {mean + half:+.3f}", verdict(mean, half, higher)]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, help="the folder for the runs and the figures")
    parser.add_argument("--dataset", default="rotten-tomatoes")
    parser.add_argument("--limit", type=int, help="training texts [all of the dataset]")
    parser.add_argument("--epochs", type=int, help="[those of the recipe]")
    parser.add_argument("--vectors", help="[those of the recipe]")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--texts", type=int, default=400, help="validation texts that are explained [400]")
    parser.add_argument("--bounded", type=int, default=100, help="those of them with normalised measures [100]")
    given = parser.parse_args()
    os.environ["TMEATTN_HOME"] = str(given.home.absolute())
    from tmeattn.registry import registry
    from tmeattn.specs import ModelSpec

    known = {spec.name for spec in registry().all(ModelSpec)}
    if SPARSE not in known:
        print("Without 1.5-entmax and sparsemax: the plugin tmeattn-entmax is not installed.", file=sys.stderr)
    folder = given.home / "attention-study"
    folder.mkdir(parents=True, exist_ok=True)
    common = {"dataset": given.dataset, "limit": given.limit, "epochs": given.epochs, "vectors": given.vectors}
    figures: dict[str, list[dict[str, float]]] = {}
    began = time.process_time()
    for variant in VARIANTS:
        for seed in range(given.seeds) if variant.model in known else ():
            run = trained(variant, seed, common)
            figures.setdefault(variant.name, []).append(measured(run, folder, given.texts, given.bounded))
            print(f"{variant.name}, seed {seed}: {time.process_time() - began:.0f} CPU s so far", file=sys.stderr)
    where = f"{given.dataset}, {given.texts} validation texts, {given.seeds} seeds\n\n"
    (folder / "table.md").write_text(where + table(figures))
    print(where + table(figures))


if __name__ == "__main__":
    main()
