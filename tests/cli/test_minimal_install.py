"""Texts are classified and explained without Textual and polars, also where these are not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

WITHOUT = """
import importlib.abc, json, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("textual", "polars"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
from tmeattn.cli.main import run
print(json.dumps([run(line) for line in json.loads(sys.argv[1])]))
"""


def test_predict_and_explain_need_neither_textual_nor_polars(
    trained_once: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    (tmp_path / "in.csv").write_text("id,text\n7,a good film\n8,a bad film\n")
    run = ["--run", str(trained_once)]
    of_file = ["predict", *run, "--file", str(tmp_path / "in.csv"), "--keep", "id", "--output"]
    lines = [
        ["--help"],
        ["predict", "a good film", *run],
        [*of_file, str(tmp_path / "out.csv")],
        ["explain", "a good film", *run],
        [*of_file, str(tmp_path / "out.parquet")],
    ]
    child = [sys.executable, "-c", WITHOUT, json.dumps(lines)]
    result = subprocess.run(child, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout.splitlines()[-1]) == [0, 0, 0, 0, 3], result.stderr
    assert [line.split(",")[2:4] for line in (tmp_path / "out.csv").read_text().splitlines()] == [
        ["id", "label"],
        ["7", "positive"],
        ["8", "negative"],
    ]
    missing = "Error: The package polars is not installed. Install it: pip install polars"
    assert result.stderr.splitlines()[-1] == missing
    assert {path.name for path in tmp_path.iterdir()} & {"out.parquet", "out.parquet.part"} == set()
