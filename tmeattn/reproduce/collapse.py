"""Where an entropy penalty kept a model from learning anything, in sentences."""

from __future__ import annotations

from tmeattn.reproduce.trained import Found, row

MARGIN = 0.05
"""An accuracy below chance plus this counts as nothing learnt."""

ABOUT = (
    "A penalty that acts before the classifier knows which words matter is cheapest to satisfy by attending to one "
    "word whatever it says; with --alpha-warmup alpha rises from 0 instead."
)


def collapse_notes(found: Found) -> list[str]:
    """For every penalised entry that learnt nothing in some seed: in how many, with what accuracy and entropy."""
    notes, penalised = [], 0
    for entry, trained in found:
        if entry.configs[0].train.alpha == 0:
            continue
        penalised += 1
        chance = 1 / len(trained[0].run.data["classes"])
        line = row(entry, trained)
        failed = sum(accuracy < chance + MARGIN for accuracy in line.accuracies)
        if failed and line.accuracy is not None:
            entropy = "" if line.entropy is None else f", mean entropy {line.entropy:.2f} nats"
            notes.append(
                f"Nothing learnt in {failed} of {len(line.accuracies)} seeds: {entry.label} "
                f"({100 * line.accuracy:.1f} %{entropy})."
            )
    if penalised and not notes:
        notes.append(f"Each of the {penalised} penalised configurations learnt something in every seed.")
    return [*notes, ABOUT]
