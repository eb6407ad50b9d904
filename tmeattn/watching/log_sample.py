"""The lines of a long event log that a screen decodes: the step events are sampled, all other lines are exact."""

from __future__ import annotations

from tmeattn.runs.event_reader import lines_without
from tmeattn.runs.events import kind_of
from tmeattn.watching.log_lines import MOST_LINES

LONG = 2**22
"""Bytes of a log from which on its step events are sampled."""
SAMPLES = 8192
"""Step events of a long log that are decoded. A curve keeps at most 2,048 points."""
MOST_LOOKS = 128
"""Events of the watch list within epochs that are decoded of a part of a long log."""
_STEP = b'"kind":"step"'
_MANY = ("checkpoint", "warning")
"""Kinds of which only the newest lines are shown."""


def spacing(behind: int) -> int:
    """The bytes between two step events that are decoded, if so many bytes are to be read; 0: decode all of them."""
    return behind // SAMPLES if behind > LONG else 0


def step_lines(data: bytes) -> int:
    """How many step events there are."""
    return data.count(_STEP)


def sample(data: bytes, every: int) -> tuple[list[str], int]:
    """The lines to decode, and how many lines of checkpoints and warnings were left out because newer ones fill the
    log on the screen. The first step event in each `every` bytes and the last one are kept, and the newest looks at the
    watch list within epochs. Events of batches are left out."""
    found = dict(lines_without(data, ("step", "entropy")))
    kinds = {start: kind_of(line[:100].decode("ascii", "replace")) for start, line in found.items()}
    left_out = [start for start, kind in kinds.items() if kind in _MANY][:-MOST_LINES]
    looks = [start for start, kind in kinds.items() if kind == "watched_step"][:-MOST_LOOKS]
    for start in left_out + looks:
        del found[start]
    steps = [data.find(_STEP, at, at + every) for at in range(0, len(data), every)]
    return _decoded(data, found, [*steps, data.rfind(_STEP)]), len(left_out)


def without_details(data: bytes) -> list[str]:
    """The lines without watched texts and checkpoints, and of the step events only the last one."""
    found = dict(lines_without(data, ("step", "entropy", "watched", "watched_step", "checkpoint")))
    return _decoded(data, found, [data.rfind(_STEP)])


def _decoded(data: bytes, found: dict[int, bytes], places: list[int]) -> list[str]:
    """The lines that were found and those at the given places, -1 being none, in their order and as text."""
    for place in places:
        if place >= 0:
            start = data.rfind(b"\n", 0, place) + 1
            found[start] = data[start : data.index(b"\n", place)]
    return [found[start].decode("utf-8", "replace") for start in sorted(found)]
