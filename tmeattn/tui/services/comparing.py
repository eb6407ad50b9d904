"""A comparison of runs for the screens: read from the runs' files, and text by text on the thread that uses torch."""

from __future__ import annotations

import asyncio
import shlex
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tmeattn.errors import TmeattnError
from tmeattn.evaluation.paired import TextComparison
from tmeattn.foreign import plugin_error
from tmeattn.runs.comparison import Comparison, compare_runs
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.services.reader import TextReader

EVERY = 0.5
"""Seconds between two messages about the texts that a run has classified."""
KEPT = 8
"""Comparisons of texts that are kept."""
_Compared = tuple[TextComparison | None, str | None]


class Classified(NamedTuple):
    """How far the classification of the texts by all runs is: so many runs have done it, and the next one has read so
    many of the texts. of_texts: 0 while that run is loaded."""

    runs: int
    of_runs: int
    texts: int = 0
    of_texts: int = 0


class Cancelled(Exception):
    """The user has ended the comparison of texts."""


@dataclass
class RunComparer:
    """Compares some runs. texts: None until `compare_texts` has ended; reason: why it gave no comparison."""

    runs: Sequence[RunDirectory]
    comparison: Comparison | None = None
    texts: TextComparison | None = None
    reason: str | None = None
    cancelled: bool = False

    async def read(self) -> Comparison:
        """Read the runs' files.

        Raises:
            TmeattnError: a run is damaged or was deleted.
        """
        self.comparison = await asyncio.to_thread(compare_runs, self.runs)
        self.texts, self.reason = _KNOWN.get(self._key(), (None, None))
        return self.comparison

    @property
    def is_live(self) -> bool:
        """Whether one of the runs is being trained or has not begun."""
        return self.comparison is not None and any(
            run.summary.state in ("running", "created") for run in self.comparison.runs
        )

    @property
    def command(self) -> str:
        """The command that prints the comparison."""
        return " ".join(["tmeattn runs compare", *(shlex.quote(run.id) for run in self.runs)])

    async def compare_texts(self, reader: TextReader, progress: Callable[[Classified], None]) -> None:
        """Classify the validation texts with every run; `cancel` ends this.

        progress: called on another thread when a run begins, and at most once in `EVERY` seconds while it classifies.

        Raises:
            Cancelled: `cancel` was called.
            TmeattnError: the data cannot be read.
        """
        comparison = self.comparison
        assert comparison is not None
        key, self.cancelled = self._key(), False

        at = _Place(progress)

        def classify() -> _Compared:
            from tmeattn.inference.compare_texts import compare_on_texts

            try:
                return compare_on_texts(comparison, list(self.runs), progress=at.run, check=check, read=at.texts)
            except (TmeattnError, Cancelled):
                raise
            except Exception as error:  # a plugin's code
                raise plugin_error(error, "The texts", "cannot be classified") from error

        def check() -> None:
            if self.cancelled:
                raise Cancelled

        self.texts, self.reason = await reader.call(classify)
        _KNOWN[key] = self.texts, self.reason
        while len(_KNOWN) > KEPT:
            _KNOWN.popitem(last=False)

    def cancel(self) -> None:
        """End `compare_texts` before its next batch."""
        self.cancelled = True

    def _key(self) -> tuple[object, ...]:
        return tuple((run.path, _stamp(run)) for run in self.runs)


class _Place:
    """How far the classification is, for a caller that is told of it now and then."""

    def __init__(self, progress: Callable[[Classified], None]) -> None:
        self._progress = progress
        self._runs = self._of_runs = 0
        self._told = 0.0

    def run(self, done: int, total: int) -> None:
        self._runs, self._of_runs = done, total
        self._progress(Classified(done, total))

    def texts(self, done: int, total: int) -> None:
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            self._progress(Classified(self._runs, self._of_runs, done, total))


_KNOWN: OrderedDict[tuple[object, ...], _Compared] = OrderedDict()
"""What `compare_texts` found, by the runs and the times of their weights."""


def _stamp(run: RunDirectory) -> int:
    try:
        return (run.checkpoints / "best.safetensors").stat().st_mtime_ns
    except OSError:
        return 0
