"""`tmeattn submit`: what is checked before anything is sent, the answer, and what a job does on its node."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from support.fake_programs import fake_programs

from tmeattn.cli import submit
from tmeattn.cluster.parts import WORK
from tmeattn.runs.directory import RunDirectory
from tmeattn.training import signals


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs that accept every job, and an empty current folder."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
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
    Path("a.csv").write_text("text\ngood\n")
    command = ["submit", "--array", "4", "--print", "--", "predict", "--file", "a.csv", "--output", "b.csv"]
    script = tmeattn(*command).out
    assert on_node(script)[-7:] == ["predict", "--run", trained.id, "--file", "a.csv", "--output", "b.csv"]
    assert "#SBATCH --array=0-3%4" in script
    document = tmeattn("submit", "--json", *command[1:]).json
    assert document["command"] == on_node(script)[-7:]
    assert document["runs"] == []
    assert "#SBATCH --array=0-3%4" in document["script"]
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
        (["--", "runs", "list"], "tmeattn runs list is no work for a job. It is done at once: type it without submit."),
        (["--", "sweep", "show"], "tmeattn sweep show is no work for a job."),
        (["--", "reproduce", "--list"], "tmeattn reproduce --list is no work for a job."),
        (["--", "predict"], "A job has no standard input to read texts from."),
        (["--", "predict", "-"], "A job has no standard input"),
        (["--", "explain"], "A job has no standard input"),
        (["--", "train", "mean", "--dataset", "no.csv"], "There is no file or folder no.csv."),
        (["--", "train", "mean", "--vectors", "no.txt"], "--vectors: there is no file no.txt"),
        (["--", "train", "mean", "--track", "nothing"], "There is no tracker named 'nothing'."),
        (["--", "train", "mean", "--jobs", "2"], "--jobs is for several runs."),
        (["--", "reproduce", "table9"], "There is no target named 'table9'."),
        (["--time", "99:99", "--", "train", "mean"], "--time: '99:99' is no time that SLURM understands."),
        (["--time", "90", "list"], "tmeattn submit list takes no --time."),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    tmeattn: Any, planted: Any, slurm: Path, isolated: Path, arguments: list[str], said: str
) -> None:
    assert tmeattn("submit", *arguments).refused().startswith(said)
    assert not (slurm / "calls").exists()
    assert not (isolated / "jobs").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["predict", "--file", "no.csv", "--output", "b.csv"], "no.csv"),
        (["predict", "--file", "a.csv", "--output", "a.csv"], "a.csv is the file that is read."),
        (["predict", "--file", "a.csv", "--output", "there.csv"], "there.csv exists already."),
        (["predict", "--file", "a.csv", "--output", "no/b.csv"], "There is no folder "),
        (["predict", "--file", "a.csv", "--output", "b.xlsx"], "--output: b.xlsx must end in"),
        (["predict", "--file", "a.csv", "--shard", "x", "--output", "b.csv"], "--shard: 'x' is no shard."),
        (["predict", "--file", "a.csv", "--run", "nothing"], "There is no run named 'nothing'."),
        (["predict", "--file", "a.csv", "--raw"], "--raw needs --output."),
        (["predict", "good", "--shard", "1/2"], "--shard needs --output FILE."),
        (["predict", "--merge", "--output", "b.csv", "--raw"], "--merge does not use --raw."),
        (["predict", "--merge"], "--merge needs --output FILE."),
        (["explain", "--file", "no.txt"], "no.txt"),
        (["explain", "--index", "0", "--compare", "nothing"], "There is no run named 'nothing'."),
        (["evaluate", "nothing"], "There is no run named 'nothing'."),
        (["evaluate", "--shuffle-seed", "1"], "--shuffle-seed needs --shuffle-words."),
        (["mistakes", "--export", "a.docx"], "a.docx"),
        (["faithfulness", "--rationales", "no.jsonl"], "There is no file no.jsonl."),
        (["resume"], "is finished: nothing to resume."),
    ],
)
def test_a_command_is_refused_as_it_refuses_itself(
    tmeattn: Any, trained: RunDirectory, slurm: Path, isolated: Path, command: list[str], said: str
) -> None:
    Path("a.csv").write_text("text\ngood\n")
    Path("there.csv").touch()
    assert said in tmeattn("submit", "--print", "--", *command).refused()
    assert not (slurm / "calls").exists()


def test_every_command_that_can_be_a_job_is_only_checked(
    tmeattn: Any, trained: RunDirectory, slurm: Path, isolated: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them does anything when it is submitted."""
    Path("a.csv").write_text("text\ngood\n")
    before = sorted(path for path in isolated.rglob("*") if "cache" not in path.parts)
    commands = [
        ["train", "mean", "--dataset", "a.csv", "--vectors", "random"], ["evaluate"], ["mistakes"], ["faithfulness"],
        ["predict", "good"], ["predict", "--file", "a.csv", "--output", "b.csv"], ["reproduce", "table1"],
        ["predict", "--merge", "--output", "b.csv"], ["explain", "good"], ["explain", "--index", "0"],
    ]  # fmt: skip
    for command in commands:
        said = tmeattn("submit", "--print", "--", *command)
        assert said.code == 0, command
        assert on_node(said.out)[:3] == ["submit", "--on-node", "--run-id"]
    assert {command[0] for command in commands} >= set(WORK) - {"sweep", "resume"}
    assert sorted(path for path in isolated.rglob("*") if "cache" not in path.parts) == before
    assert sorted(path.name for path in Path().iterdir() if path.is_file()) == ["a.csv"]


def test_jobs_are_listed(
    tmeattn: Any, planted: Any, slurm: Path, isolated: Path, quick: list[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert tmeattn("submit", "list", "--json").json == []
    assert tmeattn("submit", "list", "--help").out.startswith("Usage: tmeattn submit list [OPTIONS]\n")
    tmeattn("submit", "--array", "2", "--", "train", "mean", *quick, "--seeds", "2")
    earlier = isolated / "jobs" / "k3x9-mean"
    earlier.mkdir()
    (earlier / "31_submission.sh").touch()
    os.utime(earlier / "31_submission.sh", (1, 1))
    fake_programs(
        tmp_path, monkeypatch, squeue="echo '47|RUNNING'; echo '47|PENDING'", sacct="echo '31|CANCELLED by 0'"
    )
    new, old = tmeattn("submit", "list", "--json").json
    assert (new["job"], new["states"], len(new["runs"])) == ("47", {"RUNNING": 1, "PENDING": 1}, 2)
    assert new["command"] == ["train", "mean", *quick, "--seeds", "2"]
    assert new["runs"][0]["state"] is None
    assert Path(new["log"]).name == "47_%a_0_log.out"
    assert (old["job"], old["states"], old["runs"][0]["id"]) == ("31", {"CANCELLED": 1}, "k3x9-mean")
    shown = tmeattn("submit", "list").out
    assert "1 pending, 1 running" in shown
    assert "cancelled" in shown
    fake_programs(tmp_path, monkeypatch, squeue="echo 'Unable to contact slurm controller' >&2; exit 1", sacct="exit 1")
    unreachable = tmeattn("submit", "--json", "list")
    assert [job["states"] for job in unreachable.json] == [{}, {}]
    assert "The states of the jobs are not known: The controller of SLURM" in " ".join(unreachable.err.split())


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
