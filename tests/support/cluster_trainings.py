"""Trainings as jobs of a SLURM: submitted, preempted, queued again, and compared with undisturbed ones."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tmeattn.child_python import tmeattn_command
from tmeattn.runs.directory import RunDirectory
from tmeattn.testing.toy import planted_texts

from .one_node_slurm import Slurm

OPTIONS = (
    "--dataset", "toy.csv", "--vectors", "random", "--vector-size", "8", "--min-count", "1", "--batch-size", "16",
    "--patience", "0", "--threads", "1", "--device", "cpu", "--checkpoint-every", "20",
)  # fmt: skip
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY")


def write_texts(path: Path, count: int, seed: int = 0) -> None:
    """A table of texts whose label is in their words."""
    split = planted_texts(count, seed, ("bad", "good"), fewest_fillers=3)
    with path.open("w", newline="") as file:
        labels = (("negative", "positive")[label] for label in split.labels)
        csv.writer(file).writerows([("text", "label"), *zip(split.texts, labels, strict=True)])


@dataclass(frozen=True)
class Cluster:
    """A user of a SLURM: a folder with texts, and a home folder."""

    slurm: Slurm
    folder: Path

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def tmeattn(self, *arguments: str) -> str:
        """What a command prints on standard output, in a process on the login node."""
        environment = {**self.slurm.environment, "TMEATTN_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            tmeattn_command(*arguments), cwd=self.folder, env=environment, capture_output=True, text=True, timeout=300
        )
        if done.returncode:
            raise RuntimeError(f"tmeattn {' '.join(arguments[:3])}: exit {done.returncode}: {done.stderr[-500:]}")
        return done.stdout

    def submit(self, *arguments: str) -> dict[str, Any]:
        """The document of `tmeattn submit --json`."""
        document: dict[str, Any] = json.loads(self.tmeattn("submit", "--json", *arguments))
        return document

    def run(self, name: str) -> RunDirectory:
        return RunDirectory(self.home / "runs" / name)

    def wait(self, holds: Callable[[], bool], what: str, seconds: float = 300.0) -> None:
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                raise TimeoutError(f"{what}\n{self.logs()}")
            time.sleep(0.1)

    def wait_for_step(self, name: str, step: int) -> None:
        """Wait until a run has made so many steps."""
        run = self.run(name)
        self.wait(lambda: run.status().get("step", 0) >= step, f"{name} does not reach step {step}: {run.status()}")

    def wait_until_ended(self, job: str, *, requeued: int = 0, seconds: float = 600.0) -> str:
        """Wait until a job has ended for good; its state."""

        def ended() -> bool:
            shown = self.slurm.call("scontrol", "--oneliner", "show", "job", job)
            found = re.search(r"JobState=(\w+)", shown)
            restarts = re.search(r"Restarts=(\d+)", shown)
            return bool(found and found[1] in ENDED and restarts and int(restarts[1]) >= requeued)

        self.wait(ended, f"job {job} does not end", seconds)
        return self.slurm.state(job)

    def logs(self) -> str:
        """What the jobs have printed, shortened."""
        found = [path for path in (self.home / "jobs").rglob("*.out") if path.is_file()]
        return "\n".join(f"{path.name}:\n{path.read_text(errors='replace')[-1500:]}" for path in found)


def weights(run: RunDirectory) -> dict[str, bytes]:
    """The bytes of all tensors of the checkpoints of a run, by file and name."""
    from safetensors.numpy import load_file

    return {
        f"{path.name} {name}": value.tobytes()
        for path in sorted(run.checkpoints.glob("*.safetensors"))
        if path.stem in ("best", "last")
        for name, value in load_file(path).items()
    }


def stops(run: RunDirectory) -> list[str]:
    """Why the training of a run was stopped, each time."""
    return [str(event["reason"]) for event in run.events("stopped")]  # type: ignore[typeddict-item]
