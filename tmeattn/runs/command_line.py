"""The command lines of trainings: the one of a single seed, from one of several."""

from __future__ import annotations

from collections.abc import Sequence


def of_seed(arguments: Sequence[str], seed: int, name: str | None) -> tuple[str, ...]:
    """The command line that trains one of the seeds of `--seeds`, under the name NAME-SEED if it has a name."""
    kept = without_option(without_option(arguments, "--seeds"), "--name")
    named = ["--name", f"{name.strip()}-{seed}"] if name and name.strip() else []
    return (*kept, *named, "--seed", str(seed))


def without_option(arguments: Sequence[str], flag: str) -> tuple[str, ...]:
    """The arguments without an option and its value, in both of its forms."""
    kept: list[str] = []
    left = list(arguments)
    while left:
        word = left.pop(0)
        if word == "--":
            return (*kept, word, *left)
        if word == flag:
            del left[:1]
        elif not word.startswith(f"{flag}="):
            kept.append(word)
    return tuple(kept)
