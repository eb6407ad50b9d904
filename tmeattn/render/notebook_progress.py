"""The progress of a training in a notebook: a bar, and a line for each epoch, in the output of the cell."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from tmeattn.render.numbers import MISSING, decimal, percent, seconds

if TYPE_CHECKING:
    from tmeattn.runs.event_types import EpochEvent, Event, Listener

_REDRAW_SECONDS = 0.25
_STYLE = "font: 0.9rem/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums"

Update = Callable[[str, str], None]
"""Replaces what is shown: called with HTML, and with plain text for a notebook that shows none."""


def in_notebook() -> bool:
    """Whether the program runs in the kernel of a notebook. Does not import IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None


@contextmanager
def progress_listeners(wanted: bool | None) -> Iterator[list[Listener]]:
    """Listeners that show the progress of a training inside the block, or none.

    wanted: None shows it in a notebook only; True also elsewhere, on standard error.
    """
    if in_notebook() and wanted is not False:
        yield [NotebookProgress(_output_of_cell())]
    elif wanted:
        from tmeattn.render.progress import TrainingProgress

        with TrainingProgress() as progress:
            yield [progress]
    else:
        yield []


def _output_of_cell() -> Update:
    from IPython import display as ipython

    display: Any = ipython.display
    handles: list[Any] = []

    def update(html: str, text: str) -> None:
        data = {"text/html": html, "text/plain": text}
        if handles:
            handles[0].update(data, raw=True)
        else:
            handles.append(display(data, raw=True, display_id=True))

    return update


class NotebookProgress:
    """A listener that shows events with `update`, at most four times a second and at the end of every epoch."""

    def __init__(self, update: Update, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._update, self._clock = update, clock
        self._title, self._epochs, self._steps, self._done = "", 0, 0, 0
        self._now = ""
        self._rows: list[tuple[str, ...]] = [
            ("epoch", "seconds", "train loss", "accuracy", "validation loss", "accuracy")
        ]
        self._drawn = float("-inf")

    def __call__(self, event: Event) -> None:
        if event["kind"] == "started":
            self._title = f"{event['model']}, run {event['run']}"
            self._epochs, self._steps = event["epochs"], event["epochs"] * event["steps_per_epoch"]
        elif event["kind"] == "step":
            self._done = event["step"]
            self._now = (
                f"epoch {event['epoch']} of {self._epochs}, step {event['step']:,}, loss {decimal(event['loss'])}"
            )
            if self._clock() - self._drawn < _REDRAW_SECONDS:
                return
        elif event["kind"] == "epoch":
            self._done = event["step"]
            self._rows.append(_cells(event))
        elif event["kind"] == "finished":
            best = percent(event["best_accuracy"]) if event["best_accuracy"] >= 0 else MISSING
            self._done = self._steps
            self._now = f"finished: best validation accuracy {best} in epoch {event['best_epoch']}"
        elif event["kind"] == "stopped":
            self._now = f"stopped after step {event['step']:,}"
        elif event["kind"] == "failed":
            self._now = "failed"
        else:
            return
        self._drawn = self._clock()
        self._update(self._html(), f"{self._title}: {self._now}")

    def _html(self) -> str:
        heading, *epochs = self._rows
        head = "".join(f"<th>{name}</th>" for name in heading)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in epochs)
        table = f"<table><tr>{head}</tr>{body}</table>" if epochs else ""
        bar = f'<progress value="{self._done}" max="{max(self._steps, 1)}" style="width: 20rem"></progress>'
        return f'<div style="{_STYLE}"><b>{escape(self._title)}</b><br>{bar} {escape(self._now)}{table}</div>'


def _cells(event: EpochEvent) -> tuple[str, ...]:
    train, validation = event["train"], event["validation"]
    return (
        str(event["epoch"]) + (" *" if event["best"] else ""),
        seconds(event["seconds"]),
        decimal(train["loss"]),
        percent(train["accuracy"]),
        decimal(validation["loss"]),
        percent(validation["accuracy"]),
    )
