"""Notes on runs whose attention collapsed under an entropy penalty, so that they learned nothing or lost accuracy."""

from __future__ import annotations

from tmeattn.config import TrainOptions
from tmeattn.data.sources import dataset_of
from tmeattn.reproduce.plan import Entry
from tmeattn.reproduce.results import FALL
from tmeattn.reproduce.trained import EntryRuns, SeedRun, mean

MARGIN = 0.05
"""An accuracy at most this much above that of always predicting the larger class counts as nothing learned."""
ONE_WORD = 0.5
"""Mean entropy in nats below which the attention is nearly on one word (ln 2 is two words with equal weights)."""


def collapse_notes(entry_runs: EntryRuns) -> list[str]:
    """Sentences on entries that learned nothing in some seed, and on those whose accuracy fell after the best epoch.

    Entries without a penalty are included, because the others are compared with them. A seed that diverged has learned
    nothing.
    """
    penalised = sum(entry.configs[0].train.alpha > 0 for entry, _ in entry_runs)
    if not penalised:
        return []
    chance = _larger_class(entry_runs[0][1][0])
    notes, on_one_word = [], False
    for entry, seed_runs in entry_runs:
        best = [seed_run.best["validation"]["accuracy"] if seed_run.best else 0.0 for seed_run in seed_runs]
        last = [seed_run.epochs[-1]["validation"] if seed_run.epochs else None for seed_run in seed_runs]
        nothing = [accuracy <= chance + MARGIN for accuracy in best]
        fallen = [
            end is not None and not none and end["accuracy"] < accuracy - FALL
            for accuracy, end, none in zip(best, last, nothing, strict=True)
        ]
        entropy = mean(end["entropy"] for end in last if end is not None)
        on_one_word |= any(nothing + fallen) and entropy is not None and entropy < ONE_WORD
        if any(nothing):
            notes.append(_sentence(entry, nothing, "learned nothing", f"{100 * (mean(best) or 0):.1f} %", entropy))
        if any(fallen):
            ends = mean(end["accuracy"] for end in last if end is not None)
            fall = f"from {100 * (mean(best) or 0):.1f} to {100 * (ends or 0):.1f} %"
            notes.append(_sentence(entry, fallen, "lost accuracy", fall, entropy))
    if not notes:
        return [f"Every configuration with a penalty ({penalised}) learned in every seed and kept its accuracy."]
    notes.append(
        f"Learned nothing: at most {100 * MARGIN:.0f} points above always predicting the larger class "
        f"({100 * chance:.1f} %)."
    )
    if on_one_word:
        notes.append(
            "An entropy near zero means attention on one word. Early in training, before the classifier knows which "
            "words matter, that minimises the penalty. --alpha-warmup avoids it: alpha rises from 0."
        )
    return notes


def _sentence(entry: Entry, seeds: list[bool], what: str, accuracy: str, entropy: float | None) -> str:
    many = f" in {sum(seeds)} of {len(seeds)} seeds" if len(seeds) > 1 else ""
    ends = f", entropy {entropy:.2f} nats after the last epoch" if entropy is not None else ""
    return f"{entry.label}: {what}{many} ({accuracy}{ends})."


def _larger_class(seed_run: SeedRun) -> float:
    """The share of the larger class among the validation texts."""
    labels = dataset_of(TrainOptions.model_validate(seed_run.run.config["train"])).read()["validation"].labels
    return max(list(labels).count(label) for label in set(labels)) / len(labels)
