"""The tables that `models`, `runs list` and `sweep show` export."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from tmeattn.runs.directory import RunDirectory


@pytest.mark.parametrize("command", [["models"], ["models", "simple-attn"], ["runs", "list"]])
def test_tables_of_a_paper(tmeattn: Any, trained: RunDirectory, tmp_path: Path, command: list[str]) -> None:
    trained.rename("my_run & 50%")
    for ending in (".md", ".tex", ".csv"):
        result = tmeattn(*command, "--export", str(tmp_path / f"table{ending}"))
        assert (result.code, result.err.strip().split("Wrote ")[-1]) == (0, str(tmp_path / f"table{ending}"))
    text = (tmp_path / "table.tex").read_text()
    assert text.count(r"\begin{table}") == text.count(r"\caption{") == text.count(r"\bottomrule") == 1
    body = text.split("\n", 1)[1]
    assert "tmeattn" not in body
    rows = list(csv.reader((tmp_path / "table.csv").open()))
    assert len({len(row) for row in rows}) == 1
    assert "simple-attn" in (tmp_path / "table.md").read_text()
    if command == ["runs", "list"]:
        assert r"my\_run \& 50\%" in text
        assert rows[1][0] == "my_run & 50%"


def test_an_ending_is_refused_before_anything_is_printed(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    said = tmeattn("runs", "list", "--export", str(tmp_path / "table.pdf")).refused()
    assert said.endswith("table.pdf must end in .md, .tex or .csv.")


def test_the_measures_of_an_evaluation(tmeattn: Any, trained: RunDirectory, tmp_path: Path) -> None:
    assert tmeattn("evaluate", "--export", str(tmp_path / "measures.tex")).code == 0
    text = (tmp_path / "measures.tex").read_text()
    assert text.count(r"\begin{table}") == text.count(r"\label{tab:evaluation-") == 2
    assert "16 texts of planted, validation split." in text
    assert "Wilson" in text
