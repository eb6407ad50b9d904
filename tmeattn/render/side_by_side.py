"""The display of several trainings at the same time: one live line for each, and a lasting line for each epoch."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tmeattn.render.console import safe_line, stderr_console
from tmeattn.render.progress import TrainingProgress

if TYPE_CHECKING:
    from types import TracebackType

    from tmeattn.runs.event_types import EpochEvent, Listener, StepEvent

_REDRAW_SECONDS = 0.25


class SideBySideProgress:
    """Shows the events of several trainings on standard error; use it as a context manager.

    On a terminal: a bar for each training that runs, below the lasting lines. Elsewhere: the lines of
    `TrainingProgress`, each with the title of its training.
    """

    def __init__(self, console: Console | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console or stderr_console()
        self._clock, self._drawn = clock, clock()
        self._trainings: dict[str, _OneOfSeveral] = {}
        self._narrated: set[str] = set()
        self._live: Live | None = None

    def __enter__(self) -> SideBySideProgress:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Take the bars off the terminal while something else is printed."""
        was_open = self._live is not None
        self._close()
        try:
            yield
        finally:
            if was_open:
                self._open()

    def _open(self) -> None:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, transient=True)
            with contextlib.suppress(OSError, ValueError):  # the trainings go on without the display
                self._live.start()

    def _close(self) -> None:
        if self._live:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()
            self._live = None

    def listener(self, title: str) -> Listener:
        """The listener of the training with this title."""
        if title not in self._trainings:
            self._trainings[title] = _OneOfSeveral(self._console, title, self._changed)
        return self._trainings[title]

    def narrate(self, title: str, line: str) -> None:
        """Print a line about the preparation of a training, but once what is the same for all of them."""
        if line not in self._narrated:
            self._narrated.add(line)
            self.listener(title)
            self._trainings[title].narrate(line)

    def announce(self, line: str) -> None:
        """Print a line about all trainings."""
        with contextlib.suppress(OSError, ValueError):
            self._console.print(safe_line(line), markup=False, soft_wrap=True)

    def _changed(self) -> None:
        if self._live and self._clock() - self._drawn >= _REDRAW_SECONDS:
            self._drawn = self._clock()
            self._live.update(self._picture(), refresh=True)

    def _picture(self) -> Table:
        bars = Table.grid(padding=(0, 1), expand=True)
        bars.add_column(no_wrap=True, overflow="ellipsis", ratio=2)
        bars.add_column(no_wrap=True)
        bars.add_column(ratio=1)
        bars.add_column(no_wrap=True, justify="right")
        for training in self._trainings.values():
            if training.is_active:
                bars.add_row(*training.row())
        return bars


class _OneOfSeveral(TrainingProgress):
    """One of the trainings: its lines begin with its title, and its bar is a row of the common picture."""

    def __init__(self, console: Console, title: str, changed: Callable[[], None]) -> None:
        super().__init__(console)
        self._title, self._changed = safe_line(title), changed
        self.is_active = False

    def row(self) -> tuple[Text, Text, ProgressBar, str]:
        """Title, position, bar and time left."""
        return (Text(self._title), Text(self._position(), "bold"), self._bar(), f"ETA {self._remaining()}")

    def narrate(self, line: str) -> None:
        with self._outlived():
            self._print_line(line)

    def _on_step(self, event: StepEvent) -> None:
        if not self._console.is_terminal:
            super()._on_step(event)
            return
        self._step, self._epoch = event.get("step", self._step), event.get("epoch", self._epoch)
        self._draw()

    def _on_epoch(self, event: EpochEvent) -> None:
        super()._on_epoch(event)
        finished = event.get("epoch", 0)
        self._step, self._epoch = event.get("step", self._step), min(finished + 1, max(self._epochs, finished))

    def _draw(self) -> None:
        self.is_active = True
        self._changed()

    def _print(self, line: Text, *, wrap: bool = False) -> None:
        super()._print(Text.assemble((f"{self._title}: ", "bold"), line), wrap=True)

    def _close(self) -> None:
        self.is_active = False
        self._changed()
