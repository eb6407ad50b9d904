"""The event log of a run: one JSON object a line, append-only, flushed line by line.

Kinds of events (every event also carries `kind` and `time`, seconds since 1970):

    started     run, model, epochs, steps_per_epoch, parameters, train_texts, validation_texts, threads, device
    resumed     step, epoch (finished ones), epochs, steps_per_epoch: what an earlier attempt logged past this step no
                longer counts
    step        step, epoch, loss, cross_entropy, penalty, alpha, accuracy, entropy, learning_rate, tokens_per_second:
                means over the steps since the last such event
    epoch       epoch, step, seconds, alpha, learning_rate, best, train {...}, validation {...}; each part has loss,
                cross_entropy, accuracy, entropy, normalized_entropy and histogram {low, high, counts} (nats);
                validation also attention_texts, how many texts that entropy is of (self-attention without alpha: a
                sample of 512), and for self-attention heads, a list of entropies a layer
    watched     epoch, texts: a few validation texts, the same ones after every epoch, each with index (in the split),
                label, probabilities and scores, a weight for each word read: pooling weights, or of self-attention what
                a word receives, the mean over layers, heads and real query rows; None without attention
    checkpoint  step, epoch: `checkpoints/last` was replaced
    warning     message
    stopped     step, epoch, reason: asked to stop, resumable
    finished    step, reason (epochs, patience, or closed form: nothing to train), best_epoch, best_accuracy, seconds
    failed      message, diverged (whether training did: it would again)

JSON has no word for NaN or infinity: they are written as {"$float": "nan"} and come back as floats. Lines are ASCII:
what is not stands in \\u escapes, so no character of a message can end a line.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Event = dict[str, Any]
Listener = Callable[[Event], None]


def encode(event: Mapping[str, Any]) -> str:
    """One line without its newline; `decode` gives the event back."""
    return json.dumps(_pack(event), separators=(",", ":"), allow_nan=False)


def decode(line: str) -> Event | None:
    """The event on a line; None where the line is torn or is no event."""
    try:
        value = _unpack(json.loads(line))
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("kind"), str) else None


def _pack(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(float(value))}  # a NumPy float's own repr is no number
    if isinstance(value, Mapping):
        return {key: _pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_pack(item) for item in value]
    return value


def _unpack(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"$float"} and value["$float"] in ("nan", "inf", "-inf"):
            return float(value["$float"])
        return {key: _unpack(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    return value


class EventWriter:
    """Appends events to a run's log. A line torn by a kill is closed first, so it spoils no later one."""

    def __init__(self, path: Path) -> None:
        torn = _ends_torn(path)
        self._file = path.open("a", encoding="utf-8")
        if torn:
            self._file.write("\n")

    def __call__(self, event: Event) -> None:
        self._file.write(encode({"time": time.time(), **event}) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _ends_torn(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # no file yet, or an empty one
        return False


class EventTail:
    """Reads a log that may still grow: each `read()` returns the events completed since the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.skipped = 0
        self._offset = 0

    def read(self) -> list[Event]:
        events = []
        for line in self.lines():
            event = decode(line)
            if event is not None:
                events.append(event)
            else:
                self.skipped += 1
        return events

    def lines(self, most: int | None = None) -> list[str]:
        """The lines completed since the call before, not decoded and without empty ones; with `most`, those within
        about so many bytes, the others next time. A log that has become shorter is another one, read from its start."""
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._offset:
                    self._offset = 0
                file.seek(self._offset)
                data = file.read() if most is None else file.read(most)
                if most is not None and b"\n" not in data:  # one line that is longer
                    data += file.readline()
        except OSError:  # not written yet, or the run is being deleted
            return []
        complete = data[: data.rfind(b"\n") + 1]
        self._offset += len(complete)
        # splitlines() also splits at U+2028 and others
        return [line for line in complete.decode("utf-8", "replace").split("\n") if line.strip()]


def current(events: list[Event]) -> list[Event]:
    """Drop what earlier attempts logged past the step where a later one resumed, so that curves never double."""
    kept: list[Event] = []
    for event in events:
        if event["kind"] == "resumed":
            kept = [earlier for earlier in kept if not _past(earlier, event)]
        kept.append(event)
    return kept


def _past(event: Event, resumed: Event) -> bool:
    """Whether an event of an earlier attempt is about to happen again: also the end of an epoch whose last step was
    saved, but not yet its end."""
    if event["kind"] in ("epoch", "watched") and event.get("epoch", 0) > resumed.get("epoch", math.inf):
        return True
    return bool(event.get("step", 0) > resumed.get("step", math.inf))


def read_events(path: Path) -> list[Event]:
    """All events of a log that count (see `current`)."""
    return current(EventTail(path).read())


def finished(events: list[Event]) -> bool:
    """Whether a run with this log was trained to its end."""
    return any(event["kind"] == "finished" for event in events)


def diverged(events: list[Event]) -> bool:
    """Whether a run with this log ended in numbers that are not finite; trained again, it would end there again."""
    return any(event["kind"] == "failed" and event.get("diverged") for event in events)
