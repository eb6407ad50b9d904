"""Several seeds as they are typed: `3` is a number of seeds from 0, `0,1,2` is a list."""

from __future__ import annotations

from tmeattn.errors import BadInput

MOST_SEEDS = 100
"""Seeds of one `--seeds`, so that a mistyped number does not start a million runs."""
_SEEDS_HINT = "Write 3 for the seeds 0,1,2; 5,6 for these two; 7, for the seed 7 alone."


def seeds_in(text: str | None) -> list[int]:
    """The seeds of `--seeds`, the same in every command: `3` is a number of seeds from 0, `0,1,2` a list, and `7,` a
    list of one; an empty list without the option.

    Raises:
        BadInput: the text is neither, or has a seed twice.
    """
    if text is None:
        return []
    shown = text[:200]
    if "," not in text:
        number = text.strip()
        if not (number.isascii() and number.isdecimal()) or not 1 <= int(number[:20]) <= MOST_SEEDS:
            raise BadInput(f"--seeds: {shown!r} is not a number of seeds from 1 to {MOST_SEEDS}.", hint=_SEEDS_HINT)
        return list(range(int(number)))
    try:
        seeds = [int(part) for part in text.strip().removesuffix(",").split(",")]
    except ValueError:
        raise BadInput(f"--seeds: {shown!r} is no list of numbers.", hint=_SEEDS_HINT) from None
    if min(seeds) < 0:
        raise BadInput(f"--seeds: {shown!r} has a number below 0.", hint=_SEEDS_HINT)
    if len(set(seeds)) < len(seeds):
        raise BadInput(f"--seeds: {shown!r} has a seed twice.", hint=_SEEDS_HINT)
    if len(seeds) > MOST_SEEDS:
        raise BadInput(f"--seeds: {shown!r} has more than {MOST_SEEDS} seeds.", hint=_SEEDS_HINT)
    return seeds
