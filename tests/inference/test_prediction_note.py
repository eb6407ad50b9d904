"""The note beside unfinished predictions: one that cannot be understood is as none."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tmeattn.inference.prediction_note import NOTE_VERSION, Note, note_checksum, read_note, state_of

ORIGIN = {"run": "k3f9"}
NOTE = Note(bytes=10, written=2, row=3, rows_hash="a", part_hash="b", size=1, changed=2, skip_bad=False)


def stored(path: Path, **changes: Any) -> Any:
    document = {"version": NOTE_VERSION, "origin": ORIGIN, "progress": asdict(NOTE), **changes}
    path.write_text(json.dumps(document))
    return read_note(path)


def test_a_note_comes_back(tmp_path: Path) -> None:
    assert stored(tmp_path / "note") == (ORIGIN, NOTE)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": NOTE_VERSION + 1},
        {"origin": None},
        {"progress": [1]},
        {"progress": {"bytes": 1}},
        {"progress": {**asdict(NOTE), "later": 1}},
        {"progress": {**asdict(NOTE), "bytes": -1}},
        {"progress": {**asdict(NOTE), "row": True}},
    ],
)
def test_what_is_no_note_is_none(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert stored(tmp_path / "note", **changes) is None
    assert read_note(tmp_path / "nothing") is None


def test_a_note_with_another_checksum_is_none(tmp_path: Path) -> None:
    checksum = note_checksum(ORIGIN, asdict(NOTE))
    assert stored(tmp_path / "note", checksum=checksum) == (ORIGIN, NOTE)
    assert stored(tmp_path / "note", checksum=checksum, progress={**asdict(NOTE), "written": 1}) is None
    assert stored(tmp_path / "note", checksum=checksum, origin={"run": "k3f8"}) is None


def test_only_a_regular_file_has_a_state(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    size, changed = state_of(tmp_path / "file")
    assert (size, changed) == (3, (tmp_path / "file").stat().st_mtime_ns)
    for odd in (tmp_path, tmp_path / "nothing", Path("a\0b")):
        assert state_of(odd) == (None, None)
