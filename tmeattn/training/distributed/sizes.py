"""How many processes train a run, each with how many threads."""

from __future__ import annotations

from tmeattn.config import TrainOptions
from tmeattn.cpu import available_cores, default_threads, threads_of_one_process
from tmeattn.errors import BadInput
from tmeattn.plurals import counted
from tmeattn.run_config import RunConfig, too_many_processes
from tmeattn.training.distributed.devices import device_of
from tmeattn.training.distributed.launch import Team
from tmeattn.training.run_data import Narrate


def with_processes(config: RunConfig, team: Team, narrate: Narrate) -> RunConfig:
    """The configuration of a new run with the number of processes and of their threads.

    Raises:
        BadInput, EnvironmentProblem: see `set_size`.
    """
    train = config.train
    set_size(team, train.processes if train.processes > 1 else None, train, narrate)
    default = threads_of_one_process() if team.processes == 1 else default_threads(team.size_here)
    threads = default if train.threads is None else train.threads
    return config.model_copy(
        update={"train": train.model_copy(update={"processes": team.processes, "threads": threads})}
    )


def set_size(team: Team, wanted: int | None, train: TrainOptions, narrate: Narrate) -> None:
    """Set the number of processes to the one that is wanted, or that torchrun or srun has started; it stays open
    where neither says it.

    narrate: called with a line about more processes than cores.

    Raises:
        BadInput, EnvironmentProblem: the number does not fit the batch, the device, or what torchrun or srun started.
    """
    place = team.place
    if place is not None:
        if wanted not in (None, place.size):
            raise BadInput(
                f"--processes {wanted}, but {place.starter} has started {place.size}.", hint="Leave --processes out."
            )
        wanted = place.size
    if wanted is None:
        return
    if wanted > train.batch_size:
        raise too_many_processes(wanted, train.batch_size)
    team.size = wanted
    here = team.size_here
    if here > 1:
        device_of(train.device, 0, here)
    cores = available_cores()
    if here > cores:
        narrate(f"{here} processes share {counted(cores, 'core')}: fewer are faster.")
