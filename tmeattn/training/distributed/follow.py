"""The other processes' side: they train what rank 0 tells them and write nothing."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tmeattn.child_processes import when_parent_ends
from tmeattn.errors import Interrupted, TmeattnError
from tmeattn.runs.directory import RunDirectory
from tmeattn.training import checkpoint
from tmeattn.training.build_trainer import follower_trainer
from tmeattn.training.distributed.devices import device_of
from tmeattn.training.distributed.group import LOOPBACK, RankLost, join
from tmeattn.training.distributed.job import Job
from tmeattn.training.distributed.launch import LOST
from tmeattn.training.distributed.place import Place
from tmeattn.training.distributed.store import JOB, OVER, READY, report_error, store_at, training_store, wait_for
from tmeattn.training.signals import stop_on_signals
from tmeattn.training.trainer import Diverged, Stopped


def main() -> None:
    """The program of a process that rank 0 has started: see `tmeattn.training.distributed.launch`."""
    for name in ("SIGINT", "SIGHUP"):  # a terminal sends them to all processes; rank 0 decides
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    line = sys.stdin.buffer.readline()
    if not line:  # rank 0 has ended
        return
    address = json.loads(line)
    when_parent_ends(lambda: os._exit(LOST))
    rank, size = address["rank"], address["size"]
    place = Place(rank, size, rank, size, LOOPBACK, address["port"], "tmeattn", hosts_store=False)
    os._exit(follow(place, store_at(place), local=True))


def follow_started(place: Place) -> RunDirectory | None:
    """Train with the others that torchrun or srun has started, as rank 0 tells; return the directory of the run, or
    None where there was nothing to train.

    Raises:
        Interrupted: the training was stopped.
        TmeattnError: it failed, here or elsewhere.
    """
    store = training_store(place)
    code = follow(place, store, local=False)
    if code == Interrupted.exit_code:
        raise Interrupted(f"{place.name} stopped with the others.")
    if code:
        raise TmeattnError(f"{place.name} ended, because the training failed.", hint="Rank 0 prints the cause.")
    job = Job.parse(store.get(JOB))
    return None if job is None else RunDirectory(Path(job.run))


def follow(place: Place, store: Any, *, local: bool) -> int:
    """Do what rank 0 tells, to the end of one training; return the exit code.

    local: all processes are on this computer.
    """
    code = _train(place, store, local=local)
    try:
        over = int(wait_for(store, OVER))
    except RankLost:
        over = LOST
    return code or over


def _train(place: Place, store: Any, *, local: bool) -> int:
    try:
        job = Job.parse(wait_for(store, JOB))
        if job is None:
            return 0
        corpus = job.open_corpus(place)
        device = device_of(job.run_config.train.device, place.local_rank, place.local_size)
        store.set(f"{READY}/{place.rank}", "")
        group = join(store, place.rank, place.size, device, local=local)
        begin = checkpoint.parse(group.share_bytes(), "rank 0")
        trainer = follower_trainer(RunDirectory(Path(job.run)), job, corpus, begin, device, group)
        with stop_on_signals() as stop:
            trainer.fit(stop, lambda progress: None)
    except RankLost:
        return LOST
    except Stopped:
        return Interrupted.exit_code
    except Diverged as error:
        return error.exit_code
    except BaseException as error:
        report_error(store, place.rank, error)
        return 1
    return 0
