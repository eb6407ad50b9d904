"""Two processes that want the same thing at once: two that resume one run, two that train under one name, and one that
resumes a run whose training is suspended (Ctrl-Z). One must train, and the other be refused with exit code 2 and one
line."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .forked import Running, command, start
from .report import Options, Report
from .scenarios import Broken, need

_OPTIONS = ["--patience", "0", "--threads", "1", "--vectors", "random", "--vector-size", "8", "--min-count", "1"]
_LONG = ["--epochs", "1000000", "--checkpoint-every", "5", *_OPTIONS]
_WORDS = ["soup", "train", "lamp", "chair", "garden", "hotel", "phone", "ticket"]
_REFUSAL = "is being trained by process"
_LIMIT = 60.0
"""Seconds after which a round counts as one that does not end."""


def run(options: Options) -> int:
    """Race in rounds of all three kinds until the time is over. Returns the exit code."""
    report = Report("race", options)
    races = _Races(options.work, random.Random(options.seed))
    races.prepare()
    kinds = (("two resumes", races.two_resumes), ("two of one name", races.one_name), ("suspended", races.suspended))
    while not report.over:
        report.cases += 1
        for kind, race in kinds:
            if options.only not in kind:
                continue
            try:
                race()
            except Broken as problem:
                report.fail(f"{kind}: round {report.cases}", str(problem), folder=options.work)
    return report.end()


@dataclass(frozen=True)
class _Races:
    """The folder `work` holds the table and the home; `chance` draws the moments."""

    work: Path
    chance: random.Random

    @property
    def runs(self) -> Path:
        return self.work / "home" / "runs"

    def prepare(self) -> None:
        """A run that was killed."""
        rows = [
            f"the {self.chance.choice(_WORDS)} is {'good' if i % 2 else 'bad'} near it {i},{i % 2}" for i in range(80)
        ]
        (self.work / "table.csv").write_text("text,label\n" + "\n".join(rows) + "\n")
        training = start(self.work, "train", "mean", "--dataset", "table.csv", "--name", "race", *_LONG)
        self.wait(lambda: bool(list(self.runs.glob("*/checkpoints/last.safetensors"))) or ended(training))
        need(not ended(training), "the training begins", training.poll())
        training.signal(signal.SIGKILL)
        training.wait()

    def wait(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _LIMIT
        while not condition():
            need(time.monotonic() < end, "a round ends in time")
            time.sleep(0.02)

    def both(self, trains: Callable[[], bool], *arguments: str) -> None:
        """Start one command twice; when one of them has ended and the other `trains`, stop that one after a moment."""
        both = [start(self.work, *arguments) for _ in range(2)]
        try:
            self.wait(lambda: any(map(ended, both)))
            self.wait(lambda: trains() or all(map(ended, both)))
            time.sleep(self.chance.uniform(0, 0.5))
        finally:
            for each in both:
                each.signal(signal.SIGTERM)
            results = [each.wait() for each in both]
        codes = [result.code for result in results]
        need(sorted(codes) == [2, 130], f"one trains and one is refused, not exit codes {codes}: {results}")
        expected = _REFUSAL if arguments[0] == "resume" else "Another run is named"
        refused = results[codes.index(2)]
        need(refused.is_clean_refusal and expected in refused.last_line, "a refusal is one line", refused)

    def resumed(self) -> int:
        """How often the run was resumed, by its events."""
        (events,) = self.runs.glob("*/events.jsonl")
        return events.read_text().count('"kind":"resumed"')

    def two_resumes(self) -> None:
        before = self.resumed()
        self.both(lambda: self.resumed() > before, "resume", "race")
        need(self.resumed() == before + 1, f"one process resumes, not {self.resumed() - before}")

    def one_name(self) -> None:
        before = set(self.runs.iterdir())

        def made() -> set[Path]:
            return {path for path in self.runs.iterdir() if path.is_dir()} - before

        command = ["train", "mean", "--dataset", "table.csv", "--name", "once", *_LONG]
        self.both(lambda: any("epoch" in _text(folder / "events.jsonl") for folder in made()), *command)
        count = len(made())
        for folder in made():
            shutil.rmtree(folder)
        need(count == 1, f"one name is one run, not {count}")

    def suspended(self) -> None:
        """A training is suspended, and its heartbeat is old; a second one must not train beside it."""
        before = self.resumed()
        (status,) = self.runs.glob("*/status.json")
        first = start(self.work, "resume", "race")
        try:
            self.wait(lambda: self.resumed() > before or ended(first))
            time.sleep(self.chance.uniform(0, 0.5))
            first.signal(signal.SIGSTOP)
            time.sleep(0.05)
            fields = json.loads(status.read_text())
            status.write_text(json.dumps({**fields, "heartbeat": fields["heartbeat"] - 3600}))
            second = command(self.work, "resume", "race")
            need(second.code == 2 and second.is_clean_refusal, "a run that is suspended is not resumed", second)
            need(_REFUSAL in second.last_line, "the refusal names the process", second)
            first.signal(signal.SIGCONT)
            time.sleep(0.2)
            need(not ended(first), "a training that was suspended goes on", first.poll())
        finally:
            first.signal(signal.SIGCONT)
            first.signal(signal.SIGTERM)
            result = first.wait()
        need(result.code == 130, "a training that was suspended can be stopped", result)
        need(self.resumed() == before + 1, "only one process resumes")


def ended(running: Running) -> bool:
    return running.poll() is not None


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.exists() else ""
