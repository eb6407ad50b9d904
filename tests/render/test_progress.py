import contextlib
import io
import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console
from support.explanations import CONTROL, epoch_event

from tmeattn.render.progress import TrainingProgress

STARTED = {
    "kind": "started", "run": "k3f9", "model": "lstm-attn", "epochs": 2, "steps_per_epoch": 100, "parameters": 123456,
    "train_texts": 25000, "validation_texts": 6250, "threads": 2, "device": "cpu",
}  # fmt: skip


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Screen(io.StringIO):
    """A terminal as large as its console, that knows just the controls of a live display; a frame for each write."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.console = Console(
            file=self, force_terminal=True, width=width, height=height, markup=False, highlight=False, _environ={}
        )
        self.rows = [""]
        self.row = self.column = 0
        self.frames: list[str] = []

    def write(self, text: str) -> int:
        for control, plain in re.findall(r"(\x1b\[[\d;?]*[a-zA-Z]|[\r\n\x1b])|([^\x1b\r\n]+)", text):
            if control == "\n":
                self.row, self.column = self.row + 1, 0
                self.rows += [""] * (self.row == len(self.rows))
            elif control == "\r":
                self.column = 0
            elif control == "\x1b[1A":
                self.row -= 1
                assert self.row >= max(0, len(self.rows) - self.console.height), "no way up into the scrollback"
            elif control == "\x1b[2K":
                self.rows[self.row] = ""
            elif plain:
                before, after = self.rows[self.row][: self.column], self.rows[self.row][self.column + len(plain) :]
                self.rows[self.row] = before.ljust(self.column) + plain + after
                self.column += len(plain)
                assert cell_len(self.rows[self.row]) <= self.console.width
            else:
                assert re.fullmatch(r"\x1b\[([\d;]*m|\?25[lh])", control), "only colours and the cursor's look"
        self.frames.append("\n".join(self.rows))
        assert not CONTROL.search(self.frames[-1])
        return len(text)

    @property
    def now(self) -> str:
        return self.frames[-1]


def step(number: int, **fields: Any) -> dict[str, Any]:
    values = {"loss": 0.4, "accuracy": 0.8, "entropy": 3.2, "tokens_per_second": 45000.0}
    return {"kind": "step", "step": number, "epoch": 1 + (number - 1) // 100} | values | fields


def run(show: Callable[[TrainingProgress, Clock], None], *, terminal: bool) -> str:
    console = Console(
        file=io.StringIO(),
        force_terminal=terminal,
        width=80,
        height=24,
        markup=False,
        highlight=False,
        _environ={},
    )
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
    assert len(lines) == 7  # with one warning, and no histogram


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
            part = part | {"histogram": {"low": 0.0, "high": 5.99, "counts": [1, value or 0, -1]}}
            progress(epoch_event(1) | {"train": part, "validation": part})
            part = part | {"histogram": {"low": value, "high": value, "counts": [1, 2]}}
            progress(epoch_event(1) | {"train": part, "validation": part})
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

    assert "epoch 2/2: step 180, loss 0.400, train acc. 80.0 %, entropy 3.20, 45,000 tokens/s, ETA 20 s" in run(
        show, terminal=False
    )


@pytest.mark.parametrize(("width", "height"), [(80, 24), (109, 20), (110, 20), (140, 45)])
def test_the_histogram_of_the_last_epoch_stays_beneath_the_bar_until_the_end(width: int, height: int) -> None:
    screen, clock = Screen(width, height), Clock()
    with TrainingProgress(screen.console, clock=clock) as progress:
        progress(STARTED)
        assert "█" not in screen.now
        for epoch in range(1, 31):  # more lines than the screen has rows
            first = len(screen.frames)
            progress(epoch_event(epoch))
            for number in range(100 * epoch - 90, 100 * epoch, 20):
                clock.now += 0.5
                progress(step(number))
            assert len(screen.frames) >= first + 5
            mean = f"mean {4 / epoch:.2f} nats"
            for frame in screen.frames[first:]:  # at once, and in every frame: it does not flicker
                lines = frame.splitlines()
                top = next(index for index, line in enumerate(lines) if "━" in line)
                beneath = lines[top + 2 :]
                assert len(beneath) == 7
                assert f"ntropy after epoch {epoch}, validation, {mean}" in beneath[0]
                assert (f"ntropy in epoch {epoch}, training, {mean}" in beneath[0]) == (width >= 110)
                assert "█" in beneath[4]
                assert beneath[6].split()[:2] == ["nats", "0"]
        progress({"kind": "finished"})
    for gone in ("ntropy after", "┬", "nats", "━", "step"):
        assert gone not in screen.now
    assert screen.now.count("/2 ") == 30  # a line an epoch is what lasts


@pytest.mark.parametrize("event", [{"kind": "stopped"}, {"kind": "failed", "message": "boom"}, None])
def test_the_histogram_goes_however_the_run_ends(event: dict[str, Any] | None) -> None:
    screen = Screen(80, 24)
    with contextlib.suppress(KeyboardInterrupt), TrainingProgress(screen.console, clock=Clock()) as progress:
        progress(STARTED)
        progress(epoch_event(1))
        assert "nats" in screen.now
        if event is None:
            raise KeyboardInterrupt
        progress(event)
        assert "nats" not in screen.now
    assert "nats" not in screen.now
    assert "1/2" in screen.now


def test_a_low_screen_has_no_histogram_and_a_resized_one_follows() -> None:
    screen, clock = Screen(80, 18), Clock()
    with TrainingProgress(screen.console, clock=clock) as progress:
        progress(STARTED)
        progress(epoch_event(1))
        seen = []
        for number, size in enumerate([(80, 18), (80, 19), (80, 20), (140, 45), (80, 24), (80, 18)], start=101):
            screen.console.size = size  # type: ignore[assignment]
            clock.now += 1
            progress(step(number))
            seen.append((screen.now.count("ntropy after epoch 1"), screen.now.count("ntropy in epoch 1")))
    assert seen == [(0, 0), (0, 0), (1, 0), (1, 1), (1, 0), (0, 0)]


def test_no_histogram_without_attention_nor_of_an_earlier_epoch_or_run() -> None:
    screen = Screen(140, 45)
    with TrainingProgress(screen.console, clock=Clock()) as progress:
        progress(STARTED)
        for event in (epoch_event(2, attention=False), STARTED):
            progress(epoch_event(1))
            assert "nats" in screen.now
            progress(event)
            assert "nats" not in screen.now


def test_validation_is_drawn_alone_where_training_has_no_histogram() -> None:
    screen = Screen(140, 45)
    with TrainingProgress(screen.console, clock=Clock()) as progress:
        progress(STARTED)
        progress(epoch_event(1) | {"train": {"loss": 0.7, "accuracy": 0.5}})
        assert "ntropy after epoch 1, validation" in screen.now
        assert "training," not in screen.now.splitlines()[-7]
        progress(epoch_event(2) | {"validation": {"loss": 0.7, "accuracy": 0.5}})
        assert "nats" not in screen.now


def test_the_bar_moves_at_the_end_of_an_epoch_without_step_events() -> None:
    screen = Screen(80, 24)
    with TrainingProgress(screen.console) as progress:
        progress({**STARTED, "steps_per_epoch": 7})
        assert "epoch 1/2" in screen.now
        progress({**epoch_event(1), "step": 7})
        assert "epoch 2/2" in screen.now
        assert "step 7" in screen.now
        progress({**epoch_event(2), "step": 14})
        assert "epoch 2/2" in screen.now


class Lost(io.StringIO):
    """A terminal that cannot be written any more."""

    error: BaseException | None = None
    written = 0

    def write(self, text: str) -> int:
        self.written += 1
        if self.error is not None:
            raise self.error
        return super().write(text)


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("closed file"), SystemExit(1)])
def test_a_lost_terminal_ends_the_display_and_not_the_training(error: BaseException, terminal: bool) -> None:
    file = Lost()
    console = Console(file=file, force_terminal=terminal, width=80, height=24, _environ={})
    clock = Clock()
    with TrainingProgress(console, clock=clock) as progress:
        progress(STARTED)
        file.error = error
        progress(epoch_event(1))
        written = file.written
        progress(epoch_event(2))
        assert file.written == written


def test_what_a_signal_interrupted_is_written_with_the_next_line() -> None:
    file = Lost()
    progress = TrainingProgress(Console(file=file, width=80, _environ={}), clock=Clock())
    with progress:
        progress(STARTED)
        file.error = RuntimeError("reentrant call")
        progress({"kind": "warning", "message": "one"})
        file.error = None
        progress({"kind": "warning", "message": "two"})
    assert file.getvalue().endswith("Warning: one\nWarning: two\n")
