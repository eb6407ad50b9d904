"""Progress of a count on standard error: a line that is redrawn on a terminal, a new line now and then elsewhere."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.numbers import count, seconds

if TYPE_CHECKING:
    from rich.console import Console

_REDRAW_SECONDS = 0.2
_PLAIN_LINE_SECONDS = 30.0
_SECONDS_VARIABLE = "TMEATTN_PROGRESS_SECONDS"
"""The variable that changes the seconds between two lines where standard error is no terminal."""

_COUNT = re.compile(r"[\d,]+ of [\d,]+ \w+(, ETA .+)?")
"""A line of `counting`."""


@contextmanager
def counting(
    console: Console, what: str, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int], None]]:
    """Yields `progress(done, total)`, which shows "120 of 500 texts, ETA 42 s" from its first call on.

    what: the noun of one, "text".
    """
    live: Live | None = None
    terminal = console.is_terminal and not console.is_dumb_terminal
    between = _seconds_between()
    began = drawn = 0.0
    first = 0

    def progress(done: int, total: int) -> None:
        nonlocal live, began, drawn, first
        now = clock()
        if not began:
            began, first, drawn = now, done, now if not terminal else 0.0
            if terminal:
                # Standard output holds data and must not be redirected into the live display on standard error.
                live = Live(console=console, auto_refresh=False, redirect_stdout=False, transient=True)
                live.start()
        if done < total and now - drawn < (_REDRAW_SECONDS if terminal else between):
            return
        drawn = now
        left = (now - began) / (done - first) * (total - done) if done > first else None
        line = f"{count(done)} of {counted(total, what)}" + ("" if left is None else f", ETA {seconds(left)}")
        if live is not None:
            live.update(Text(line), refresh=True)
        elif done < total:
            console.print(line)

    try:
        yield progress
    finally:
        if live is not None:
            live.stop()


def is_progress(line: str) -> bool:
    """Whether the last line of a log says what its command does now, such as "Encoding 1,250 texts" or a line of
    `counting`. Other lines have a result or a note, after which the command has gone on."""
    first, *_ = line.split() or [""]
    return first.endswith("ing") or _COUNT.fullmatch(line.strip()) is not None


def _seconds_between() -> float:
    """The seconds between two lines; the default where the variable is no number."""
    try:
        return float(os.environ.get(_SECONDS_VARIABLE, _PLAIN_LINE_SECONDS))
    except ValueError:
        return _PLAIN_LINE_SECONDS
