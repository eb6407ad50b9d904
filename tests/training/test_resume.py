"""A run that was interrupted and resumed equals one that never was: weights and events, bit for bit."""

import errno
import shutil
from pathlib import Path

import pytest
import torch
from conftest import QUICK, register_planted
from safetensors.torch import load_file

from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted
from tmeattn.paths import runs_dir
from tmeattn.registry import _discovered, registry
from tmeattn.runs.control import request
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_reader import last_ending
from tmeattn.training.session import resume, start
from tmeattn.training.trainer import Diverged, Trainer

TIMING = {"time", "seconds", "tokens_per_second", "cpu", "memory"}


class Killed(BaseException):
    """Stands in for a kill: no handler of the program sees it as an error, no checkpoint is written."""


def options(planted):
    return {
        **planted,
        "epochs": 4,
        "patience": 0,
        "batch_size": 4,
        "checkpoint_every": 7,
        "alpha": 0.01,
        "dropout": 0.3,
        "lr": 0.02,
    }


def newest_run() -> RunDirectory:
    return RunDirectory(
        max((path for path in runs_dir().iterdir() if path.is_dir()), key=lambda path: path.stat().st_ctime_ns)
    )


def weights(run, name="last"):
    tensors = load_file(run.checkpoints / f"{name}.safetensors")
    return {key: value for key, value in tensors.items() if key.split(".")[0] in ("model", "optimizer", "random")}


def what_happened(run):
    """Logged training events without the clock; checkpoints beside the fixed ones do not count."""
    kept = [
        event for event in run.events() if event["kind"] in ("step", "epoch", "watched", "watched_step", "finished")
    ]
    return [{key: value for key, value in event.items() if key not in TIMING} for event in kept]


def assert_same(run, other):
    for name in ("last", "best"):
        one, two = weights(run, name), weights(other, name)
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)
    assert what_happened(run) == what_happened(other)


def killer(kind, count):
    """A listener that kills at the `count`-th event of a kind."""
    left = count

    def listen(event):
        nonlocal left
        left -= event["kind"] == kind
        if left == 0:
            raise Killed

    return listen


@pytest.fixture(scope="module")
def trained_undisturbed(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(tmp_path_factory.mktemp("undisturbed")))
        _discovered.cache_clear()
        register_planted(registry())
        run = start("lstm-attn", options(QUICK))
        _discovered.cache_clear()
        return run.path


@pytest.fixture
def undisturbed(trained_undisturbed, planted, isolated):
    """A run that was never interrupted, in the test's own home."""
    return RunDirectory(Path(shutil.copytree(trained_undisturbed, isolated / "runs" / trained_undisturbed.name)))


@pytest.mark.parametrize(
    ("kind", "count"),
    [("started", 1), ("step", 1), ("step", 4), ("checkpoint", 1), ("checkpoint", 3), ("epoch", 2), ("epoch", 4)],
)
def test_a_killed_run_continues_as_if_nothing_had_happened(planted, undisturbed, kind, count):
    with pytest.raises(Killed):
        start("lstm-attn", options(planted), listeners=[killer(kind, count)])
    run = newest_run()
    assert_same(resume(run), undisturbed)
    assert run.status()["state"] == "finished"


def test_the_momentum_of_sgd_is_resumed_with_batches_in_parts_and_a_warm_up(planted):
    parts = {"accumulate": 2, "warmup": 0.3}
    wanted = options(planted) | {"optimizer": "sgd", "momentum": 0.9, "lr": 0.1, "clip_norm": 0.0, **parts}
    undisturbed = start("lstm-attn", wanted)
    with pytest.raises(Killed):
        start("lstm-attn", wanted, listeners=[killer("checkpoint", 3)])
    run = newest_run()
    assert_same(resume(run), undisturbed)
    assert any(name.endswith("momentum_buffer") for name in weights(run))


def test_killed_again_and_again(planted, undisturbed):
    with pytest.raises(Killed):
        start("lstm-attn", options(planted), listeners=[killer("checkpoint", 2)])
    run = newest_run()
    for _ in range(3):
        with pytest.raises(Killed):
            resume(run, listeners=[killer("checkpoint", 2)])
    assert_same(resume(run), undisturbed)


def test_a_request_to_stop_saves_at_once_and_resumes_exactly(planted, undisturbed):
    def ask_to_stop(event):
        if event["kind"] == "step" and event["step"] == 30:
            (newest_run().path / "control" / "stop").touch()

    with pytest.raises(Interrupted) as caught:
        start("lstm-attn", options(planted), listeners=[ask_to_stop])
    run = newest_run()
    assert caught.value.exit_code == 130
    assert run.id in str(caught.value)
    assert run.status()["state"] == "stopped"
    assert [event["step"] for event in run.events() if event["kind"] == "stopped"] == [30]
    assert_same(resume(run), undisturbed)


def test_a_request_for_a_checkpoint_changes_nothing_but_saves(planted, undisturbed):
    saved = []

    def ask_to_save(event):
        if event["kind"] == "step" and event["step"] == 20:
            (newest_run().path / "control" / "checkpoint").touch()
        if event["kind"] == "checkpoint":
            saved.append(event["step"])

    run = start("lstm-attn", options(planted), listeners=[ask_to_save])
    assert 20 in saved
    assert_same(run, undisturbed)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(planted, undisturbed):
    assert_same(start("lstm-attn", options(planted)), undisturbed)
    other = start("lstm-attn", {**options(planted), "seed": 1})
    assert not torch.equal(
        weights(other)["model.classify.linear.weight"], weights(undisturbed)["model.classify.linear.weight"]
    )


def test_a_truncated_checkpoint_falls_back_to_the_one_before_and_says_so(planted, undisturbed):
    with pytest.raises(Killed):
        start("lstm-attn", options(planted), listeners=[killer("checkpoint", 4)])
    run = newest_run()
    last = run.checkpoints / "last.safetensors"
    last.write_bytes(last.read_bytes()[:1000])
    warnings = []
    resume(run, listeners=[lambda event: warnings.append(event) if event["kind"] == "warning" else None])
    assert "last" in warnings[0]["message"]
    assert "previous" in warnings[0]["message"]
    assert_same(run, undisturbed)


def test_all_checkpoints_damaged_is_said_and_nothing_is_overwritten(planted):
    with pytest.raises(Killed):
        start("lstm-attn", options(planted), listeners=[killer("checkpoint", 4)])
    run = newest_run()
    for path in run.checkpoints.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    with pytest.raises(BadInput, match="Every checkpoint"):
        resume(run)
    assert all(path.read_bytes() == b"damaged" for path in run.checkpoints.glob("*.safetensors"))


def test_resuming_a_finished_run_trains_nothing(undisturbed):
    before = (undisturbed.events_path.read_bytes(), weights(undisturbed))
    said = []
    resume(undisturbed, narrate=said.append)
    assert "finished" in said[0]
    assert undisturbed.events_path.read_bytes() == before[0]


def test_a_run_in_training_cannot_be_resumed_a_second_time(planted):
    refused = []

    def try_to_resume(event):
        if event["kind"] == "step" and not refused:
            with pytest.raises(BadInput, match="is being trained") as caught:
                resume(newest_run())
            refused.append(caught)

    start("lstm-attn", options(planted), listeners=[try_to_resume])
    assert refused


def test_the_learning_rate_of_an_epoch_is_that_of_its_last_step_after_a_stop_there(planted, undisturbed, monkeypatch):
    per_epoch = undisturbed.events()[0]["steps_per_epoch"]
    step = Trainer._step

    def ask_to_stop(self, batch):
        step(self, batch)
        if self.progress.step == 2 * per_epoch:
            request(self.run, "stop")

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_step", ask_to_stop)
        with pytest.raises(Interrupted):
            start("lstm-attn", options(planted))
    assert_same(resume(newest_run()), undisturbed)


def test_requests_that_a_killed_process_did_not_take_are_dropped(planted, undisturbed):
    with pytest.raises(Killed):
        start("lstm-attn", options(planted), listeners=[killer("checkpoint", 2)])
    run = newest_run()
    request(run, "stop")
    request(run, "checkpoint")
    assert_same(resume(run), undisturbed)
    assert not any((run.path / "control").iterdir())


def test_a_finished_run_whose_last_status_is_missing_is_put_right(undisturbed):
    status = undisturbed.status()
    undisturbed.write_status({**status, "state": "running", "pid": 2**31 - 1})
    said = []
    resume(undisturbed, narrate=said.append)
    finished = f"The run {undisturbed.id} is finished: nothing to resume."
    assert said == [f"{finished} To train it longer: tmeattn resume {undisturbed.id} --epochs N"]
    assert undisturbed.status()["state"] == "finished"


def test_data_that_changed_leave_the_state_as_it_was(planted, monkeypatch):
    with pytest.raises(Killed):
        start("lstm-attn", options(planted), listeners=[killer("checkpoint", 2)])
    run = newest_run()
    before = (run.status(), run.events_path.read_bytes())

    def fail(*_):
        raise BadInput("changed")

    monkeypatch.setattr("tmeattn.training.run_data.dataset_of", fail)
    with pytest.raises(BadInput, match="changed"):
        resume(run)
    assert (run.status(), run.events_path.read_bytes()) == before


@pytest.mark.parametrize("to", ["moved", None])
def test_a_folder_that_is_moved_or_deleted_is_said(planted, tmp_path, to):
    def lose(event):
        if event["kind"] == "step" and event["step"] == 20:
            run = newest_run()
            run.path.rename(tmp_path / "moved") if to else run.delete()

    with pytest.raises(EnvironmentProblem, match="was moved or deleted while it was trained"):
        start("lstm-attn", options(planted), listeners=[lose])
    assert [path for path in runs_dir().iterdir() if path.is_dir()] == []
    if to:
        assert last_ending(tmp_path / "moved" / "events.jsonl") == "failed"


def test_a_read_only_folder_is_said(planted, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tmeattn.training.trainer.checkpoint.save_training", fail)
    with pytest.raises(EnvironmentProblem, match="The folder of the run is read-only"):
        start("lstm-attn", options(planted))


def test_one_of_two_runs_gets_the_name(planted):
    start("mean", {**planted}, name="mine")
    with pytest.raises(BadInput, match="Another run is named 'mine' already"):
        start("mean", {**planted}, name="mine")
    assert len([path for path in runs_dir().iterdir() if path.is_dir()]) == 1


def test_a_divergence_before_the_first_checkpoint_names_what_works(planted):
    with pytest.raises(Diverged) as caught:
        start("lstm-attn", {**options(planted), "lr": 1e30, "optimizer": "sgd", "clip_norm": 0.0})
    assert "There is no checkpoint yet" in caught.value.hint
    assert f"tmeattn train --from {newest_run().id} --lr" in caught.value.hint
