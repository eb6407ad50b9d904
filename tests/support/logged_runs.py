"""Runs written to disk from lists of events: every screen can be seen without training, and without torch.

write_run("id", ...) writes one below the test's home and returns it
clock         for pictures: a fixed time of day
"""

from __future__ import annotations

import json
import math
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tmeattn.run_config import resolve_run
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, encode

BEGAN = 1_790_000_000.0
STEPS = 20
"""Steps of an epoch; one event in ten."""


def epoch_events(
    first: int, last: int, *, attention: bool = True, alpha: float = 0.05, heads: bool = False
) -> list[Event]:
    """What the epochs from `first` to `last` log: losses fall, accuracy rises, attention sharpens."""
    events: list[Event] = []
    for epoch in range(first, last + 1):
        steps = range((epoch - 1) * STEPS + 10, epoch * STEPS + 1, 10)
        events += [step_event(step, epoch, attention=attention, alpha=alpha) for step in steps]
        events.append(epoch_event(epoch, attention=attention, heads=heads))
        events.append(watched_event(epoch, attention=attention))
        events.append({"kind": "checkpoint", "step": epoch * STEPS, "epoch": epoch})
    return [{**event, "time": BEGAN + 5.0 * at} for at, event in enumerate(events)]


def step_event(step: int, epoch: int, *, attention: bool = True, alpha: float = 0.05) -> Event:
    entropy = 5 - step / 50 if attention else None
    cross_entropy = 0.7 * math.exp(-step / 120)
    penalty = alpha * entropy if entropy is not None else 0.0
    return {
        "kind": "step", "step": step, "epoch": epoch, "loss": cross_entropy + penalty, "cross_entropy": cross_entropy,
        "penalty": penalty, "alpha": alpha, "accuracy": 1 - cross_entropy / 1.5, "entropy": entropy,
        "learning_rate": 0.003, "tokens_per_second": 18_400.0,
    }  # fmt: skip


def epoch_event(epoch: int, *, attention: bool = True, heads: bool = False) -> Event:
    entropy = 5 - epoch * 0.4 if attention else None
    counts = [round(100 * math.exp(-(((at / 64 * 6) - (entropy or 0)) ** 2))) for at in range(64)]
    part = {
        "loss": 0.7 * 0.8**epoch, "cross_entropy": 0.7 * 0.8**epoch, "accuracy": 0.9 - 0.4 * 0.6**epoch,
        "entropy": entropy, "normalized_entropy": entropy and entropy / 6,
        "histogram": {"low": 0.0, "high": 6.0, "counts": counts} if attention else None,
    }  # fmt: skip
    validation = {**part, **({"heads": [[entropy, 4.0], [3.0, 2.0]]} if heads else {})}
    return {
        "kind": "epoch", "epoch": epoch, "step": epoch * STEPS, "seconds": 10.0, "alpha": 0.05, "learning_rate": 0.003,
        "best": True, "train": part, "validation": validation,
    }  # fmt: skip


def watched_event(epoch: int, *, attention: bool = True) -> Event:
    share = 0.5 + 0.4 * (1 - 0.6**epoch)
    texts = [
        {"index": index, "label": index % 2, "probabilities": [1 - share, share] if index % 2 else [share, 1 - share],
         "scores": [0.1, 0.7, 0.2] if attention else None}
        for index in range(3)
    ]  # fmt: skip
    return {"kind": "watched", "epoch": epoch, "texts": texts}


def started_event(run: str, model: str, epochs: int, texts: int = 1280) -> Event:
    return {
        "kind": "started", "run": run, "model": model, "epochs": epochs, "steps_per_epoch": STEPS,
        "parameters": 790_502, "train_texts": texts, "validation_texts": texts // 4, "threads": 2,
        "device": "cpu", "time": BEGAN,
    }  # fmt: skip


def write(path: Path, *events: Event) -> None:
    """Append events to a run's log."""
    with (path / "events.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(encode(event) + "\n" for event in events)


def write_to(
    path: Path,
    model: str = "lstm-attn",
    *,
    done: int = 3,
    state: str = "finished",
    name: str | None = None,
    created: float = BEGAN,
    heads: bool = False,
    **options: Any,
) -> RunDirectory:
    """A run of `done` epochs in the folder `path`, in whatever state."""
    options = {"alpha": 0.05, "epochs": 5, "alpha_warmup": 1.0, **options} if model != "mean" else {"epochs": 5}
    (path / "control").mkdir(parents=True)
    (path / "checkpoints").mkdir()
    config = resolve_run(model, options).model_dump(mode="json")
    info = {
        "format": 1, "id": path.name, "created": created, "config": config,
        "data": {
            "fingerprint": "planted-1" if config["train"]["dataset"] == "planted" else "f",
            "classes": ["negative", "positive"], "vectors": None, "vector_size": 50,
        },
        "command": ["tmeattn", "train", model, "--alpha", "0.05"], "versions": {"tmeattn": "0.1.0"},
    }  # fmt: skip
    (path / "run.json").write_text(json.dumps(info))
    (path / "meta.json").write_text(json.dumps({"name": name}))
    step = done * STEPS
    alpha = options.get("alpha", 0.0)
    ends = {
        "finished": {
            "kind": "finished",
            "reason": "patience",
            "best_epoch": done,
            "best_accuracy": 0.88,
            "seconds": 31.0,
        },
        "stopped": {"kind": "stopped", "epoch": done + 1, "reason": "request"},
        "failed": {"kind": "failed", "message": "the disk is full", "diverged": False},
    }
    end = [{**ends[state], "step": step, "time": BEGAN + 99}] if state in ends else []
    events = epoch_events(1, done, attention=model != "mean", alpha=alpha, heads=heads)
    write(path, started_event(path.name, model, options["epochs"]), *events, *end)
    if done:
        (path / "checkpoints" / "best.safetensors").write_bytes(b"none")
    running = state == "running"
    status = {
        "state": "running" if state == "crashed" else state, "step": step, "epoch": done, "epochs": options["epochs"],
        "steps_per_epoch": STEPS, "host": socket.gethostname(), "pid": os.getpid() if running else 2**22 + 1,
        "heartbeat": time.time() + 3600 if running else 0,  # no test is too slow for it
    }  # fmt: skip
    (path / "status.json").write_text(json.dumps(status))
    return RunDirectory(path)


@pytest.fixture
def write_run(isolated: Path) -> Callable[..., RunDirectory]:
    """`write_to` for a run of that id in the test's home."""
    return lambda run, **options: write_to(isolated / "runs" / run, **options)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs are always two hours old, and their local time is UTC."""
    for module in ("watching.run_state", "tui.services.listed_run"):
        monkeypatch.setattr(f"tmeattn.{module}.now", lambda: BEGAN + 7200)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    time.tzset()
