"""`tmeattn submit`: what is checked before anything is sent, the answer, and what a job does on its node."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from support.fake_programs import fake_programs

from tmeattn.cli import submit
from tmeattn.runs.directory import RunDirectory
from tmeattn.training import signals


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that accept every job."""
    pytest.importorskip("submitit")
    for name in ("SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"):
        monkeypatch.delenv(name, raising=False)
    return fake_programs(
        tmp_path, monkeypatch, sbatch="echo Submitted batch job 47", srun="", scontrol="echo JobState=RUNNING"
    )


def on_node(script: str) -> list[str]:
    """The command line that a job runs on its node, without Python."""
    words = shlex.split(script[script.index("srun ") :])
    return words[words.index("submit") :]


def test_a_training_is_submitted(tmeattn: Any, planted: Any, slurm: Path, isolated: Path, quick: list[str]) -> None:
    found = tmeattn("submit", "--requeue", "--time", "10", "--json", "--", "train", "mean", *quick).json
    assert found["job"] == "47"
    (run,) = found["runs"]
    script = Path(found["script"]).read_text()
    expected = ["submit", "--on-node", "--requeue", "--run-id", run, "--", "train", "mean", *quick]
    assert on_node(script) == expected
    assert f"#SBATCH --job-name={run}" in script
    said = tmeattn("submit", "--", "train", "mean", *quick)
    assert said.out.startswith("Submitted job 47: tmeattn train mean ")
    for line in ("Run:    ", "Log:    ", "Watch:  tmeattn tui", "Cancel: scancel 47"):
        assert f"\n{line}" in said.out


def test_the_script_is_printed_without_sending(
    tmeattn: Any, trained: RunDirectory, slurm: Path, isolated: Path
) -> None:
    script = tmeattn("submit", "--array", "4", "--print", "--", "predict", "--file", "a.csv", "--output", "b.csv").out
    assert on_node(script)[-7:] == ["predict", "--run", trained.id, "--file", "a.csv", "--output", "b.csv"]
    assert "#SBATCH --array=0-3%4" in script
    assert not (slurm / "calls").exists()
    assert not (isolated / "jobs").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "There is no command after --. For example: tmeattn submit --time 4:00:00 -- train lstm-attn"),
        (["--", "trian", "mean"], "There is no command named 'trian'. Did you mean train"),
        (["--", "train", "meen"], "There is no model named 'meen'. Did you mean mean?"),
        (["--", "train", "mean", "--alhpa", "1"], "No such option '--alhpa'"),
        (["--", "train", "mean", "--lr", "-1"], "--lr"),
        (["--", "train", "mean", "--seeds", "1,1"], "--seeds: '1,1' has a seed twice."),
        (["--", "--home", "x", "train", "mean"], "'--home' is no command of tmeattn."),
        (["--", "tui"], "tmeattn tui is no work for a job."),
        (["--", "submit", "--", "train", "mean"], "tmeattn submit is no work for a job."),
        (["--time", "4h", "--", "train", "mean"], "--time: '4h' is no time that SLURM understands."),
        (["--array", "0", "--", "train", "mean"], "Invalid value for '--array'"),
        (["--array", "3", "--", "train", "mean"], "--array 3 is for more runs than there are: 1."),
        (["--", "resume"], "There is no trained run yet."),
        (["--", "predict", "--shard", "x"], "--shard: 'x' is no shard."),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    tmeattn: Any, planted: Any, slurm: Path, isolated: Path, arguments: list[str], said: str
) -> None:
    assert tmeattn("submit", *arguments).refused().startswith(said)
    assert not (slurm / "calls").exists()
    assert not (isolated / "jobs").exists()


def test_without_slurm_it_is_no_bad_input(tmeattn: Any, trained: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", "")
    assert tmeattn("submit", "--", "evaluate").refused(3).startswith("There is no SLURM on this computer: ")


def test_a_job_that_begins_again_continues_its_run(
    tmeattn: Any, planted: Any, slurm: Path, isolated: Path, quick: list[str]
) -> None:
    job = ["submit", "--on-node", "--run-id", "k3x9-mean", "--", "train", "mean", *quick]
    assert tmeattn(*job).code == 0
    run = RunDirectory(isolated / "runs" / "k3x9-mean")
    assert run.state() == "finished"
    again = tmeattn(*job)
    assert again.code == 0
    assert "The run k3x9-mean is finished: nothing to resume." in again.err
    assert [path.name for path in (isolated / "runs").glob("*-mean")] == ["k3x9-mean"]


@pytest.mark.parametrize(
    ("signal", "requeue", "queued"),
    [("SIGUSR1", True, True), ("SIGTERM", True, True), ("SIGUSR1", False, False), ("SIGINT", True, False)],
)
def test_only_a_signal_of_the_cluster_queues_a_job_again(
    tmeattn: Any, slurm: Path, planted: Any, monkeypatch: pytest.MonkeyPatch, signal: str, requeue: bool, queued: bool
) -> None:
    import signal as system

    def interrupted(part: object) -> int:
        signals.note_early(getattr(system, signal))
        return 130

    monkeypatch.setenv("SLURM_JOB_ID", "47")
    monkeypatch.setattr(signals, "_received", set())
    monkeypatch.setattr(signals, "_early", [])
    monkeypatch.setattr(submit, "_run_part", interrupted)
    before = {number: system.getsignal(number) for number in (system.SIGTERM, system.SIGUSR1)}
    try:
        options = ["--requeue"] if requeue else []
        result = tmeattn("submit", "--on-node", *options, "--run-id", "k", "--", "train", "mean")
    finally:
        for number, handler in before.items():
            system.signal(number, handler)
    assert result.code == 130
    calls = (slurm / "calls").read_text() if (slurm / "calls").exists() else ""
    assert ("scontrol requeue 47" in calls) == queued
    assert ("The job is queued again." in result.err) == queued


def test_the_command_of_a_job_is_this_tmeattn(tmeattn: Any, trained: RunDirectory, slurm: Path) -> None:
    script = tmeattn("submit", "--print", "--", "evaluate").out
    words = shlex.split(script[script.index("srun ") :])
    assert words[words.index("submit") - 3 :][:2] == [sys.executable, "-P"]
