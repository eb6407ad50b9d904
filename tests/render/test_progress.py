import io
import math
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from tmeattn.render.progress import TrainingProgress

from .helpers import epoch_event

STARTED = {
    "kind": "started", "run": "k3f9", "model": "lstm-attn", "epochs": 2, "steps_per_epoch": 100, "parameters": 123456,
    "train_texts": 25000, "validation_texts": 6250, "threads": 2, "device": "cpu",
}  # fmt: skip


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def step(number: int, **fields: Any) -> dict[str, Any]:
    values = {"loss": 0.4, "accuracy": 0.8, "entropy": 3.2, "tokens_per_second": 45000.0}
    return {"kind": "step", "step": number, "epoch": 1 + (number - 1) // 100} | values | fields


def run(show: Callable[[TrainingProgress, Clock], None], *, terminal: bool) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80, markup=False, highlight=False, _environ={})
    clock = Clock()
    with TrainingProgress(console, clock=clock) as progress:
        show(progress, clock)
    return console.file.getvalue()  # type: ignore[attr-defined]


def whole_run(progress: TrainingProgress, clock: Clock) -> None:
    progress(STARTED)
    for number in range(1, 201):
        clock.now += 0.5
        progress(step(number))
        if number % 100 == 0:
            progress(epoch_event(number // 100, best=number == 100))
    progress({"kind": "warning", "message": "odd \x1b[31m"})
    progress({"kind": "unknown", "x": 1})
    progress(
        {"kind": "finished", "step": 200, "best_epoch": 1, "best_accuracy": 0.86, "reason": "epochs", "seconds": 100.0}
    )


def test_a_log_holds_whole_plain_lines() -> None:
    lines = run(whole_run, terminal=False).splitlines()
    assert "\x1b" not in "".join(lines)
    assert lines[0].startswith("Training lstm-attn (run k3f9): 123,456 parameters, 25,000 training texts")
    epochs = [line for line in lines if line.startswith("epoch")]
    assert len(epochs) == 2
    assert "entropy 4.00 nats" in epochs[0]
    assert epochs[0].endswith("best")
    assert not epochs[1].endswith("best")
    assert sum(line.startswith("  epoch") for line in lines) == 2  # every half minute of an epoch's 50 seconds
    assert lines[-1] == "Finished in 1 min 40 s; best epoch 1, validation accuracy 86.0 %."


def test_a_terminal_gets_a_bar_and_a_line_an_epoch() -> None:
    output = run(whole_run, terminal=True)
    assert "━" in output
    assert output.count("★") == 1
    assert output.rstrip("\x1b[?25h\r\n").endswith("86.0 %.")
    assert "\x1b[31m" not in output
    assert output.endswith("\n") or "\x1b[?25h" in output  # the cursor is shown again


@pytest.mark.parametrize("terminal", [False, True])
def test_odd_numbers_and_missing_fields_break_nothing(terminal: bool) -> None:
    def show(progress: TrainingProgress, clock: Clock) -> None:
        progress(step(1))
        progress({"kind": "started"})
        for value in (math.nan, math.inf, -math.inf, None):
            clock.now += 40
            progress(step(3, loss=value, accuracy=value, entropy=value, tokens_per_second=value))
            part = {"loss": value, "accuracy": value, "entropy": value, "histogram": {"counts": [1.0, math.nan]}}
            progress(epoch_event(1) | {"train": part, "validation": part, "seconds": value})
        progress({"kind": "step"})
        progress({"kind": "epoch"})
        progress({"kind": "stopped", "step": 3, "reason": "asked to"})
        progress({"kind": "failed", "message": "boom"})

    assert "train loss" in run(show, terminal=terminal)


def test_a_resumed_run_knows_where_it_is_going() -> None:
    def show(progress: TrainingProgress, clock: Clock) -> None:
        progress({"kind": "resumed", "step": 150, "epoch": 1, "epochs": 4, "steps_per_epoch": 100})
        clock.now += 40
        progress(step(160) | {"epoch": 2})

    output = run(show, terminal=False)
    assert "Resumed after step 150, in epoch 2 of 4." in output
    assert "epoch 2/4: step 160" in output
    assert " 16 min" in output  # 240 steps at 4 seconds each


def test_time_left_counts_this_process_only() -> None:
    def show(progress: TrainingProgress, clock: Clock) -> None:
        progress(STARTED)
        progress({"kind": "resumed", "step": 150, "epoch": 2})
        for number in range(151, 191):
            clock.now += 1
            progress(step(number))

    assert "epoch 2/2: step 180, loss 0.400, train acc. 80.0 %, entropy 3.20, 45,000 tokens/s, 20 s left" in run(
        show, terminal=False
    )
