"""An interrupted prediction ends with the rows of an undisturbed one, or is refused with the difference."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.killed_predictions import Lengths
from support.prediction_jobs import interrupt, names, predict, undisturbed

from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.inference import prediction_file
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.prediction_rows import RowForm
from tmeattn.inference.streaming import stream_predictions

pytestmark = pytest.mark.usefixtures("small_chunks")

# Killed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the test forks")
@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_killed_at_any_write_it_is_continued(table: Path, tmp_path: Path, name: str) -> None:
    """In a process of its own, because a process that has loaded torch is slow to fork."""
    script = Path(__file__).parents[1] / "support" / "killed_predictions.py"
    command = [sys.executable, str(script), str(table), str(tmp_path / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30  # kills


# What differs


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"column": "other"}, "was written for the column text, not other. Give the same column as before."),
        ({"classifier": Lengths(run="r2")}, "was written for the run r1, not r2."),
        ({"classifier": Lengths(weights="w2")}, "was written with other weights of the run r1."),
        ({"rows": RowForm(raw=True)}, "was written for the output format csv, not csv, raw."),
    ],
)
def test_what_differs_is_refused_and_named(table: Path, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    output = tmp_path / "out.csv"
    interrupt(table, output)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BadInput) as error:
        predict(table, output, resume=True, **change)
    assert said in str(error.value)
    assert "To start again, give --force instead of --resume." in str(error.value)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    predict(table, output, force=True, **change)
    assert names(tmp_path) == {"in.csv", "out.csv"}


def test_another_format_of_the_input_or_skipped_rows_are_refused(table: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    table.write_text(table.read_text().replace("text 3,", ",", 1))
    interrupt(table, output, skip_bad=True)
    with pytest.raises(BadInput, match=r"was written with --skip-bad\. Add --skip-bad\."):
        predict(table, output, resume=True)
    assert predict(table, output, resume=True, skip_bad=True).skipped == (5,)
    output.unlink()
    interrupt(table, output, skip_bad=True)
    job = PredictionJob(*TextInput(table, "txt").open(), output, resume=True, skip_bad=True)
    with pytest.raises(BadInput, match="was written for the"):
        stream_predictions(job, Lengths())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changed",
    [
        lambda text: text.replace("text 2,", "text two,"),
        lambda text: text.replace("text 2,text 2 too\n", ""),
        lambda text: text.replace("text 2,", "text 22,text 22 too\ntext 2,"),
        lambda text: "\n".join(text.splitlines()[:5]) + "\n",
        lambda text: "text,other\n" + "bad,bad\n" * 500,
    ],
)
def test_a_changed_input_is_refused(table: Path, tmp_path: Path, changed: Callable[[str], str]) -> None:
    output = tmp_path / "out.csv"
    interrupt(table, output)
    part = (tmp_path / "out.csv.part").read_bytes()
    stamp = table.stat()
    table.write_text(changed(table.read_text()))
    os.utime(table, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # the time does not prove that it is the same
    said: list[str] = []
    with pytest.raises(
        BadInput, match=r"in\.csv has changed: its rows up to line 15 are not those that .*out\.csv\.part"
    ):
        predict(table, output, resume=True, said=said)
    assert not any(line.startswith("Continuing") for line in said)
    assert (tmp_path / "out.csv.part").read_bytes() == part


def test_an_input_that_changed_only_after_the_classified_rows_is_continued(table: Path, tmp_path: Path) -> None:
    output, said = tmp_path / "out.csv", []
    interrupt(table, output)
    table.write_text(table.read_text().replace("text 20,", "text twenty,") + "one more,x\n")
    expected = undisturbed(table, tmp_path)
    predict(table, output, resume=True, said=said)
    assert output.read_bytes() == expected
    assert said[0].endswith("in.csv has changed, but not up to line 15.")


# Damage


def _cut(part: Path, note: Path) -> None:
    part.write_bytes(part.read_bytes()[:20])


def _holed(part: Path, note: Path) -> None:
    part.write_bytes(part.read_bytes()[:20] + bytes(len(part.read_bytes()) - 20))


def _longer(part: Path, note: Path) -> None:
    part.write_bytes(part.read_bytes() + b"16,ev")


def _of_earlier_version(part: Path, note: Path) -> None:
    note.write_text(json.dumps({"run": "r1", "input": "in.csv", "bytes": 9, "row": 3, "written": 2}))


def _with(**values: Any) -> Callable[[Path, Path], None]:
    def change(part: Path, note: Path) -> None:
        stored = json.loads(note.read_text())
        note.write_text(json.dumps(stored | {"progress": stored["progress"] | values}))

    return change


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_cut, "out.csv.part is missing rows: starting again from the first row."),
        (_holed, "out.csv.part is damaged: starting again from the first row."),
        (_longer, "Continuing after line 15."),
        (lambda part, note: part.unlink(), "out.csv.part is missing rows: starting again from the first row."),
        (lambda part, note: note.unlink(), "is missing: starting again from the first row."),
        (lambda part, note: note.write_bytes(b"\xff{"), "is damaged or of an earlier version: starting again"),
        (lambda part, note: note.write_text("[]"), "is damaged or of an earlier version: starting again"),
        (lambda part, note: note.write_text('{"version": 2, "origin": {}}'), "is damaged or of an earlier version"),
        (_of_earlier_version, "is damaged or of an earlier version: starting again"),
        (_with(bytes="9"), "is damaged or of an earlier version: starting again"),
        (_with(row=-1), "is damaged or of an earlier version: starting again"),
        (_with(written=True), "is damaged or of an earlier version: starting again"),
        (_with(bytes=10**9), "is damaged or of an earlier version: starting again"),
        (_with(written=1), "is damaged or of an earlier version: starting again"),
    ],
)
def test_damage_is_survived(table: Path, tmp_path: Path, damage: Callable[[Path, Path], None], said: str) -> None:
    expected, output, heard = undisturbed(table, tmp_path), tmp_path / "out.csv", []
    interrupt(table, output)
    damage(tmp_path / "out.csv.part", tmp_path / "out.csv.part.json")
    predict(table, output, resume=True, said=heard)
    assert any(said in line for line in heard), heard
    assert output.read_bytes() == expected
    assert names(tmp_path) == {"in.csv", "out.csv"}


@pytest.mark.parametrize("call", range(1, 7))
def test_a_full_disk_leaves_nothing_that_blocks_the_next_try(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    expected, output, left = undisturbed(table, tmp_path), tmp_path / "out.csv", [call]
    whole = prediction_file.write_atomically

    def full(path: Path, data: bytes) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        whole(path, data)

    with monkeypatch.context() as patch:
        patch.setattr(prediction_file, "write_atomically", full)
        with pytest.raises(EnvironmentProblem, match="No space left on device") as error:
            predict(table, output)
    begun = call > 2  # before, no row was noted
    assert ("Then continue with --resume." in str(error.value)) == begun
    assert names(tmp_path) == {"in.csv", "out.csv.part", "out.csv.part.json"} if begun else {"in.csv"}
    predict(table, output, resume=begun)
    assert output.read_bytes() == expected


def test_a_finished_file_whose_note_was_left_is_complete(table: Path, tmp_path: Path) -> None:
    output, said = tmp_path / "out.csv", []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        predict(table, output)
    assert "out.csv.part.json" in names(tmp_path)
    assert predict(table, output, resume=True, said=said).texts == 0
    assert said == [f"{output} is complete already."]
    assert names(tmp_path) == {"in.csv", "out.csv"}
    with pytest.raises(BadInput, match="exists already"):
        predict(table, output, resume=True)


@pytest.mark.parametrize("system", ["no module", "no locks"])
def test_a_system_without_locks_writes_all_the_same(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    expected = undisturbed(table, tmp_path)
    if system == "no module":
        monkeypatch.setitem(sys.modules, "fcntl", None)
    else:
        fcntl = pytest.importorskip("fcntl")

        def fail(*arguments: Any) -> None:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        monkeypatch.setattr(fcntl, "flock", fail)
    predict(table, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == expected
    assert names(tmp_path) == {"in.csv", "out.csv"}


def test_what_a_killed_process_left_of_its_note_is_removed(table: Path, tmp_path: Path) -> None:
    interrupt(table, tmp_path / "out.csv")
    (note,) = [name for name in names(tmp_path) if name not in ("in.csv", "out.csv.part")]
    (tmp_path / f".{note}.12345.tmp").touch()
    (tmp_path / ".other.12345.tmp").touch()
    predict(table, tmp_path / "out.csv", resume=True)
    assert names(tmp_path) == {"in.csv", "out.csv", ".other.12345.tmp"}
