"""Whether an earlier prediction can be continued: it must be made from the same as the one that continues it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput, shortened
from tmeattn.inference.prediction_note import Origin, read_note
from tmeattn.inference.shards import parse_shard, read_shard_note, shard_files

AGAIN = "To start again, give --force instead of --resume."


def is_same(origin: Origin, earlier: Mapping[str, Any]) -> bool:
    """Whether predictions of an earlier origin are those of this one."""
    return all(earlier.get(key) == value for key, value in asdict(origin).items())


def check_same(origin: Origin, earlier: Mapping[str, Any], path: Path) -> None:
    """Check that the file `path`, which has an earlier origin, was made from the same.

    Raises:
        BadInput: it was not.
    """
    names = {"weights": "other weights of the run", "format": "input format", "output": "output format"}
    for key, value in asdict(origin).items():
        if earlier.get(key) != value:
            if key == "weights":
                raise BadInput(f"{path} was written with other weights of the run {origin.run}.", hint=AGAIN)
            name, before = names.get(key, key), shortened(earlier.get(key))
            option = f": --run {before}" if key == "run" else ""
            raise BadInput(
                f"{path} was written for the {name} {before}, not {shortened(value)}.",
                hint=f"Give the same {name} as before{option}. {AGAIN}",
            )


def check_other_shards(origin: Origin, output: Path) -> None:
    """Check that the shards of which `output` is one more are made from the same, so that all can be merged.

    Raises:
        BadInput: one is not.
    """
    shard = parse_shard(origin.shard or "")
    for path in (path for one, path in shard_files(shard.whole(output)).items() if one.count == shard.count):
        found, complete = read_note(path.with_name(f"{path.name}.json")), read_shard_note(path)
        earlier = asdict(complete.origin) if complete is not None else found[0] if found is not None else None
        if earlier is not None:
            check_same(origin, {**earlier, "shard": origin.shard}, path)


def nothing_to_resume(output: Path, part: Path) -> BadInput:
    """The error of a part that does not exist: the prediction was perhaps made in several parts."""
    if counts := sorted({shard.count for shard in shard_files(output)}):
        count = counts[0]
        return BadInput(
            f"There is no {part} to resume, but there are shards of {shortened(output)}.",
            hint=f"Continue with --processes {count} --resume, or each shard with --shard K/{count} --resume.",
        )
    return BadInput(f"There is no {part} to resume.", hint="Leave --resume out.")
