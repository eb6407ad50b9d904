"""Where predictions are written, which files are refused as an output, and cells that a spreadsheet would run."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.killed_predictions import Lengths
from support.prediction_jobs import interrupt, names, predict, undisturbed

from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.prediction_rows import RowForm

pytestmark = pytest.mark.usefixtures("small_chunks")

# Where it is written


def test_the_input_is_never_the_output(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = table.read_bytes()
    (tmp_path / "link.csv").symlink_to(table)
    (tmp_path / "hard.csv").hardlink_to(table)
    os.link(table, tmp_path / "new.csv.part")
    os.link(table, tmp_path / "newer.csv.part.json")
    monkeypatch.chdir(tmp_path)
    for name in (table, "in.csv", "./../" + tmp_path.name + "/in.csv", "link.csv", "hard.csv", "new.csv", "newer.csv"):
        for options in ({"force": True}, {"resume": True}, {}, {"force": True, "resume": True}):
            with pytest.raises(BadInput, match="is the file that is read"):
                predict(table, Path(name), **options)
    with pytest.raises(BadInput, match="is the file that is read"):
        predict(Path("link.csv"), Path("in.csv"), force=True)
    assert table.read_bytes() == before


@pytest.mark.parametrize("link", ["out.csv", "out.csv.part", "out.csv.part.json"])
@pytest.mark.parametrize("dangling", [True, False])
def test_links_are_not_written_through(table: Path, tmp_path: Path, link: str, dangling: bool) -> None:
    target = tmp_path / "target"
    if not dangling:
        target.write_text("precious")
    (tmp_path / link).symlink_to(target)
    for options in ({"force": True}, {"resume": True}, {}):
        with pytest.raises(BadInput, match="is a symbolic link, and predictions are written only to a regular file"):
            predict(table, tmp_path / "out.csv", **options)
    assert (tmp_path / link).is_symlink()
    assert not target.exists() if dangling else target.read_text() == "precious"


def test_devices_and_folders_are_refused(table: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    for name, kind in (("pipe.csv", "device, pipe or socket"), ("folder.csv", "folder")):
        with pytest.raises(BadInput, match=f"is a {kind}"):
            predict(table, tmp_path / name, force=True)


@pytest.mark.parametrize("name", ["p.xlsx", "p.arrow", "p.csv.gz", "p.txt", "p.CSVX"])
def test_other_formats_are_refused(table: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match=r"must end in \.jsonl, \.csv, \.tsv or \.parquet"):
        predict(table, tmp_path / name)
    assert names(tmp_path) == {"in.csv"}


def test_two_processes_do_not_write_one_part(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    interrupt(table, output)
    import fcntl

    with (tmp_path / "out.csv.part").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for options in ({"resume": True}, {"force": True}):
            with pytest.raises(BadInput, match="Another process is writing"):
                predict(table, output, **options)
    predict(table, output, resume=True)


# Formulas

FORMULAS = ('=HYPERLINK("x")', "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1", "-5", "plain")


@pytest.mark.parametrize("name", ["out.csv", "out.tsv"])
def test_a_class_is_not_a_formula(table: Path, tmp_path: Path, name: str) -> None:
    import csv

    classifier = Lengths()
    found = {}
    for raw in (False, True):
        for at in range(0, len(FORMULAS), 2):
            classifier.classes = FORMULAS[at : at + 2]
            predict(table, tmp_path / name, classifier, rows=RowForm(raw=raw), force=True)
            with (tmp_path / name).open(newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file, delimiter="\t" if name.endswith("tsv") else ","))
            assert {row[2] for row in rows[1:]} == set(rows[0][4:])
            found[raw, at] = rows[0][4:]
    shown = [cell for at in range(0, len(FORMULAS), 2) for cell in found[False, at]]
    assert shown == [*(f"'{text}" for text in FORMULAS[:8]), "-5", "plain"]
    assert tuple(cell for at in range(0, len(FORMULAS), 2) for cell in found[True, at]) == FORMULAS


def test_a_job_is_checked_when_it_is_made(table: Path, tmp_path: Path) -> None:
    job = PredictionJob(*TextInput(table).open(), tmp_path / "x.jsonl")
    assert job.output_format == "jsonl"
    assert replace(job, output=None).output_format == "jsonl"
    assert replace(job, output=Path("x")).output_format == "jsonl"
    with pytest.raises(BadInput, match="there is no name of a file"):
        replace(job, output=Path())


def test_a_file_that_another_program_has_made_meanwhile_is_kept(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    whole = undisturbed(table, tmp_path)

    class Makes(Lengths):
        def probabilities(self, texts: list[str]) -> Any:
            output.write_text("precious")
            return super().probabilities(texts)

    with pytest.raises(BadInput, match=r"Another program has made .*out\.csv meanwhile\..* --resume --force"):
        predict(table, output, Makes())
    assert output.read_text() == "precious"
    assert (tmp_path / "out.csv.part").read_bytes() == whole
    predict(table, output, resume=True, force=True)
    assert output.read_bytes() == whole
    assert names(tmp_path) == {"in.csv", "out.csv"}
