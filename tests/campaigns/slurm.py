"""Trainings on a real SLURM of one node that are preempted, cancelled, killed and queued again.

Each case ends with the weights of an undisturbed run, bit for bit. It needs root, slurm-wlm and munge. All of them take
a quarter of an hour: `--minutes 20`.
"""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tmeattn.runs.directory import RunDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.cluster_trainings import OPTIONS, Cluster, stops, weights, write_texts
from support.one_node_slurm import CannotStart, one_node_slurm

from .report import Options, Report

EPOCHS = 300
"""Some eight seconds on a quiet computer."""
LONG = 4000
"""Longer than the 60 seconds after which SLURM notices that the time of a job is nearly over."""


def run(options: Options) -> int:
    """Run every case once, or until the time is over. Returns the exit code."""
    report = Report("slurm", options)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that no daemon is left
    work = options.work / "work"
    work.mkdir()
    write_texts(work / "toy.csv", 64)
    write_texts(work / "new.csv", 5000, seed=1)
    try:
        with one_node_slurm(options.work / "cluster") as slurm:
            print(slurm.call("sinfo", "--version").strip(), flush=True)
            cases = _Cases(Cluster(slurm, work), random.Random(options.seed))
            for case in cases.all():
                if options.only in case.__name__ and not report.over:
                    print(f"  {case.__name__}: {(case.__doc__ or '').splitlines()[0]}", flush=True)
                    with report.case(case.__name__, work):
                        case()
    except CannotStart as reason:
        print(f"There is no SLURM here: {reason}")
        return 3
    return report.end()


class _Cases:
    def __init__(self, cluster: Cluster, draw: random.Random) -> None:
        self.cluster, self.draw = cluster, draw
        self.train = ["train", "simple-attn", *OPTIONS, "--epochs", str(EPOCHS)]
        undisturbed = self._undisturbed("undisturbed", self.train)
        self.expected, self.steps = weights(undisturbed), int(undisturbed.status()["step"])
        print(f"An undisturbed training has {self.steps:,} steps.", flush=True)

    def all(self) -> list[Callable[[], None]]:
        return [
            self.warned, self.cancelled, self.killed, self.stopped_by_request, self.requeued_by_slurm, self.terminated,
            self.twice, self.seeds, self.shards, self.time_is_over,
        ]  # fmt: skip

    def _undisturbed(self, name: str, train: list[str]) -> RunDirectory:
        self.cluster.tmeattn(*train, "--name", name)
        runs = map(RunDirectory, (self.cluster.home / "runs").glob("*-simple-attn"))
        return next(run for run in runs if run.name == name)

    def _submit(self, *options: str) -> tuple[str, str]:
        job = self.cluster.submit(*options, "--", *self.train)
        return job["job"], job["runs"][0]

    def _step(self) -> int:
        return self.draw.randint(self.steps // 20, self.steps // 4)

    def _must_equal(self, name: str, *reasons: str) -> None:
        run = self.cluster.run(name)
        assert (run.state(), stops(run)) == ("finished", list(reasons)), (run.state(), stops(run), self.cluster.logs())
        assert weights(run) == self.expected, "the weights are those of the undisturbed run"

    def _preempted(self, *signals: str) -> None:
        job, name = self._submit("--requeue")
        step = 0
        for count, name_of_signal in enumerate(signals, start=1):
            step += self._step() // len(signals)
            self.cluster.wait_for_step(name, step)
            self.cluster.slurm.call("scancel", f"--signal={name_of_signal}", job)
            self.cluster.wait(lambda count=count: len(stops(self.cluster.run(name))) == count, "no stop")
        assert self.cluster.wait_until_ended(job, requeued=len(signals)) == "COMPLETED", self.cluster.logs()
        self._must_equal(name, *(f"SIG{one}" for one in signals))

    def warned(self) -> None:
        """scancel --signal=USR1, as before the end of the time."""
        self._preempted("USR1")

    def terminated(self) -> None:
        """scancel --signal=TERM, as in a preemption."""
        self._preempted("TERM")

    def twice(self) -> None:
        """Preempted twice."""
        self._preempted("USR1", "TERM")

    def cancelled(self) -> None:
        """A job that its user cancels is not queued again, and its run can be resumed here."""
        job, name = self._submit("--requeue")
        self.cluster.wait_for_step(name, self._step())
        self.cluster.slurm.call("scancel", job)
        assert (state := self.cluster.wait_until_ended(job)) == "CANCELLED", (state, self.cluster.logs())
        self.cluster.wait(lambda: self.cluster.run(name).state() == "stopped", "not stopped")
        assert "Restarts=0" in self.cluster.slurm.call("scontrol", "show", "job", job)
        self.cluster.tmeattn("resume", name)
        self._must_equal(name, "SIGTERM")

    def killed(self) -> None:
        """kill -9, as a failing node: the same script continues the run."""
        job, name = self._submit("--requeue")
        self.cluster.wait_for_step(name, self._step())
        self.cluster.slurm.call("scancel", "--signal=KILL", job)
        assert (state := self.cluster.wait_until_ended(job)) == "FAILED", (state, self.cluster.logs())
        self.cluster.wait(lambda: self.cluster.run(name).state() == "crashed", "not crashed")
        script = next((self.cluster.home / "jobs" / name).glob("*_submission.sh"))
        again = self.cluster.slurm.call("sbatch", "--parsable", f"--chdir={self.cluster.folder}", str(script)).strip()
        assert self.cluster.wait_until_ended(again) == "COMPLETED", self.cluster.logs()
        self._must_equal(name)

    def requeued_by_slurm(self) -> None:
        """scontrol requeue, as SLURM itself does after a preemption."""
        job, name = self._submit("--requeue")
        self.cluster.wait_for_step(name, self._step())
        self.cluster.slurm.call("scontrol", "requeue", job)
        assert self.cluster.wait_until_ended(job, requeued=1) == "COMPLETED", self.cluster.logs()
        self._must_equal(name, "SIGTERM")

    def seeds(self) -> None:
        """An array of two tasks for three seeds, each of them preempted."""
        train = [*self.train, "--seeds", "0,1,2"]
        job = self.cluster.submit("--array", "2", "--requeue", "--", *train)
        first, second, third = job["runs"]
        for task, name in enumerate((first, second)):
            self.cluster.wait_for_step(name, self.steps // 20)
            self.cluster.slurm.call("scancel", "--signal=USR1", f"{job['job']}_{task}")
        for task in (0, 1):
            assert self.cluster.wait_until_ended(f"{job['job']}_{task}", requeued=1) == "COMPLETED", self.cluster.logs()
        self._must_equal(first, "SIGUSR1")
        assert [self.cluster.run(name).state() for name in (second, third)] == ["finished"] * 2

    def shards(self) -> None:
        """predict as an array, merged."""
        predict = ["predict", "--file", "new.csv"]
        job = self.cluster.submit("--array", "2", "--", *predict, "--output", "shared.csv")
        self.cluster.tmeattn(*predict, "--output", "whole.csv")
        for task in (0, 1):
            assert self.cluster.wait_until_ended(f"{job['job']}_{task}") == "COMPLETED", self.cluster.logs()
        self.cluster.tmeattn("predict", "--merge", "--output", "shared.csv")
        assert (self.cluster.folder / "shared.csv").read_bytes() == (self.cluster.folder / "whole.csv").read_bytes()

    def stopped_by_request(self) -> None:
        """A request to stop, as the full-screen application makes it: not queued again."""
        from tmeattn.runs.control import request

        job, name = self._submit("--requeue")
        self.cluster.wait_for_step(name, self._step())
        request(self.cluster.run(name), "stop")
        assert (state := self.cluster.wait_until_ended(job)) == "FAILED", (state, self.cluster.logs())
        assert "Restarts=0" in self.cluster.slurm.call("scontrol", "show", "job", job)
        self.cluster.tmeattn("resume", name)
        self._must_equal(name, "request")

    def time_is_over(self) -> None:
        """SLURM itself sends USR1 90 seconds before the end of the time."""
        train = [*self.train[:-1], str(LONG)]
        job = self.cluster.submit("--requeue", "--time", "2", "--", *train)
        assert self.cluster.wait_until_ended(job["job"], requeued=1, seconds=1200) == "COMPLETED", self.cluster.logs()
        run = self.cluster.run(job["runs"][0])
        assert (run.state(), set(stops(run))) == ("finished", {"SIGUSR1"})
        assert weights(run) == weights(self._undisturbed("long", train))
