"""The place of this process among several that torchrun or srun has started, from its environment. Needs no torch."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from tmeattn.errors import BadInput, shortened

PORT = 29500
"""The port of torchrun, where nothing else is known."""
TORCHRUN = "torchrun"
_RANGE = re.compile(r"([^\[,]+)\[(\d+)")


@dataclass(frozen=True)
class Place:
    """One process of several.

    rank, size:             its number among all processes, from 0, and how many there are.
    local_rank, local_size: the same among those of its computer.
    host, port:             where the store listens in which the processes find each other.
    starter:                the command that started them.
    hosts_store:            whether the store is in rank 0; otherwise it is in the process that started all.
    attempt:                how often torchrun has started all of them again.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    host: str
    port: int
    starter: str
    hosts_store: bool = True
    attempt: int = 0

    @property
    def name(self) -> str:
        """How messages name the process."""
        return rank_name(self.rank, socket.gethostname())


def rank_name(rank: int, host: str) -> str:
    """How messages name a process: its rank and its computer."""
    return f"Rank {rank} on {shortened(host, 80)}"


def started_place(environment: Mapping[str, str] | None = None) -> Place | None:
    """The place of this process if torchrun or srun has started several, or one through torchrun; otherwise None.

    Raises:
        BadInput: a variable of torchrun or of SLURM has no usable value.
    """
    found = os.environ if environment is None else environment
    if "TORCHELASTIC_RUN_ID" in found or {"RANK", "WORLD_SIZE", "MASTER_ADDR"} <= found.keys():
        return _of_torchrun(found)
    if _tasks_of_slurm(found) > 1:
        return _of_slurm(found)
    return None


def forget_place() -> None:
    """Let this process train on its own, whatever torchrun or srun has started beside it."""
    for name in ("TORCHELASTIC_RUN_ID", "RANK", "WORLD_SIZE", "MASTER_ADDR", "SLURM_PROCID"):
        os.environ.pop(name, None)


def follows() -> bool:
    """Whether torchrun or srun has started this process as a follower of another, which writes the run."""
    place = started_place()
    return place is not None and place.rank > 0


def _of_torchrun(found: Mapping[str, str]) -> Place:
    size = _number(found, "WORLD_SIZE", least=1)
    return Place(
        rank=_number(found, "RANK", below=size),
        size=size,
        local_rank=_number(found, "LOCAL_RANK", default=0),
        local_size=_number(found, "LOCAL_WORLD_SIZE", default=1, least=1),
        host=found.get("MASTER_ADDR", "127.0.0.1"),
        port=_number(found, "MASTER_PORT", default=PORT, least=1, below=2**16),
        starter=TORCHRUN,
        hosts_store=found.get("TORCHELASTIC_USE_AGENT_STORE") != "True",
        attempt=_number(found, "TORCHELASTIC_RESTART_COUNT", default=0),
    )


def _tasks_of_slurm(found: Mapping[str, str]) -> int:
    """The tasks of the step of srun that this process is one of; 1 outside of a step, as in the script of a job."""
    if "SLURM_PROCID" not in found:
        return 1
    if "SLURM_STEP_NUM_TASKS" in found:
        return _number(found, "SLURM_STEP_NUM_TASKS", least=1)
    if found.get("ENVIRONMENT") == "BATCH":
        return 1
    return _number(found, "SLURM_NTASKS", default=1, least=1)


def _of_slurm(found: Mapping[str, str]) -> Place:
    size = _tasks_of_slurm(found)
    nodes = found.get("SLURM_STEP_NODELIST") or found.get("SLURM_NODELIST") or found.get("SLURM_JOB_NODELIST") or ""
    job, step = _number(found, "SLURM_JOB_ID", default=0), _number(found, "SLURM_STEP_ID", default=0)
    tasks_here = re.match(r"\d+", found.get("SLURM_STEP_TASKS_PER_NODE") or found.get("SLURM_TASKS_PER_NODE") or "")
    return Place(
        rank=_number(found, "SLURM_PROCID", below=size),
        size=size,
        local_rank=_number(found, "SLURM_LOCALID", default=0),
        local_size=int(tasks_here.group()) if tasks_here else 1,
        host=found.get("MASTER_ADDR") or first_host(nodes),
        port=_number(found, "MASTER_PORT", default=20000 + (job * 8 + step) % 20000, least=1, below=2**16),
        starter="srun",
    )


def first_host(nodes: str) -> str:
    """The first host of a list as SLURM writes it: `node[03-05,9],other` -> `node03`.

    Raises:
        BadInput: the list is empty.
    """
    if match := _RANGE.match(nodes):
        return match.group(1) + match.group(2)
    host = nodes.split(",")[0].strip()
    if not host:
        raise BadInput(
            "srun has started several tasks, but SLURM_NODELIST names no host.",
            hint="Set MASTER_ADDR to the host of the first task.",
        )
    return host


def _number(
    found: Mapping[str, str], name: str, *, default: int | None = None, least: int = 0, below: int | None = None
) -> int:
    text = found.get(name, "")
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdecimal()) or int(text) < least or (below is not None and int(text) >= below):
        limits = f"at least {least}" if below is None else f"from {least} to {below - 1}"
        raise BadInput(
            f"The environment variable {name} is {shortened(text, 40)!r}, not a number of {limits}.",
            hint="Start the processes with torchrun or srun, which set it.",
        )
    return int(text)
