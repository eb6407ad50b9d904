import json

import pytest

import tmeattn
from tmeattn.cli.main import run as command
from tmeattn.errors import BadInput
from tmeattn.runs.comparison import compare_runs, mean_and_half_interval, welch_interval
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


def test_the_page_and_the_document_have_the_differences_on_the_same_texts(three, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert command(["runs", "compare", *(run.id for run in three)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "On 16 texts of planted, validation split" in out
    assert "bootstrap over the texts, the same for both groups, and over the seeds of each group" in out
    assert "a single seed in a group" in out
    assert command(["runs", "compare", three[0].id, three[2].id, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    (difference,) = document["on_texts"]["differences"]
    accuracies = [run["validation"]["accuracy"] for run in document["runs"]]
    assert difference["difference"] == pytest.approx(accuracies[1] - accuracies[0])
    assert difference["low"] <= difference["difference"] <= difference["high"]
    assert 0 <= difference["mcnemar"]["p"] <= 1
    assert {each["name"] for each in difference["classes"]} == {"negative", "positive"}
    assert document["not_on_texts"] is None


def test_a_run_and_itself_do_not_differ(three, capsys):
    assert command(["runs", "compare", three[0].id, three[0].id, "--json"]) == 0
    (difference,) = json.loads(capsys.readouterr().out)["on_texts"]["differences"]
    assert (difference["difference"], difference["low"], difference["high"]) == (0, 0, 0)
    assert difference["mcnemar"] == {"gained": 0, "lost": 0, "p": 1.0}


def test_seeds_alone_are_compared_with_each_other(three):
    comparison = compare_runs(three[:2])
    assert len(comparison.groups) == 1
    assert [len(side.runs) for side in comparison.sides] == [1, 1]


def test_groups_of_the_users_own(three, capsys):
    one, two, other = (run.id for run in three)
    assert command(["runs", "compare", "--group", f"mine={one},{other}", two, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [group["label"] for group in document["groups"]] == ["mine", two]
    assert [group["runs"] for group in document["on_texts"]["groups"]] == [[one, other], [two]]
    for wrong in ("mine", "=a", "mine=", "mine=,"):
        assert command(["runs", "compare", one, "--group", wrong]) == 2
        assert "has no name and runs" in capsys.readouterr().err
    with pytest.raises(BadInput, match="Name it once"):
        compare_runs(three[:2], [("mine", three[:1])])


def test_runs_on_other_data_are_not_compared_text_by_text(three, capsys):
    info = json.loads((three[2].path / "run.json").read_text())
    info["data"]["fingerprint"] = "another"
    (three[2].path / "run.json").write_text(json.dumps(info))
    assert command(["runs", "compare", three[0].id, three[2].id]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert f"Not compared text by text: {three[2].id} was trained on an earlier or later version of the data" in out
    assert command(["runs", "compare", three[0].id, three[1].id, "--split", "tset"]) == 2
    assert "There is no split named 'tset'" in capsys.readouterr().err


def test_a_run_without_weights_is_left_out_and_named(three, capsys):
    for checkpoint in three[0].checkpoints.iterdir():
        checkpoint.unlink()
    assert command(["runs", "compare", *(run.id for run in three), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["on_texts"]
    assert [group["runs"] for group in found["groups"]] == [[three[1].id], [three[2].id]]
    why = f"The run {three[0].id} has no best weights yet: they are saved after its first epoch."
    assert found["left_out"] == [f"Left out: {why}"]


def test_logged_figures_alone(three, capsys):
    assert command(["runs", "compare", *(run.id for run in three), "--no-texts", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["on_texts"] is None
    assert document["not_on_texts"] == "--no-texts was given."


def test_names_after_seeds_name_their_group(three):
    for run, name in zip(three, ("base-0", "base-1", "new"), strict=True):
        run.rename(name)
    assert [group.label for group in compare_runs(three).groups] == ["base", "new"]


def test_welchs_interval_of_a_published_example():
    # Two samples of equal size and variance: the interval is Student's with 2 (n - 1) degrees of freedom.
    low, high = welch_interval([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
    half = 2.776 * (2 / 3) ** 0.5
    assert (low, high) == pytest.approx((-3 - half, -3 + half))
    assert welch_interval([1.0], [2.0, 3.0]) is None
    assert welch_interval([1.0, 1.0], [0.5, 0.5]) == (0.5, 0.5)


def test_texts_of_other_data(three, capsys, tmp_path):
    (tmp_path / "other.csv").write_text("text,label\nthe good film,pos\nthe bad film,negative\n")
    mapped = ["--dataset", str(tmp_path / "other.csv"), "--map-label", "pos=positive"]
    info = json.loads((three[2].path / "run.json").read_text())
    info["data"]["fingerprint"] = "another"
    (three[2].path / "run.json").write_text(json.dumps(info))
    assert command(["runs", "compare", three[0].id, three[2].id, *mapped, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["on_texts"]
    assert (found["texts"], found["split"]) == (2, "all")
