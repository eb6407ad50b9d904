"""A training on a real SLURM of one node: submitted, listed, preempted, and queued again by itself.

That it then finishes with the undisturbed run's weights, arrays and other ends take minutes, because SLURM waits before
it begins a requeued job: `python -m tests.campaigns slurm --minutes 20`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_trainings import OPTIONS, Cluster, stops, write_texts
from support.one_node_slurm import CannotStart, one_node_slurm

pytest.importorskip("submitit")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("slurm")
    work = folder / "work"
    work.mkdir()
    write_texts(work / "toy.csv", 64)
    try:
        with one_node_slurm(folder / "cluster") as slurm:
            yield Cluster(slurm, work)
    except CannotStart as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_preempted_job_saves_and_is_queued_again(cluster: Cluster, isolated: Path) -> None:
    job = cluster.submit("--requeue", "--cpus", "1", "--time", "10", "--", "train", "simple-attn", *OPTIONS,
                         "--epochs", "100000")  # fmt: skip
    (name,) = job["runs"]
    cluster.wait_for_step(name, 30)
    (listed,) = json.loads(cluster.tmeattn("submit", "list", "--json"))
    assert (listed["job"], listed["states"]) == (job["job"], {"RUNNING": 1})
    assert listed["runs"] == [{"id": name, "state": "running"}]
    cluster.slurm.call("scancel", "--signal=USR1", job["job"])
    cluster.wait(lambda: "Restarts=1" in cluster.slurm.call("scontrol", "show", "job", job["job"]), "not requeued")
    assert stops(cluster.run(name)) == ["SIGUSR1"]
    assert cluster.run(name).has_checkpoint()
    assert "The job is queued again." in cluster.logs()
    cluster.slurm.call("scancel", job["job"])
