"""The files of `tmeattn runs compare`."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tmeattn.errors import BadInput
from tmeattn.evaluation.paired import RunOnTexts, TextComparison, compare_groups
from tmeattn.evaluation.quality import quality
from tmeattn.render.export.comparison import FORMATS, csv_text, document, paper_tables, write
from tmeattn.render.export.files import check_ending
from tmeattn.render.export.paper import label_of, latex, markdown
from tmeattn.runs.comparison import ComparedRun, Comparison, SeedGroup
from tmeattn.runs.summary import RunSummary

LABELS = np.array([0, 0, 0, 1, 1, 1])
HOSTILE = "a|b & 50% _x_ $y$ \\z #1 --no-texts"


def on_texts(run: str, predicted: list[int], seed: int) -> RunOnTexts:
    predicted_N = np.array(predicted)
    return RunOnTexts(
        run, seed, predicted_N, quality(np.eye(2)[predicted_N], LABELS, ("bad", "good")), cross_entropy=0.5
    )


def compared(run: str, seed: int, lr: float) -> ComparedRun:
    summary: Any = RunSummary(
        id=run, name=None, state="finished", model="mean", dataset="films", recipe="modern", alpha=0.0,
        uniform_attention=False, seed=seed, limit=None, epoch=1, epochs=1, best_accuracy=0.5, best_epoch=1,
        seconds=1.0, created=0.0, path="", problems=(), stop_reason=None,
    )  # fmt: skip
    return ComparedRun(summary, {"lr": lr, "seed": seed}, None, [], "same")


@pytest.fixture
def comparison() -> Comparison:
    runs = compared("a", 0, 0.1), compared("b", 1, 0.1), compared("c", 0, 0.2)
    groups = (SeedGroup(runs[:2], 0.5, 0.01, "base"), SeedGroup(runs[2:], 0.5, None, HOSTILE))
    return Comparison(runs, ("lr",), groups)


@pytest.fixture
def texts() -> TextComparison:
    base = [on_texts("a", [0, 0, 0, 1, 1, 0], 0), on_texts("b", [0, 0, 1, 1, 1, 1], 1)]
    groups = [("base", base), (HOSTILE, [on_texts("c", [0, 1, 1, 1, 0, 1], 0)])]
    return compare_groups(groups, LABELS, ("bad", "good"), dataset="films", split="validation")


def test_latex_is_a_table_of_a_paper(comparison: Comparison, texts: TextComparison) -> None:
    text = latex(paper_tables(comparison, texts))
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == text.count(r"\caption{") == 3
    assert text.count(r"\toprule") == text.count(r"\midrule") == text.count(r"\bottomrule") == 3
    assert "6 texts of films, validation split." in text
    assert "Student's t interval" in text
    assert r"a\textbar{}b \& 50\% \_x\_ \$y\$ \textbackslash{}z \#1 -{}-no-texts" in text
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    assert "tmeattn" not in body
    labels = re.findall(r"\\label\{(.*?)\}", text)
    assert len(set(labels)) == 3
    assert all(re.fullmatch("tab:[a-z0-9-]+", label) for label in labels)


def test_markdown_has_one_heading_for_each_table(comparison: Comparison, texts: TextComparison) -> None:
    text = markdown(paper_tables(comparison, texts))
    assert len(re.findall("^## ", text, re.MULTILINE)) == 3
    rows = [line for line in text.splitlines() if line.startswith("| a\\|b")]
    assert rows  # one cell, however many bars the name has
    assert "-33.33" not in rows[0] or "points" in text


def test_without_texts_the_logged_accuracies_are_the_table(comparison: Comparison) -> None:
    first, options = paper_tables(comparison, None)
    assert [column.heading for column in first.columns] == ["Configuration", "Seeds", "Accuracy, %", "±, points"]
    assert options.columns[1].cells == ["0.1"]


def test_csv_has_every_figure(comparison: Comparison, texts: TextComparison) -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(comparison, texts))))
    kinds = [row["kind"] for row in rows]
    assert kinds == ["best_accuracy"] * 3 + ["accuracy"] * 2 + ["difference"] + ["recall_difference"] * 2
    difference = rows[5]
    assert float(difference["value"]) == pytest.approx(3 / 6 - 5 / 6, abs=1e-6)
    assert float(difference["low"]) <= float(difference["value"]) <= float(difference["high"])
    assert difference["minus"] == "base"
    assert difference["p"] == ""  # of a group there is no test


def test_json_and_pictures(comparison: Comparison, texts: TextComparison, tmp_path: Path) -> None:
    write(comparison, texts, None, tmp_path / "c.json")
    assert json.loads((tmp_path / "c.json").read_text()) == json.loads(json.dumps(document(comparison, texts, None)))
    write(comparison, texts, None, tmp_path / "c.svg")
    assert (tmp_path / "c.svg").read_bytes().startswith(b"<?xml")
    write(comparison, None, "no", tmp_path / "d.svg")
    with pytest.raises(BadInput, match="must end in"):
        check_ending(tmp_path / "c.pdf", FORMATS)


def test_labels_have_no_character_that_latex_reads() -> None:
    assert label_of("a_b{}%", "Ü x") == "tab:a-b-x"
    assert label_of("{}") == "tab:table"
