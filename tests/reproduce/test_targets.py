"""The declared targets hold together, and every run that they need can be trained."""

import subprocess
import sys

import pytest

from tmeattn.errors import UnknownName
from tmeattn.reproduce.plan import Settings, entries
from tmeattn.reproduce.targets import all_targets, find_target, parts

PART_1 = ["table1", *(f"fig{number}" for number in range(2, 12)), "heatmaps", "optimizers"]
FIGURES = {f"fig{number}" for number in range(2, 25)}
CAPTIONS = {
    "curves": {"fig2", "fig3", "fig8", "fig16", "fig17", "fig21", "fig23", "fig24"},
    "entropy-by-epoch": {"fig4", "fig6", "fig9"},
    "heatmaps": {"fig5", "fig7"},
    "validation": {"fig10"},
    "entropy-by-variant": {"fig11"},
}
DIAGRAMS = {"fig12", "fig13", "fig14", "fig15", "fig18", "fig22"}
"""What the captions of the report say."""
REPORT = {"mean": 74.55, "simple-attn": 79.6, "lstm": 81.3, "lstm-attn": 84.3}


def test_part_1_is_complete():
    assert set(PART_1) | {"part1"} <= set(all_targets())
    assert sorted(part.name for part in parts(find_target("part1"))) == sorted(PART_1)


@pytest.mark.parametrize("recipe", ["report", "modern"])
@pytest.mark.parametrize("name", all_targets())
def test_every_target_shows_something_and_resolves(name, recipe):
    target = find_target(name)
    for part in parts(target):
        assert part.show or part.matrices or part.diagrams
        rows = entries(part, Settings(recipe=recipe, seeds=(0, 1)))
        assert rows or part.matrices or part.diagrams
        labels = [row.label for row in rows]
        assert len(set(labels)) == len(labels)
        for row in rows:
            assert [config.train.seed for config in row.configs] == [0, 1]
            assert {config.train.recipe for config in row.configs} == {recipe}


def test_every_figure_is_there_and_shows_what_its_caption_says():
    targets = all_targets()
    assert {name for name in targets if name.startswith("fig")} == FIGURES
    assert {part.name for part in parts(find_target("all"))} >= FIGURES
    for show, names in CAPTIONS.items():
        assert {name for name in FIGURES if show in targets[name].show} == names
    assert {name for name in FIGURES if targets[name].diagrams} == DIAGRAMS
    assert {name for name in FIGURES if targets[name].matrices} == {"fig19", "fig20"}


def test_comparisons_of_layers_and_heads_are_in_their_tables_alone():
    for name, target in all_targets().items():
        layers = {run.options.get("layers") for run in target.runs}
        heads = {run.options.get("heads", 1) for run in target.runs if run.model == "transformer"}
        assert (len(layers) > 1) == (name == "table2") or "transformer" not in {run.model for run in target.runs}
        assert (len(heads) > 1) == (name == "table3")


@pytest.mark.parametrize("name", sorted(DIAGRAMS | {"fig16", "fig17"}))
def test_a_figure_that_we_read_in_our_way_says_so(name):
    assert "our reading" in find_target(name).title


@pytest.mark.parametrize("name", ["fig19", "fig20"])
def test_the_encodings_show_their_formula_and_the_error_of_the_report(name):
    target = find_target(name)
    assert [line.partition("= ")[2][:3] for line in target.formula[:2]] == ["sin", "cos"]
    assert ["even" in line for line in target.formula[:2]] == [True, False]
    assert "The report prints sin in both lines, where cos is meant" in target.notes[0]


def test_the_reports_values_of_table_1():
    rows = find_target("table1").runs
    assert [run.report for run in rows] == [74.55, 79.6, 81.5, 82.3, 81.53, 82.47, 81.3, 84.3]
    assert [run.report_train for run in rows] == [None, None, 82.1, None, None, 83.5, None, 84.5]
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
