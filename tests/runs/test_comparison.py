import pytest

import tmeattn
from tmeattn.cli.main import run as command
from tmeattn.errors import BadInput
from tmeattn.runs.comparison import compare_runs, mean_and_half_interval
from tmeattn.runs.index import find_run


@pytest.fixture
def three(planted):
    return [
        find_run(tmeattn.train("simple-attn", **{**planted, **more}).run)
        for more in ({"seed": 0}, {"seed": 1}, {"seed": 0, "lr": 0.5})
    ]


def test_runs_that_differ_only_in_their_seed_are_grouped(three):
    comparison = compare_runs(three)
    assert comparison.differing == ("lr",)
    assert [len(group.runs) for group in comparison.groups] == [2, 1]
    accuracies = [run.summary.best_accuracy for run in comparison.runs[:2]]
    assert comparison.groups[0].accuracy == pytest.approx(sum(accuracies) / 2)
    assert comparison.groups[1].half is None


def test_the_interval_is_students():
    mean, half = mean_and_half_interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert half == pytest.approx(4.303 / 3**0.5, abs=1e-3)


def test_the_command_prints_every_run_and_the_mean_over_seeds(three, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert command(["runs", "compare", *(run.id for run in three)]) == 0
    out = capsys.readouterr().out
    assert all(run.id in out for run in three)
    assert "--lr" in out
    assert "±" in out
    assert max(len(line) for line in out.splitlines()) <= 80


def test_one_run_is_nothing_to_compare(three):
    with pytest.raises(BadInput, match="two runs"):
        compare_runs(three[:1])


@pytest.mark.parametrize(("values", "point"), [(31, 2.042), (32, 2.040), (41, 2.021), (121, 1.980), (1001, 1.962)])
def test_the_points_of_student_beyond_the_table(values, point):
    mean, half = mean_and_half_interval([float(index % 2) for index in range(values)])
    deviation = (sum((index % 2 - mean) ** 2 for index in range(values)) / (values - 1)) ** 0.5
    assert half * values**0.5 / deviation == pytest.approx(point, abs=1e-3)


def test_one_value_has_no_interval():
    assert mean_and_half_interval([]) == (None, None)
    assert mean_and_half_interval([0.5]) == (0.5, None)
