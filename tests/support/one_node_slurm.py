"""A real SLURM of one node on loopback, in a folder of its own: munged, slurmctld and slurmd.

It needs root and the packages `slurm-wlm` and `munge` of Debian:

    apt-get install -y slurm-wlm munge

`python tests/support/one_node_slurm.py FOLDER` keeps one running until Ctrl-C, and prints how to use it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "scancel", "sinfo", "squeue")
_PATHS = ("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")
_PATIENCE = 30.0

CONFIGURATION = """\
ClusterName=tmeattn
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=2,sched_min_interval=200000,batch_sched_delay=0
ReturnToService=2
SlurmdParameters=config_overrides
KillWait=30
MinJobAge=300
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class CannotStart(Exception):
    """The reason why there can be no SLURM here."""


@dataclass(frozen=True)
class Slurm:
    """A running SLURM. environment: with which its programs find it."""

    folder: Path
    environment: dict[str, str]

    def call(self, *command: str) -> str:
        """What a program of SLURM prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def state(self, job: str) -> str:
        """The state of a job, such as RUNNING."""
        shown = self.call("scontrol", "--oneliner", "show", "job", job)
        return shown.partition("JobState=")[2].partition(" ")[0]

    def wait(self, job: str, *states: str, seconds: float = 120.0) -> str:
        """Wait until a job is in one of these states."""
        until = time.monotonic() + seconds
        while (state := self.state(job)) not in states:
            if time.monotonic() > until:
                raise TimeoutError(f"job {job} is {state}, not {' or '.join(states)}")
            time.sleep(0.2)
        return state


@contextlib.contextmanager
def one_node_slurm(folder: Path, cpus: int = 2) -> Iterator[Slurm]:
    """A SLURM that runs inside the block, with its files in `folder`; its jobs end with it.

    Raises:
        CannotStart: a program is missing, the user is not root, or a daemon does not start.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise CannotStart("SLURM needs root to start jobs")
    path = os.pathsep.join([os.environ.get("PATH", ""), *_PATHS])
    missing = [program for program in PROGRAMS if shutil.which(program, path=path) is None]
    if missing:
        raise CannotStart(f"{', '.join(missing)} missing: apt-get install -y slurm-wlm munge")
    folder = folder.resolve()
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(
            host=socket.gethostname().partition(".")[0],
            controller=_free_port(),
            node=_free_port(),
            folder=folder,
            cpus=cpus,
        )
    )
    environment = {**os.environ, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")}
    for name in [name for name in environment if name.startswith(("SLURM_", "SBATCH_")) and name != "SLURM_CONF"]:
        del environment[name]  # of a job that this process runs in
    daemons: list[subprocess.Popen[bytes]] = []
    slurm = Slurm(folder, environment)
    try:
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o600)
        daemons.append(_start(slurm, "munged", "--foreground", "--force", f"--key-file={folder}/munge.key",
                              f"--socket={folder}/munge.socket", f"--pid-file={folder}/munged.pid",
                              f"--log-file={folder}/munged.log", f"--seed-file={folder}/munge.seed"))  # fmt: skip
        _until(lambda: (folder / "munge.socket").exists(), daemons, folder)
        daemons.append(_start(slurm, "slurmctld", "-D", "-c", "-f", f"{folder}/slurm.conf"))
        daemons.append(_start(slurm, "slurmd", "-D", "-f", f"{folder}/slurm.conf"))
        _until(lambda: _is_idle(slurm), daemons, folder)
        yield slurm
    finally:
        with contextlib.suppress(Exception):
            _end_jobs(slurm)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in daemons:
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _end_jobs(slurm: Slurm) -> None:
    """End all jobs, and wait until no process of them is left."""
    slurm.call("scancel", "--signal=KILL", "--full", "--user=root")
    slurm.call("scancel", "--user=root")
    until = time.monotonic() + _PATIENCE
    while slurm.call("squeue", "--noheader").strip() and time.monotonic() < until:
        time.sleep(0.2)


def _start(slurm: Slurm, *command: str) -> subprocess.Popen[bytes]:
    with (slurm.folder / f"{command[0]}.out").open("wb") as out:
        return subprocess.Popen(
            command, env=slurm.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def _until(ready: object, daemons: list[subprocess.Popen[bytes]], folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while not ready():  # type: ignore[operator]
        ended = [daemon for daemon in daemons if daemon.poll() is not None]
        if ended or time.monotonic() > until:
            logs = [path for path in folder.iterdir() if path.suffix in (".log", ".out")]
            tail = " | ".join(f"{path.name}: {path.read_text(errors='replace')[-300:].strip()}" for path in logs)
            raise CannotStart(f"the daemons of SLURM do not start: {' '.join(tail.split())[:900]}")
        time.sleep(0.1)


def _is_idle(slurm: Slurm) -> bool:
    try:
        return slurm.call("sinfo", "--noheader", "--format=%t").strip() == "idle"
    except RuntimeError:
        return False


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with one_node_slurm(folder) as slurm:
        print(f"export SLURM_CONF={slurm.environment['SLURM_CONF']} PATH={slurm.environment['PATH']}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)


if __name__ == "__main__":
    main()
