"""tmeattn from Python."""

import pytest

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.runs.index import all_runs


def test_a_taken_or_unusable_name_is_refused_before_training(planted):
    tmeattn.train("mean", name="mine", **planted)
    for name, said in (("mine", "Another run is named 'mine' already"), ("a/b", "cannot be a run's name")):
        with pytest.raises(BadInput, match=said):
            tmeattn.train("mean", name=name, **planted)
    assert [run.name for run in all_runs()] == ["mine"]
