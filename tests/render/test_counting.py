"""The progress of a count: a line that is redrawn on a terminal, and now and then a line elsewhere."""

from __future__ import annotations

import contextlib
import io

from rich.console import Console

from tmeattn.render.counting import counting


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def counted(seconds_each: float, *, terminal: bool) -> str:
    """What is printed while 4 texts are read, each in so many seconds."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80, _environ={})
    clock = Clock()
    with counting(console, "text", clock=clock) as progress:
        for done in range(5):
            progress(done, 4)
            clock.now += seconds_each
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_log_gets_a_line_every_half_minute_and_none_at_the_end() -> None:
    assert counted(20.0, terminal=False) == "2 of 4 texts, ETA 40 s\n"
    assert counted(1.0, terminal=False) == ""


def test_a_terminal_is_redrawn_from_the_first_call_on() -> None:
    output = counted(20.0, terminal=True)
    for line in ("0 of 4 texts", "1 of 4 texts, ETA 1 min 00 s", "2 of 4 texts, ETA 40 s", "4 of 4 texts, ETA 0"):
        assert line in output


def test_what_fails_meanwhile_leaves_the_terminal_as_it_was() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, _environ={})
    with contextlib.suppress(ValueError), counting(console, "text") as progress:
        progress(1, 4)
        raise ValueError
    output = console.file.getvalue()  # type: ignore[attr-defined]
    assert output.count("\x1b[?25l") == output.count("\x1b[?25h") == 1  # the cursor is hidden and shown again
