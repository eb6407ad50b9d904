"""Notes on runs whose attention collapsed under an entropy penalty, so that they learned nothing or lost accuracy."""

from __future__ import annotations

from collections.abc import Sequence

from tmeattn.evaluation.intervals import accuracy_interval
from tmeattn.reproduce.plan import Entry
from tmeattn.reproduce.results import FALL
from tmeattn.reproduce.trained import EntryRuns, SeedRun, mean

MARGIN = 0.05
"""An accuracy at most this much above that of always predicting the larger class counts as nothing learned."""
ONE_WORD = 0.5
"""Mean entropy in nats below which the attention is nearly on one word (ln 2 is two words with equal weights)."""


def collapse_notes(entry_runs: EntryRuns, chance: float | None, *, shortened: bool = False) -> list[str]:
    """Sentences on entries that learned nothing in some seed, and on those whose accuracy fell after the best epoch.

    Entries without a penalty are included, because the others are compared with them: where one of them learned
    nothing in any seed, nothing follows on the penalty. A seed that diverged has learned nothing. A fall counts if the
    intervals of the two accuracies do not overlap.

    chance:    the accuracy of always predicting the larger class.
    shortened: whether the runs had few steps, so that one may have learned nothing for want of them.
    """
    penalised = sum(entry.configs[0].train.alpha > 0 for entry, _ in entry_runs)
    if not penalised or chance is None:
        return []
    notes: list[str] = []
    on_one_word = nothing_said = False
    hopeless = [entry.run.label for entry, seed_runs in entry_runs if _is_hopeless(entry, seed_runs, chance)]
    notes += [
        f"{label} learned nothing without a penalty either, so nothing follows on its penalties." for label in hopeless
    ]
    for entry, seed_runs in entry_runs:
        if entry.run.label in hopeless:
            continue
        best = [_best(seed_run) for seed_run in seed_runs]
        nothing = [accuracy <= chance + MARGIN for accuracy in best]
        fallen = [not none and _fell(seed_run) for seed_run, none in zip(seed_runs, nothing, strict=True)]
        last = [seed_run.epochs[-1]["validation"] for seed_run in seed_runs if seed_run.epochs]
        entropy = mean(end["entropy"] for end in last)
        on_one_word |= any(nothing + fallen) and entropy is not None and entropy < ONE_WORD
        nothing_said |= any(nothing)
        if any(nothing):
            notes.append(_sentence(entry, nothing, "learned nothing", f"{100 * (mean(best) or 0):.1f} %", entropy))
        if any(fallen):
            ends = mean(end["accuracy"] for end in last)
            fall = f"from {100 * (mean(best) or 0):.1f} to {100 * (ends or 0):.1f} %"
            notes.append(_sentence(entry, fallen, "lost accuracy", fall, entropy))
    seeds = len(entry_runs[0][1])
    if not notes:
        where = "in every seed" if seeds > 1 else "with one seed"
        return [f"Every configuration with a penalty ({penalised}) learned {where} and kept its accuracy."]
    if nothing_said or hopeless:
        notes.append(
            f"Learned nothing: at most {100 * MARGIN:.0f} points above always predicting the larger class "
            f"({100 * chance:.1f} %)." + (" It may be for want of steps: the runs were shortened." if shortened else "")
        )
    if on_one_word:
        notes.append(
            "An entropy near zero means attention on one word. Early in training, before the classifier knows which "
            "words matter, that minimises the penalty. --alpha-warmup avoids it: alpha rises from 0."
        )
    if seeds == 1:
        notes.append("One seed: which configurations collapse varies with the seed. See it with --seeds 3.")
    return notes


def _is_hopeless(entry: Entry, seed_runs: Sequence[SeedRun], chance: float) -> bool:
    """Whether an entry without a penalty learned nothing in any seed."""
    return entry.configs[0].train.alpha == 0 and all(_best(seed_run) <= chance + MARGIN for seed_run in seed_runs)


def _best(seed_run: SeedRun) -> float:
    """The best validation accuracy; 0 for a seed that diverged before its first epoch."""
    return seed_run.best["validation"]["accuracy"] if seed_run.best else 0.0


def _fell(seed_run: SeedRun) -> bool:
    """Whether the accuracy after the last epoch is clearly below the best."""
    if not seed_run.epochs or seed_run.started is None:
        return False
    best, end = _best(seed_run), seed_run.epochs[-1]["validation"]["accuracy"]
    texts = seed_run.started["validation_texts"]
    return end < best - FALL and accuracy_interval(end, texts)[1] < accuracy_interval(best, texts)[0]


def _sentence(entry: Entry, seeds: list[bool], what: str, accuracy: str, entropy: float | None) -> str:
    many = f" in {sum(seeds)} of {len(seeds)} seeds" if len(seeds) > 1 else ""
    ends = f", entropy {entropy:.2f} nats after the last epoch" if entropy is not None else ""
    return f"{entry.label}: {what}{many} ({accuracy}{ends})."
