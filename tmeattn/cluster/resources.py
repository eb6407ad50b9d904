"""What a job asks SLURM for, checked before anything is sent."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tmeattn.errors import BadInput, shortened

MOST_TASKS = 1000
"""Tasks of one array. A SLURM that nobody configured takes 1,001."""
SECONDS_BEFORE_LIMIT = 90
"""Seconds between SIGUSR1, after which a run saves, and the end of the time of the job."""
# Of `man sbatch`: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes,
# days-hours:minutes:seconds.
_TIME = re.compile(
    r"[0-9]{1,6}(:[0-5]?[0-9]){0,2}|[0-9]{1,4}-([01]?[0-9]|2[0-3])(:[0-5]?[0-9]){0,2}|UNLIMITED|INFINITE", re.I
)
_MEMORY = re.compile(r"[1-9][0-9]{0,9}[KMGT]?", re.I)
_GPUS = re.compile(r"([A-Za-z][\w.-]{0,60}:)?[1-9][0-9]{0,3}")
_NAME = re.compile(r"[^\s'\"\\`$#-][^\s'\"\\`$#]{0,199}")


@dataclass(frozen=True)
class Resources:
    """The resources of a job in the words of SLURM; None: what the cluster gives where nothing is asked for.

    name:    the name of the job.
    time:    its longest time, such as "4:00:00".
    gpus:    GPUs, such as "1" or "a100:2".   cpus: CPU cores.   memory: such as "16G".
    tasks:   the number of tasks of an array; None: one job.
    requeue: whether the job is queued again after it was preempted or has reached its time.
    setup:   lines of shell that are run before the command.

    Raises:
        BadInput: one of them is nothing that SLURM understands.
    """

    name: str
    partition: str | None = None
    account: str | None = None
    time: str | None = None
    gpus: str | None = None
    cpus: int | None = None
    memory: str | None = None
    tasks: int | None = None
    requeue: bool = False
    setup: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for flag, text in (("name", self.name), ("partition", self.partition), ("account", self.account)):
            if text is not None and not (text.isprintable() and _NAME.fullmatch(text)):
                raise BadInput(
                    f"--{flag}: {shortened(text)!r} cannot be such a name.",
                    hint="Give one word without spaces, quotation marks, $, # and `.",
                )
        if self.time is not None and not _TIME.fullmatch(self.time):
            raise BadInput(
                f"--time: {shortened(self.time)!r} is no time that SLURM understands.",
                hint="Write minutes (90), hours:minutes:seconds (4:00:00) or days-hours (1-12); minutes and seconds go "
                "to 59, and hours after days to 23.",
            )
        if self.memory is not None and not _MEMORY.fullmatch(self.memory):
            raise BadInput(
                f"--memory: {shortened(self.memory)!r} is no size that SLURM understands.",
                hint="Write it like 16G or 8000M.",
            )
        if self.gpus is not None and not _GPUS.fullmatch(self.gpus):
            raise BadInput(
                f"--gpus: {shortened(self.gpus)!r} is no number of GPUs.",
                hint="Write it like 1, or a100:2 with a type.",
            )
        if any(not line.isprintable() for line in self.setup):
            raise BadInput("--setup: a line has a control character.", hint="Give --setup once for each line.")
