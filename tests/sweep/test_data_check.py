"""What is checked before a sweep: with --init, whether the weights of the run fit each value of the space."""

from support.sweeps import plan_of

from tmeattn.sweep.data_check import check_data
from tmeattn.training import checkpoint


def test_the_weights_that_trials_start_from_are_read_once(trained, planted, monkeypatch):
    read = []
    load = checkpoint.load
    monkeypatch.setattr(checkpoint, "load", lambda *which: read.append(which) or load(*which))
    given = {**planted, "init": trained.id}
    check_data(plan_of(given, space=["lr=1e-3..1e-1:log", "dropout=0,0.2,0.4"]), lambda line: None)
    assert len(read) == 1
