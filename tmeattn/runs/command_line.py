"""The command lines of trainings: as text, the values of their options, and the one of a single seed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence


def typed(command: object) -> str:
    """The command line of `run.json` as a user types it; empty if it is unknown, as in runs of earlier versions that
    were trained side by side, whose processes remembered their own `-c`."""
    return shlex.join(map(str, command)) if isinstance(command, list) and command != ["-c"] else ""


def of_seed(arguments: Sequence[str], seed: int, name: str | None) -> tuple[str, ...]:
    """The command line that trains one of the seeds of `--seeds`, under the name NAME-SEED if it has a name."""
    kept = without_option(without_option(arguments, "--seeds"), "--name")
    named = ["--name", f"{name.strip()}-{seed}"] if name and name.strip() else []
    return (*kept, *named, "--seed", str(seed))


def given_value(arguments: Sequence[str], flag: str) -> str | None:
    """The value that arguments give an option, in one of its two forms; None where they give it none."""
    for at, word in enumerate(arguments):
        if word == flag and at + 1 < len(arguments):
            return arguments[at + 1]
        if word.startswith(f"{flag}="):
            return word.removeprefix(f"{flag}=")
    return None


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
