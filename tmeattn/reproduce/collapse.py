"""What an entropy penalty kept a model from learning, or made it forget, in sentences."""

from __future__ import annotations

from tmeattn.config import TrainOptions
from tmeattn.data.sources import dataset_of
from tmeattn.reproduce.plan import Entry
from tmeattn.reproduce.results import FALL
from tmeattn.reproduce.trained import EntryRuns, SeedRun, mean

MARGIN = 0.05
"""An accuracy at most so much above naming the larger class counts as nothing learnt."""
ONE_WORD = 0.5
"""Mean entropy in nats below which attention has all but one word (ln 2 is two words in equal parts)."""


def collapse_notes(found: EntryRuns) -> list[str]:
    """The entries that learnt nothing in some seed, and those whose accuracy fell while training went on; the ones
    without a penalty, too, since the others are measured against them. A seed that diverged has learnt nothing."""
    penalised = sum(entry.configs[0].train.alpha > 0 for entry, _ in found)
    if not penalised:
        return []
    chance = _larger_class(found[0][1][0])
    notes, on_one_word = [], False
    for entry, trained in found:
        best = [one.best["validation"]["accuracy"] if one.best else 0.0 for one in trained]
        last = [one.epochs[-1]["validation"] if one.epochs else None for one in trained]
        nothing = [accuracy <= chance + MARGIN for accuracy in best]
        fallen = [
            end is not None and not none and end["accuracy"] < accuracy - FALL
            for accuracy, end, none in zip(best, last, nothing, strict=True)
        ]
        entropy = mean(end["entropy"] for end in last if end is not None)
        on_one_word |= any(nothing + fallen) and entropy is not None and entropy < ONE_WORD
        if any(nothing):
            notes.append(_sentence(entry, nothing, "learnt nothing", f"{100 * (mean(best) or 0):.1f} %", entropy))
        if any(fallen):
            ends = mean(end["accuracy"] for end in last if end is not None)
            fall = f"from {100 * (mean(best) or 0):.1f} to {100 * (ends or 0):.1f} %"
            notes.append(_sentence(entry, fallen, "fell again", fall, entropy))
    if not notes:
        return [f"Each of the {penalised} penalised configurations learnt something in every seed and kept it."]
    notes.append(
        f"Learnt nothing: at most {100 * MARGIN:.0f} points above naming the larger class ({100 * chance:.1f} %)."
    )
    if on_one_word:
        notes.append(
            "Entropy near zero is attention on one word: before the classifier knows which words matter that is the "
            "cheapest answer to the penalty, which is why --alpha-warmup lets alpha rise from 0."
        )
    return notes


def _sentence(entry: Entry, seeds: list[bool], what: str, accuracy: str, entropy: float | None) -> str:
    many = f" in {sum(seeds)} of {len(seeds)} seeds" if len(seeds) > 1 else ""
    ends = f", entropy {entropy:.2f} nats after the last epoch" if entropy is not None else ""
    return f"{entry.label}: {what}{many} ({accuracy}{ends})."


def _larger_class(one: SeedRun) -> float:
    """The share of the validation texts that are of the larger class."""
    labels = dataset_of(TrainOptions.model_validate(one.run.config["train"])).read()["validation"].labels
    return max(list(labels).count(label) for label in set(labels)) / len(labels)
