"""The script of a job, and what sbatch answers."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest
from support.fake_programs import fake_programs

from tmeattn.cluster.resources import Resources
from tmeattn.cluster.submission import script_of, send
from tmeattn.errors import BadInput, EnvironmentProblem

pytest.importorskip("submitit")
COMMAND = ["python", "-P", "/a folder/__main__.py", "submit", "--on-node", "--", "train", "it's", "$(id)\n"]


def test_the_script_has_what_was_asked_for(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = script_of(
        Resources("job", "gpu", "team", "1-12", "a100:2", 4, "16G", 8, True, ("module load cuda", "echo '$x'")),
        COMMAND,
        "k3x9-mean",
    )
    lines = script.splitlines()
    for option in ("job-name=job", "partition=gpu", "account=team", "time=1-12", "gpus-per-node=a100:2", "nodes=1",
                   "cpus-per-task=4", "mem=16G", "array=0-7%8", "signal=USR1@90", "requeue"):  # fmt: skip
        assert f"#SBATCH --{option}" in lines
    assert lines.index("module load cuda") < lines.index("echo '$x'") < script.count("\n")
    assert f"export TMEATTN_HOME={shlex.quote(str(isolated))}" in lines
    (srun,) = [shlex.split(script[script.index("srun ") :])]
    assert srun[: len(srun) - len(COMMAND)][-1] == "--cpus-per-task=4"
    assert srun[-len(COMMAND) :] == COMMAND
    monkeypatch.delenv("TMEATTN_HOME")
    assert "TMEATTN_HOME" not in script_of(Resources("job"), COMMAND, "k3x9-mean")
    assert subprocess.run(["bash", "-n"], input=script, text=True).returncode == 0
    assert f"#SBATCH --output={Path.cwd()}/%A_%a_0_log.out" in lines
    assert not (isolated / "jobs").exists()


def test_nothing_is_asked_for_that_was_not(isolated: Path) -> None:
    options = [line for line in script_of(Resources("job"), ["true"], "k").splitlines() if line.startswith("#SBATCH")]
    names = {line.removeprefix("#SBATCH --").partition("=")[0] for line in options}
    assert names == {"job-name", "nodes", "signal", "open-mode", "output"}


def test_a_job_is_sent(isolated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_programs(tmp_path, monkeypatch, sbatch='cp "$1" "$(dirname $0)/sent"; echo Submitted batch job 47', srun="")
    job = send(Resources("job", tasks=3), COMMAND, "k3x9-mean")
    folder = isolated / "jobs" / "k3x9-mean"
    assert (job.id, job.log) == ("47", folder / "47_%a_0_log.out")
    assert job.script.read_text() == (tmp_path / "bin" / "sent").read_text()
    assert list(folder.iterdir()) == [job.script]


@pytest.mark.parametrize(
    ("sbatch", "kind", "said"),
    [
        ("echo 'sbatch: error: invalid partition specified: x' >&2; exit 1", BadInput,
         "SLURM refuses the job: 'invalid partition specified: x'."),
        ("echo 'sbatch: error: \x1b[31m' >&2; exit 1", BadInput, r"SLURM refuses the job: '\x1b[31m'."),
        ("seq 99999 >&2; exit 1", BadInput, "SLURM refuses the job: '1 2 3"),
        ("echo 'Unable to contact slurm controller' >&2; exit 1", EnvironmentProblem,
         "The controller of SLURM (login.example) does not answer: 'Unable to contact slurm "
         "controller'. Ask it with scontrol ping"),
        ("echo 'sbatch: fatal: Could not establish a configuration source' >&2; exit 1", EnvironmentProblem,
         "The programs of SLURM are installed here, but they find neither its configuration nor its controller"),
        ("echo 'error: If munged is up, restart with --num-threads=10; Munge encode failed' >&2; exit 1",
         EnvironmentProblem, "SLURM cannot prove who you are: its service munge does not answer here: "),
        ("echo hello", BadInput, "SLURM refuses the job: 'Could not make sense of sbatch output \"hello\""),
    ],
)  # fmt: skip
def test_a_refusal_is_quoted_and_nothing_is_left(
    isolated: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    sbatch: str,
    kind: type[Exception],
    said: str,
) -> None:
    fake_programs(tmp_path, monkeypatch, sbatch=sbatch, srun="")
    (tmp_path / "slurm.conf").write_text("# a cluster\nSlurmctldHost=login.example # the first\n")
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    with pytest.raises(kind) as error:
        send(Resources("job"), COMMAND, "k3x9-mean")
    assert str(error.value).startswith(said)
    assert len(str(error.value)) < 500
    assert capfd.readouterr() == ("", "")
    assert not (isolated / "jobs" / "k3x9-mean").exists()


def test_without_slurm(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EnvironmentProblem, match="There is no SLURM on this computer: the program sbatch is missing"):
        send(Resources("job"), COMMAND, "k")
    assert not (isolated / "jobs").exists()
