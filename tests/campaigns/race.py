"""Two processes that want the same thing at once: two that resume one run, two that train under one name.

One must win and the other be refused with exit code 2 and one line. `run(minutes, seed)` returns the number of rounds
that ended otherwise.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 20
_OPTIONS = ["--patience", "0", "--threads", "1", "--vectors", "random", "--vector-size", "8", "--min-count", "1"]
_LONG = ["--epochs", "1000000", "--checkpoint-every", "5", *_OPTIONS]
_WORDS = ["soup", "train", "lamp", "chair", "garden", "hotel", "phone", "ticket"]


def run(minutes: float, seed: int) -> int:
    """Race until 20 rounds are done or the time is over; print every round that ends wrongly."""
    draw, until = random.Random(seed), time.monotonic() + 60 * minutes
    failures = rounds = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        table = home / "table.csv"
        rows = [f"the {draw.choice(_WORDS)} is {'good' if i % 2 else 'bad'} near it {i},{i % 2}" for i in range(80)]
        table.write_text("text,label\n" + "\n".join(rows) + "\n")
        environment = {**os.environ, "TMEATTN_HOME": str(home / "home"), "OMP_NUM_THREADS": "1"}
        _killed_run(table, environment, home)
        while rounds < ROUNDS and time.monotonic() < until:
            rounds += 1
            problems = _resumes(environment, home) + _names(table, environment, home, f"name{rounds}")
            failures += bool(problems)
            for problem in problems:
                print(f"race, seed {seed}, round {rounds}: {problem}")
    print(f"race: {rounds} rounds, {failures} failures")
    return failures


def _start(arguments: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "tmeattn", *arguments], env=environment, stdout=file, stderr=file, cwd=log.parent
        )


def _killed_run(table: Path, environment: dict[str, str], home: Path) -> None:
    process = _start(["train", "mean", "--dataset", str(table), "--name", "race", *_LONG], environment, home / "log")
    while not list((home / "home" / "runs").glob("*/checkpoints/last.safetensors")):
        if process.poll() is not None:
            raise RuntimeError((home / "log").read_text())
        time.sleep(0.05)
    process.kill()
    process.wait()


def _both(commands: list[list[str]], environment: dict[str, str], home: Path) -> tuple[list[int], list[str]]:
    """Start two commands at once; when one has ended, let the other train for a moment and stop it."""
    logs = [home / f"log-{at}" for at in range(2)]
    processes = [_start(command, environment, log) for command, log in zip(commands, logs, strict=True)]
    while all(process.poll() is None for process in processes):
        time.sleep(0.02)
    time.sleep(0.5)
    for process in processes:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    codes = [process.wait() for process in processes]
    return codes, [log.read_text("utf-8", "replace") for log in logs]


def _resumes(environment: dict[str, str], home: Path) -> list[str]:
    (events,) = (home / "home" / "runs").glob("*/events.jsonl")
    before = events.read_text().count('"kind":"resumed"')
    codes, said = _both([["resume", "race"]] * 2, environment, home)
    resumed = events.read_text().count('"kind":"resumed"') - before
    return _judge(codes, said, "is being trained by process") + ([f"{resumed} resumed"] if resumed > 1 else [])


def _names(table: Path, environment: dict[str, str], home: Path, name: str) -> list[str]:
    command = ["train", "mean", "--dataset", str(table), "--name", name, *_LONG]
    codes, said = _both([command] * 2, environment, home)
    problems = _judge(codes, said, "Another run is named")
    for path in (home / "home" / "runs").glob("*/meta.json"):
        if name in path.read_text():
            shutil.rmtree(path.parent)
    return problems


def _judge(codes: list[int], said: list[str], refusal: str) -> list[str]:
    if sorted(codes) != [2, 130]:
        return [f"exit codes {codes}: {said}"]
    text = said[codes.index(2)].strip()
    return [] if refusal in text and len(text.splitlines()) == 1 else [f"refused with {text!r}"]


if __name__ == "__main__":
    sys.exit(bool(run(float(sys.argv[1]), int(sys.argv[2]))))
