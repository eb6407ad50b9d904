"""Where predictions may be written."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.inference.output_target import check_output_name, check_target


@pytest.mark.parametrize("name", ["a", "a.jsonl", "a.CSV", "a.tab", "dir.x/a.tsv"])
def test_an_ending_of_a_known_format(name: str) -> None:
    check_output_name(Path(name))
    check_output_name(None)


def test_other_endings_are_refused() -> None:
    with pytest.raises(BadInput) as caught:
        check_output_name(Path("a.xlsx"))
    assert caught.value.message == "--output: a.xlsx must end in .jsonl, .csv, .tsv or .parquet."
    with pytest.raises(BadInput, match=r"--predictions: a.csv.gz must end .* Write a.csv and pack it then"):
        check_output_name(Path("a.csv.gz"), "--predictions")
    with pytest.raises(BadInput, match="there is no name of a file"):
        check_output_name(Path("/"))


@pytest.mark.skipif(sys.platform == "win32", reason="no links and pipes among files")
def test_only_a_regular_file_that_is_not_the_input_is_written(tmp_path: Path) -> None:
    table, output = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("text\na\n")
    check_target(output, table)
    check_target(table / "below" / "a file", table)
    output.write_text("")
    check_target(output, table)
    for make, problem in (
        (lambda: os.link(table, output), "is the file that is read"),
        (lambda: output.symlink_to(tmp_path / "nothing"), "is a symbolic link"),
        (lambda: os.mkfifo(output), "is a device, pipe or socket"),
    ):
        output.unlink()
        make()
        with pytest.raises(BadInput, match=problem):
            check_target(output, table)
    with pytest.raises(BadInput, match="is a folder"):
        check_target(tmp_path, table)


def test_a_name_that_the_system_refuses(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match=r"Cannot write the predictions to .*: File name too long"):
        check_target(tmp_path / ("x" * 300), tmp_path / "in.csv")
