"""The options of a campaign, and its report: how many cases, which failed and why."""

from __future__ import annotations

import collections
import re
import shutil
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What the user of a campaign gives.

    minutes: the time after which no further case begins.
    cases:   the number of cases after which it ends; None for no such number.
    seed:    the seed of all that is drawn.
    keep:    the folder for failing inputs.
    work:    an empty folder for the cases.
    only:    part of the name of what is tried.
    """

    minutes: float
    seed: int
    keep: Path
    work: Path
    only: str = ""
    cases: int | None = None


class Report:
    """Counts the cases of a campaign; failures are printed at once, and their folders kept."""

    def __init__(self, campaign: str, options: Options) -> None:
        self.campaign = campaign
        self.keep = options.keep / campaign
        self.cases = 0
        self.failures: collections.Counter[str] = collections.Counter()
        self._begin = time.monotonic()
        self._options = options
        print(f"{campaign}: seed {options.seed}", flush=True)

    @property
    def over(self) -> bool:
        """Whether the time or the number of cases that was given is reached."""
        most = self._options.cases
        return time.monotonic() > self._begin + 60 * self._options.minutes or (most is not None and self.cases >= most)

    @contextmanager
    def case(self, what: str, folder: Path | None = None) -> Iterator[None]:
        """One case: an exception is a failure of it. The folder of a failure of a new kind is kept."""
        self.cases += 1
        try:
            yield
        except Exception as error:
            self.fail(what, str(error) or repr(error), traceback.format_exc(), folder)

    def fail(self, what: str, reason: str, details: str = "", folder: Path | None = None) -> None:
        group = re.sub(r"\b[a-z0-9]{4}-(simple|lstm)-attn", "RUN", f"{what.split(':')[0]}: {' '.join(reason.split())}")
        group = re.sub(r"\d+", "N", re.sub(r"\d+-[0-9a-f]{8}", "N", group))[:300]
        self.failures[group] += 1
        print(f"FAILED {what}: {reason[:400]}", flush=True)
        if self.failures[group] > 3:
            return
        name = f"{sum(self.failures.values()):04}"
        self.keep.mkdir(parents=True, exist_ok=True)
        (self.keep / f"{name}.txt").write_text(f"{what}\n{reason}\n\n{details}")
        if folder is not None and folder.exists():
            shutil.copytree(folder, self.keep / name, dirs_exist_ok=True, symlinks=True)

    def end(self) -> int:
        """Print the counts; the exit code of the campaign: 1 with a failure."""
        failed = sum(self.failures.values())
        minutes = (time.monotonic() - self._begin) / 60
        print(f"\n{self.campaign}: {self.cases} cases, {failed} failed, {minutes:.1f} minutes")
        for group, count in self.failures.most_common():
            print(f"  {count:5}  {group[:300]}")
        if failed:
            print(f"  The failing inputs are in {self.keep}")
        return 1 if failed else 0
