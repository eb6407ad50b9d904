"""The queue of trainings: `queue/queue.json` in the home folder, which one runner works on (`training.queue_runner`).

The file is replaced as a whole while its lock is held, so that a kill loses nothing. An item is `waiting`, or `running`
from when a runner has taken it, and then `finished`, `failed` or `stopped`. A `running` item without a runner was left
by one that was killed: the next runner continues it.
"""

# No `from __future__ import annotations`: as strings, annotations would hide types from `typed_json`.

import contextlib
import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypedDict, cast

from tmeattn.errors import BadInput, shortened
from tmeattn.files import disk_errors, read_json, rewrite, to_json
from tmeattn.paths import home
from tmeattn.runs.lock import held_alone, holding
from tmeattn.runs.typed_json import matches

FORMAT = 1
MOST_WAITING = 1000
PATIENCE = 0.3
"""Seconds for which the lock of the runner is held only by a runner, and not by a process that looks for one."""
KEPT = 50
"""Items that are over and are still listed, the last ones."""
ItemState = Literal["waiting", "running", "finished", "failed", "stopped"]
OVER: tuple[ItemState, ...] = ("finished", "failed", "stopped")


class QueueItem(TypedDict):
    """One training that waits, runs or is over.

    number:  names it in the list. arguments: those of `tmeattn`, such as ["train", "mean", "--seed", "1"].
    folder:  the folder in which it was added, for relative paths.
    run:     the id of its run, None before it begins. message: why it failed or stopped.
    added, began, ended: seconds since 1970.
    """

    number: int
    state: ItemState
    arguments: list[str]
    folder: str
    run: str | None
    message: str | None
    added: float
    began: float | None
    ended: float | None


class Queue(TypedDict):
    """next: the number of the next item."""

    format: int
    next: int
    items: list[QueueItem]


def queue_folder() -> Path:
    """The folder of the queue and its locks."""
    return home() / "queue"


def read_queue() -> list[QueueItem]:
    """All items in the order in which they are trained.

    Raises:
        BadInput: the file is damaged, or of a newer version.
    """
    return _read()["items"]


def queue_stamp() -> int:
    """Another number after every change of the queue."""
    try:
        return os.stat(queue_folder() / "queue.json").st_mtime_ns  # noqa: PTH116
    except OSError:
        return 0


def add_to_queue(commands: Sequence[Sequence[str]]) -> list[QueueItem]:
    """Add trainings at the end of the queue, each with the arguments of `tmeattn train`, which have been checked.

    Raises:
        BadInput: the queue is damaged or too long.
        EnvironmentProblem: the queue cannot be written.
    """
    folder, added = os.getcwd(), time.time()  # noqa: PTH109
    with changing_queue() as queue:
        waiting = sum(item["state"] == "waiting" for item in queue["items"])
        if waiting + len(commands) > MOST_WAITING:
            raise BadInput(
                f"The queue would have {waiting + len(commands):,} waiting runs; {MOST_WAITING:,} are the most."
            )
        new = [
            QueueItem(
                number=queue["next"] + at, state="waiting", arguments=list(command), folder=folder, run=None,
                message=None, added=added, began=None, ended=None,
            )
            for at, command in enumerate(commands)
        ]  # fmt: skip
        queue["items"] += new
        queue["next"] += len(new)
    return new


def remove_from_queue(numbers: Sequence[int]) -> list[QueueItem]:
    """Remove items. Their runs stay.

    Raises:
        BadInput: there is no item of such a number, or it is being trained.
        EnvironmentProblem: the queue cannot be written.
    """
    with changing_queue() as queue:
        known = {item["number"]: item for item in queue["items"]}
        for number in numbers:
            if number not in known:
                raise BadInput(f"The queue has no run of number {number}.", hint="List it: tmeattn runs queue")
            if known[number]["state"] == "running" and has_runner(PATIENCE):
                raise BadInput(
                    f"Number {number} of the queue is being trained.", hint=f"Stop {known[number]['run']} first."
                )
        queue["items"] = [item for item in queue["items"] if item["number"] not in numbers]
    return [known[number] for number in dict.fromkeys(numbers)]


@contextlib.contextmanager
def changing_queue() -> Iterator[Queue]:
    """The queue, which is written at the end of the block; meanwhile no other process changes it.

    Raises:
        BadInput: it is damaged, or of a newer version.
        EnvironmentProblem: it cannot be written.
    """
    folder = _made_folder()
    with holding(folder / "queue.lock", "the queue"):
        queue = _read()
        before = to_json(queue)
        yield queue
        over = [item["number"] for item in queue["items"] if item["state"] in OVER]
        forgotten = set(over[: max(len(over) - KEPT, 0)])
        queue["items"] = [item for item in queue["items"] if item["number"] not in forgotten]
        content = to_json(queue)
        if content != before:
            with disk_errors("the queue", folder):
                rewrite(folder / "queue.json", content, durable=True)


def _made_folder() -> Path:
    folder = queue_folder()
    with disk_errors("the queue", folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _read() -> Queue:
    path = queue_folder() / "queue.json"
    if not os.path.lexists(path):
        return {"format": FORMAT, "next": 1, "items": []}
    found = read_json(path)
    if found is not None and isinstance(found.get("format"), int) and found["format"] > FORMAT:
        raise BadInput(f"The queue {shortened(path)} was written by a newer tmeattn.", hint="Update tmeattn.")
    if found is None or not matches(found, Queue):
        raise BadInput(f"The queue {shortened(path)} is damaged.", hint="Move the file away to begin a new queue.")
    return cast(Queue, found)


@contextlib.contextmanager
def running_queue() -> Iterator[bool]:
    """Be the one runner of the queue inside the block; yields False where another process is.

    Raises:
        EnvironmentProblem: the folder cannot be written.
    """
    folder = _made_folder()
    with held_alone(folder / "runner.lock", "the queue", PATIENCE) as held:
        yield held


def has_runner(patience: float = 0.0) -> bool:
    """Whether a process works on the queue. Another one that looks at the same moment may be taken for it, unless
    there is `PATIENCE`."""
    path = queue_folder() / "runner.lock"
    if not path.exists():
        return False
    with held_alone(path, "the queue", patience) as held:
        return not held


def as_typed(item: QueueItem) -> str:
    """The command line of an item as a user types it."""
    return shlex.join(["tmeattn", *item["arguments"]])


def take_next(new_run: Callable[[QueueItem], str], leave: Callable[[], None]) -> QueueItem | None:
    """Take the next item: one that a killed or stopped runner has left, or else the first that waits.

    new_run: gives the id of its run. leave: called where there is none, while no item can be added: the runner stops
    being one, so that whoever adds an item then sees that there is none.
    """
    with changing_queue() as queue:
        items = queue["items"]
        item = next((one for one in items if one["state"] == "running"), None)
        item = item or next((one for one in items if one["state"] == "waiting"), None)
        if item is None:
            leave()
            return None
        item["state"], item["run"] = "running", item["run"] or new_run(item)
        item["began"] = item["began"] or time.time()
        return {**item}


def settle(number: int, state: ItemState, message: str | None = None) -> None:
    """Write what has become of an item. One that was removed meanwhile is passed over."""
    with changing_queue() as queue:
        for item in queue["items"]:
            if item["number"] == number:
                item["state"], item["message"] = state, message and shortened(message)
                item["ended"] = time.time() if state in OVER else None
