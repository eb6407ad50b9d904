import pytest

from tmeattn.errors import BadInput
from tmeattn.training.distributed.place import first_host, follows, started_place

TORCHRUN = {
    "RANK": "3",
    "WORLD_SIZE": "4",
    "LOCAL_RANK": "1",
    "LOCAL_WORLD_SIZE": "2",
    "MASTER_ADDR": "node1",
    "MASTER_PORT": "29501",
    "TORCHELASTIC_RUN_ID": "none",
    "TORCHELASTIC_USE_AGENT_STORE": "True",
    "TORCHELASTIC_RESTART_COUNT": "2",
}
SRUN = {
    "SLURM_PROCID": "1",
    "SLURM_NTASKS": "2",
    "SLURM_LOCALID": "0",
    "SLURM_NODELIST": "node[07-08]",
    "SLURM_JOB_ID": "123",
    "SLURM_STEP_ID": "4",
    "SLURM_TASKS_PER_NODE": "1(x2)",
}


def test_torchrun():
    place = started_place(TORCHRUN)
    assert (place.rank, place.size, place.local_rank, place.local_size) == (3, 4, 1, 2)
    assert (place.host, place.port, place.starter) == ("node1", 29501, "torchrun")
    assert not place.hosts_store
    assert place.attempt == 2


def test_srun():
    place = started_place(SRUN)
    assert (place.rank, place.size, place.local_rank, place.local_size) == (1, 2, 0, 1)
    assert (place.host, place.port, place.starter, place.hosts_store) == ("node07", 20988, "srun", True)
    assert started_place({**SRUN, "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "7"}).host == "10.0.0.1"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SLURM_NTASKS": "4", "SLURM_JOB_ID": "1"},  # a shell of salloc
        {**SRUN, "ENVIRONMENT": "BATCH"},  # the script of a job
        {**SRUN, "SLURM_NTASKS": "1"},
        {**SRUN, "SLURM_STEP_NUM_TASKS": "1"},  # srun -n 1 inside of a job of two tasks
    ],
)
def test_a_process_on_its_own(environment):
    assert started_place(environment) is None


def test_a_step_inside_of_a_script_of_a_job():
    assert started_place({**SRUN, "ENVIRONMENT": "BATCH", "SLURM_STEP_NUM_TASKS": "2"}).size == 2


@pytest.mark.parametrize(
    ("nodes", "host"),
    [("node[01-03,07],x", "node01"), ("a,b", "a"), ("gpu-1", "gpu-1"), ("n[9,11]", "n9"), ("x,node[1-2]", "x")],
)
def test_the_first_host_of_a_list(nodes, host):
    assert first_host(nodes) == host


@pytest.mark.parametrize(
    ("name", "value"), [("RANK", "4"), ("WORLD_SIZE", "0"), ("RANK", "x"), ("RANK", ""), ("MASTER_PORT", "70000")]
)
def test_a_wrong_number_is_named(name, value):
    with pytest.raises(BadInput, match=name):
        started_place({**TORCHRUN, name: value})


def test_srun_without_hosts_is_said():
    with pytest.raises(BadInput, match="names no host"):
        started_place({key: value for key, value in SRUN.items() if key != "SLURM_NODELIST"})


def test_a_follower_is_known_by_its_environment(monkeypatch):
    assert not follows()
    for name, value in TORCHRUN.items():
        monkeypatch.setenv(name, value)
    assert follows()
