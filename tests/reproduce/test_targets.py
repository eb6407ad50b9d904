"""The declared targets hold together, and every run that they need can be trained."""

import subprocess
import sys

import pytest

from tmeattn.errors import UnknownName
from tmeattn.reproduce.plan import Settings, entries
from tmeattn.reproduce.targets import all_targets, find_target, parts

PART_1 = ["table1", "fig2", "fig3", "fig4", "fig6", "fig8", "fig9", "fig10", "fig11", "heatmaps", "optimizers"]
REPORT = {"mean": 74.55, "simple-attn": 79.6, "lstm": 81.3, "lstm-attn": 84.3}


def test_part_1_is_complete():
    assert set(PART_1) | {"part1"} <= set(all_targets())
    assert sorted(part.name for part in parts(find_target("part1"))) == sorted(PART_1)


@pytest.mark.parametrize("recipe", ["report", "modern"])
@pytest.mark.parametrize("name", all_targets())
def test_every_target_shows_something_and_resolves(name, recipe):
    target = find_target(name)
    for part in parts(target):
        assert part.show or part.matrices
        rows = entries(part, Settings(recipe=recipe, seeds=(0, 1)))
        assert rows or part.matrices
        labels = [row.label for row in rows]
        assert len(set(labels)) == len(labels)
        for row in rows:
            assert [config.train.seed for config in row.configs] == [0, 1]
            assert {config.train.recipe for config in row.configs} == {recipe}


def test_the_reports_values_of_table_1():
    rows = find_target("table1").runs
    assert [run.report for run in rows] == [74.55, 79.6, 81.5, 82.3, 81.53, 82.47, 81.3, 84.3]
    assert {run.model: run.report for run in rows if not run.options and run.model in REPORT} == REPORT


def test_a_misspelt_target_gets_a_suggestion():
    with pytest.raises(UnknownName, match="Did you mean table1"):
        find_target("tabel1")


def test_targets_and_plans_need_no_torch():
    code = (
        "import sys, tmeattn.reproduce.plan as p, tmeattn.reproduce.targets as t;"
        "p.overview(t.all_targets().values(), p.Settings(), []);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
