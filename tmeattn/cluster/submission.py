"""Write the script of a job and send it to SLURM, by submitit's executor.

submitit would run a pickled Python function and handle the signals of the job around it. tmeattn has both already: its
commands are the interface, and a training saves on a signal. So the executor is used for its script and for sbatch, and
the script runs a command.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmeattn.cluster.resources import SECONDS_BEFORE_LIMIT, Resources
from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.files import disk_errors
from tmeattn.paths import home

if TYPE_CHECKING:
    from submitit import SlurmExecutor

INSTALL = "Install it: pip install 'tmeattn[slurm]'"
_LOOK = "Nothing was sent; the script itself: --print."
_PROBLEMS = (
    (
        ("configuration source", "fetch_config", "slurm.conf"),
        "The programs of SLURM are installed here, but they find neither its configuration nor its controller",
        "Submit on a login node of the cluster, or name the configuration: SLURM_CONF=/path/slurm.conf.",
    ),
    (
        ("unge",),
        "SLURM cannot prove who you are: its service munge does not answer here",
        "Start munged, or submit on a login node.",
    ),
    (
        ("Unable to contact", "timed out", "Connection refused", "Communication", "Zero Bytes", "connect failure"),
        "The controller of SLURM{where} does not answer",
        "Ask it with scontrol ping, and submit again when it answers.",
    ),
)
"""What sbatch says where it reaches no cluster, what that means, and what to do."""


@dataclass(frozen=True)
class Job:
    """A job that SLURM has accepted.

    id:     its number.
    script: the file that was sent.
    log:    the file of what it prints; of an array, with the number of a task in place of %a.
    """

    id: str
    script: Path
    log: Path


def jobs_folder(key: str) -> Path:
    """The folder of the script and the logs of one submission."""
    return (home() / "jobs" / key).absolute()


def script_of(resources: Resources, command: list[str], key: str) -> str:
    """The script that runs a command with these resources. Its log is in the current folder, because SLURM makes none.

    Raises:
        EnvironmentProblem: submitit is not installed.
    """
    text: str = _executor(resources, Path.cwd())._make_submission_file_text(shlex.join(command), key)
    return text


def send(resources: Resources, command: list[str], key: str) -> Job:
    """Send the script to SLURM.

    Raises:
        EnvironmentProblem: submitit or SLURM is missing, SLURM does not answer, or the folder cannot be written.
        BadInput: SLURM refuses the job. No file of the submission is left.
    """
    folder = jobs_folder(key)
    executor = _executor(resources, folder)
    for program in ("sbatch", "srun"):
        if shutil.which(program) is None:
            raise EnvironmentProblem(
                f"There is no SLURM on this computer: the program {program} is missing.",
                hint="Submit on a login node of the cluster, or look at the script with --print.",
            )
    with disk_errors("the script of the job", folder):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        job = _submit(executor, command)
        for link in folder.glob(".submission_file_*"):  # to the script, under the name that sbatch has read
            link.unlink()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    number = f"{job.job_id}_%a" if resources.tasks else str(job.job_id)
    return Job(str(job.job_id), job.paths.submission_file, folder / f"{number}_0_log.out")


def _submit(executor: SlurmExecutor, command: list[str]) -> Any:
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # which would get the message a second time
            return executor._submit_command(shlex.join(command))
    except (FailedJobError, FailedSubmissionError) as error:
        told = " ".join(str(error).split()).removeprefix("sbatch: error: ")
        raise unreachable(told, _LOOK) or BadInput(f"SLURM refuses the job: {shortened(told)!r}.") from None


def unreachable(told: str, more: str = "") -> EnvironmentProblem | None:
    """The error behind the words of a program of SLURM that has reached no cluster; None for other words."""
    for signs, problem, hint in _PROBLEMS:
        if any(sign in told for sign in signs):
            host = _controller()
            where = f" ({shortened(host, 80)})" if host else ""
            return EnvironmentProblem(
                f"{problem.format(where=where)}: {shortened(told)!r}.",
                hint=f"{hint} {more}".strip(),
            )
    return None


def _controller() -> str | None:
    """The host of the controller, from the configuration of SLURM where there is one."""
    path = Path(os.environ.get("SLURM_CONF") or "/etc/slurm/slurm.conf")
    with contextlib.suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            name, given, value = line.partition("=")
            if given and name.strip().lower() in ("slurmctldhost", "controlmachine"):
                return value.split("#")[0].strip() or None
    return None


def _executor(resources: Resources, folder: Path) -> SlurmExecutor:
    """submitit's executor with these resources; it looks for SLURM only when it sends."""
    try:
        from submitit import SlurmExecutor
    except ImportError:
        raise EnvironmentProblem("tmeattn submit needs the package submitit.", hint=INSTALL) from None

    class Executor(SlurmExecutor):
        @classmethod
        def affinity(cls) -> int:
            return 2

    executor = Executor(folder=folder)
    own: dict[str, Any] = {"signal": f"USR1@{SECONDS_BEFORE_LIMIT}"}
    if resources.requeue:
        own["requeue"] = True
    executor.update_parameters(
        job_name=resources.name,
        partition=resources.partition,
        account=resources.account,
        time=resources.time,
        gpus_per_node=resources.gpus,
        cpus_per_task=resources.cpus,
        mem=resources.memory,
        wckey=None,
        stderr_to_stdout=True,
        setup=[*_preparation(), *resources.setup],
        # srun takes the number of cores from sbatch only up to SLURM 21.
        srun_args=[f"--cpus-per-task={resources.cpus}"] if resources.cpus else [],
        array_parallelism=resources.tasks or 1,
        additional_parameters=own,
    )
    if resources.tasks:
        executor.parameters["map_count"] = resources.tasks
    return executor


def _preparation() -> list[str]:
    """Lines before those of the user: the shell waits until the command has saved, and the home is that of here.

    A home that the user did not choose is left to the platform, which has its cache and the defaults elsewhere.
    """
    lines = ["trap : USR1 TERM"]
    if os.environ.get("TMEATTN_HOME"):
        lines.append(f"export TMEATTN_HOME={shlex.quote(str(home().absolute()))}")
    return lines
