"""The number of CPU threads of a training: chosen by timing before the first step, and followed through the run.

With other busy processes on the machine, fewer threads than cores are often faster, because all threads wait for the
one that has no core. Sums over another number of threads are rounded otherwise. So every change is an event with its
step, and a resumed run makes the changes that its log has, instead of timing again.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from tmeattn.runs.event_reader import EventTail
from tmeattn.runs.events import decode, kind_of

ROUNDS = 3
"""Steps that are timed with each number of threads before the first step, after one to warm up."""
LEAST_STEPS = 200
"""Steps of the shortest training before which steps are timed: timing costs about eight."""
CLEARLY = 1.1
"""Another number of threads is taken if it is faster by this factor: smaller differences change from run to run."""
COLLAPSE = 0.6
"""Fewer threads are tried where the speed is below this share of the best with the current number."""
WINDOW_STEPS, WINDOW_SECONDS = 10, 0.5
"""A window, over which speed is measured, has at least so many steps and seconds."""
WINDOWS = 3
"""The windows of which the median is the current speed, so that one interruption counts for nothing."""
TRIAL_WINDOWS = 2
"""The windows after a change that decide whether it stays."""
WAIT, LONGEST_WAIT = 20, 160
"""The windows after a change before more threads are tried; a trial in vain doubles the number for its direction."""


def fastest_threads(step: Callable[[], object], most: int) -> int:
    """The number of threads from 1 to `most` with which `step` takes the least time, by steps in turns.

    Half as many threads are compared with more until they are not clearly faster. Torch's number of threads is the
    result afterwards.
    """
    threads = most
    while threads > 1 and _ratio(step, threads, threads // 2) > CLEARLY:
        threads //= 2
    torch.set_num_threads(threads)
    return threads


def _ratio(step: Callable[[], object], more: int, fewer: int) -> float:
    """The time of a step with more threads, divided by that with fewer. It ends early where more are clearly faster."""
    seconds: dict[int, list[float]] = {more: [], fewer: []}
    for number in range(ROUNDS + 1):
        for threads in (more, fewer):
            torch.set_num_threads(threads)
            began = time.perf_counter()
            step()
            if number > 0:  # the first step warms up
                seconds[threads].append(time.perf_counter() - began)
        if number == 1 and seconds[more][0] * CLEARLY < seconds[fewer][0]:
            break
    return statistics.median(seconds[more]) / statistics.median(seconds[fewer])


class Logged(NamedTuple):
    """What the log of a run has about threads, from all attempts.

    first:   the number at the start; None without a start.   changes: later numbers by the steps done before them.
    until:   the steps that were logged.
    """

    first: int | None
    changes: dict[int, int]
    until: int


NOTHING_LOGGED = Logged(None, {}, 0)


def logged_threads(log: Path) -> Logged:
    """Read the numbers of threads in a log, also those of an attempt that was killed after its last checkpoint."""
    first: int | None = None
    changes: dict[int, int] = {}
    until = 0
    for line in EventTail(log).rest():
        event = decode(line) if kind_of(line) in ("started", "step", "threads", "epoch", None) else None
        if event is None:
            continue
        if event["kind"] == "started":
            first = event["threads"]
        elif event["kind"] == "threads":
            changes[event["step"]] = event["threads"]
        if event["kind"] in ("step", "threads", "epoch"):
            until = max(until, event["step"])
    return Logged(first, changes, until)


@dataclass
class Pace:
    """Follows the speed of a training and says with how many threads it goes on.

    threads: the current number.   most: the largest.
    steps:   those done.
    logged:  what earlier attempts logged. Up to their last step, their changes are made again, and no others.
    """

    threads: int
    most: int
    logged: Logged = NOTHING_LOGGED

    def __post_init__(self) -> None:
        self.steps = 0
        self._recent: deque[float] = deque(maxlen=WINDOWS)
        self._best = 0.0
        self._window = (0, 0, 0.0)  # steps, words and seconds
        self._trial: tuple[int, float] | None = None  # the number of threads before it, and the speed with them
        self._windows = 0  # since the last change
        self._wait = {"fewer": 0, "more": WAIT}

    def after(self, step: int, read: int, seconds: float) -> int:
        """The number of threads for the next step, after `step` steps, of which the last read so many tokens."""
        self.steps = step
        if step <= self.logged.until:
            self.threads = self.logged.changes.get(step, self.threads)
            return self.threads
        steps, words, duration = self._window
        self._window = steps, words, duration = steps + 1, words + read, duration + seconds
        if steps >= WINDOW_STEPS and duration >= WINDOW_SECONDS:
            self._window = (0, 0, 0.0)
            self._recent.append(words / duration)
            self._windows += 1
            self._judge_trial() if self._trial else self._consider()
        return self.threads

    def _consider(self) -> None:
        """Try fewer threads where the speed has collapsed, and more from time to time."""
        if len(self._recent) < WINDOWS:
            return
        speed = statistics.median(self._recent)
        self._best = max(self._best, speed)
        if speed < COLLAPSE * self._best and self.threads > 1:
            wanted, direction = max(self.threads // 2, 1), "fewer"
        else:
            wanted, direction = min(2 * self.threads, self.most), "more"
        if wanted != self.threads and self._windows >= self._wait[direction]:
            self._trial = self.threads, speed
            self._change(wanted)

    def _judge_trial(self) -> None:
        """Stay with the number of threads that is tried if it is clearly faster, else go back."""
        if len(self._recent) < TRIAL_WINDOWS:
            return
        assert self._trial is not None
        before, speed = self._trial
        self._trial = None
        if min(self._recent) > CLEARLY * speed:
            self._wait = {"fewer": 0, "more": WAIT}
        else:
            direction = "fewer" if self.threads < before else "more"
            self._wait[direction] = min(max(2 * self._wait[direction], WAIT), LONGEST_WAIT)
            self._change(before)

    def _change(self, threads: int) -> None:
        self.threads, self._best, self._windows = threads, 0.0, 0
        self._recent.clear()
