"""A training on a real SLURM of one node: preempted, queued again, and finished with the undisturbed run's weights."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster_trainings import OPTIONS, Cluster, stops, weights, write_texts
from support.one_node_slurm import CannotStart, one_node_slurm

pytest.importorskip("submitit")
pytestmark = pytest.mark.slow

EPOCHS = "300"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("slurm")
    work = folder / "work"
    work.mkdir()
    write_texts(work / "toy.csv", 64)
    write_texts(work / "new.csv", 2500, seed=1)
    try:
        with one_node_slurm(folder / "cluster") as slurm:
            yield Cluster(slurm, work)
    except CannotStart as reason:
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_preempted_job_finishes_with_the_weights_of_an_undisturbed_run(cluster: Cluster, isolated: Path) -> None:
    train = ["train", "simple-attn", *OPTIONS, "--epochs", EPOCHS]
    job = cluster.submit("--requeue", "--cpus", "1", "--time", "10", "--", *train)
    (name,) = job["runs"]
    cluster.wait_for_step(name, 30)
    assert cluster.run(name).state() == "running"
    cluster.slurm.call("scancel", "--signal=USR1", job["job"])
    cluster.tmeattn(*train, "--name", "undisturbed")
    assert cluster.wait_until_ended(job["job"], requeued=1) == "COMPLETED", cluster.logs()
    run = cluster.run(name)
    assert (run.state(), stops(run)) == ("finished", ["SIGUSR1"])
    (undisturbed,) = [path for path in (cluster.home / "runs").glob("*-simple-attn") if path.name != name]
    assert weights(run) == weights(cluster.run(undisturbed.name))
    assert weights(run)


def test_an_array_writes_the_shards_of_a_prediction(cluster: Cluster, isolated: Path) -> None:
    if not (cluster.home / "runs").is_dir():
        cluster.tmeattn("train", "simple-attn", *OPTIONS, "--epochs", "2")
    predict = ["predict", "--file", "new.csv"]
    job = cluster.submit("--array", "2", "--", *predict, "--output", "shared.csv")
    cluster.tmeattn(*predict, "--output", "whole.csv")
    for task in (0, 1):
        assert cluster.wait_until_ended(f"{job['job']}_{task}") == "COMPLETED", cluster.logs()
    cluster.tmeattn("predict", "--merge", "--output", "shared.csv")
    assert (cluster.folder / "shared.csv").read_bytes() == (cluster.folder / "whole.csv").read_bytes()
