"""The figures of many runs, without reading the logs of those that have not changed.

The file `run-summaries.json` in the cache only makes this faster: it may be deleted at any time, and a run whose files
are not exactly those that were read (their times, sizes and inodes) is read again. Its first line is the SHA-256 of the
rest; a file that is damaged, of another version of tmeattn or of other runs counts as empty.
"""

# No `from __future__ import annotations`: as strings, annotations would hide types from `typed_json`.

import contextlib
import hashlib
import json
import os
import stat
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

from tmeattn.errors import BadInput
from tmeattn.files import LARGEST_JSON, open_regular, remove_leftovers, write_atomically
from tmeattn.paths import cache_dir, runs_dir
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.figures import FigureReader, LogFigures
from tmeattn.runs.summary import RunFacts, RunSummary, read_facts, summary_of
from tmeattn.runs.typed_json import matches

FORMAT = 3
FILES = ("run.json", "meta.json", "status.json", "events.jsonl")
RECENTLY = 2.0
"""Seconds for which a file must be unchanged: a file system may not tell apart two changes in quick succession."""
Stamps = list[list[int] | None]
"""For each of `FILES`, its times of change in nanoseconds, its bytes and its inode; None where it does not exist."""


class _Stored(TypedDict):
    """What the cache has of one run."""

    stamps: list[list[int] | None]
    facts: RunFacts
    figures: LogFigures
    log_problems: list[str]


@dataclass(frozen=True)
class Overview:
    """A run, its summary, and the figures that a list shows. stamps: those of its files before they were read."""

    run: RunDirectory
    summary: RunSummary
    facts: RunFacts
    figures: LogFigures
    stamps: Stamps | None


class SummaryCache:
    """The figures of the runs below `root`: `find` what is known, `add` what was read, `save` it for later."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or runs_dir()
        self.changed = False
        self._runs: dict[str, _Stored] = self._load()

    @cached_property
    def path(self) -> Path:
        """The file that keeps the figures."""
        return cache_dir() / "run-summaries.json"

    def find(self, run: RunDirectory) -> Overview | None:
        """The figures of a run whose files are those that were read; None where it must be read."""
        stored = self._runs.get(run.id)
        if stored is None or stored["stamps"] != stamps_of(run):
            return None
        return _overview(run, stored)

    def add(self, run: RunDirectory, stamps: Stamps | None, facts: RunFacts, figures: LogFigures) -> Overview:
        """Keep the figures of a run. stamps: those of its files before they were read."""
        problems = run.log_problems(figures["damaged_lines"])
        stored: _Stored = {"stamps": stamps or [], "facts": facts, "figures": figures, "log_problems": problems}
        if stamps is not None and _is_old(stamps) and stamps == stamps_of(run):
            self._runs[run.id] = stored
            self.changed = True
        return _overview(run, stored)

    def read(self, run: RunDirectory) -> Overview:
        """The figures of a run, from the cache or else from its files.

        Raises:
            BadInput: it is not a run directory of this format.
        """
        found = self.find(run)
        if found is not None:
            return found
        stamps = stamps_of(run)
        return self.add(run, stamps, read_facts(run), FigureReader(run.events_path).read_all())

    def save(self, existing: Iterable[str]) -> None:
        """Write what was added, and only of the folders that exist. What cannot be written is read again next time."""
        names = set(existing)
        if not self.changed and names >= self._runs.keys():
            return
        self._runs = {name: stored for name, stored in self._runs.items() if name in names}
        self.changed = False
        content = json.dumps({**self._key(), "runs": self._runs}, separators=(",", ":")).encode()
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(self.path.parent, self.path.name)
            write_atomically(self.path, hashlib.sha256(content).hexdigest().encode() + b"\n" + content)

    def _key(self) -> dict[str, object]:
        return {"format": FORMAT, "tmeattn": version("tmeattn"), "root": str(self.root.resolve())}

    def _load(self) -> dict[str, _Stored]:
        with contextlib.suppress(OSError, ValueError, RecursionError):
            with open_regular(self.path) as file:
                checksum, _, content = file.read(LARGEST_JSON + 1).partition(b"\n")
            if len(content) < LARGEST_JSON and hashlib.sha256(content).hexdigest().encode() == checksum:
                value = json.loads(content)
                if all(value.get(name) == wanted for name, wanted in self._key().items()):
                    return {name: stored for name, stored in value["runs"].items() if matches(stored, _Stored)}
        return {}


def overviews(root: Path | None = None) -> tuple[list[Overview], dict[Path, str]]:
    """All readable runs, the newest first, and the folders that cannot be read as runs, each with the reason.

    A run that is deleted meanwhile is left out.
    """
    cache = SummaryCache(root)
    found: list[Overview] = []
    damaged: dict[Path, str] = {}
    paths = sorted(cache.root.iterdir()) if cache.root.is_dir() else []
    for path in paths:
        try:
            found.append(cache.read(RunDirectory(path)))
        except BadInput as error:
            if path.is_dir():
                damaged[path] = error.message
        except OSError:
            continue
    cache.save(path.name for path in paths)
    return sorted(found, key=lambda one: one.summary.created, reverse=True), damaged


def stamps_of(run: RunDirectory) -> Stamps | None:
    """What identifies the content of a run's files; None where one of them is no regular file or cannot be seen."""
    found: Stamps = []
    for name in FILES:
        try:
            seen = os.stat(f"{run.path}/{name}")  # noqa: PTH116  many runs are looked at, and a Path is slow
        except FileNotFoundError:
            found.append(None)
            continue
        except OSError:
            return None
        if not stat.S_ISREG(seen.st_mode):
            return None
        found.append([seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino])
    return found


def _is_old(stamps: Stamps) -> bool:
    latest = time.time_ns() - RECENTLY * 1e9
    return all(max(stamp[:2]) < latest for stamp in stamps if stamp is not None)


def _overview(run: RunDirectory, stored: _Stored) -> Overview:
    summary = summary_of(run, stored["facts"], stored["figures"], stored["log_problems"])
    return Overview(run, summary, stored["facts"], stored["figures"], stored["stamps"] or None)
