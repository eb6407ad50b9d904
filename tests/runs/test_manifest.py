"""The manifest of an exported run: each file is named by it and fits it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmeattn.errors import BadInput
from tmeattn.files import to_json
from tmeattn.runs.manifest import MANIFEST, check_manifest, discard, manifest_of, set_entry


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    contents = {"run.json": b"{}", "meta.json": b"[]"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / MANIFEST).write_bytes(manifest_of(contents))
    check_manifest(tmp_path)
    return tmp_path


def damaged(folder: Path) -> str:
    """The file that does not fit."""
    with pytest.raises(BadInput, match="is damaged") as caught:
        check_manifest(folder)
    assert caught.value.hint == "Copy or export it again."
    return caught.value.message.removeprefix(f"The exported run {folder} is damaged: ").split()[0]


def test_a_file_that_is_changed_missing_or_not_named(exported: Path) -> None:
    (exported / "vocabulary.json").write_bytes(b"[]")
    assert damaged(exported) == "vocabulary.json"
    (exported / "vocabulary.json").unlink()
    (exported / "run.json").write_bytes(b"{ }")
    assert damaged(exported) == "run.json"
    (exported / "run.json").unlink()
    assert damaged(exported) == "run.json"
    discard(exported)
    check_manifest(exported)


def test_a_manifest_of_other_files_or_formats_is_damaged(exported: Path) -> None:
    for document in (
        {"format": 1, "files": {"other.json": "0" * 64}},
        {"format": 2, "files": {}},
        {"format": 1, "files": ["run.json"]},
    ):
        (exported / MANIFEST).write_bytes(to_json(document))
        assert damaged(exported) == MANIFEST


def test_a_run_whose_renaming_was_interrupted_stays_whole(exported: Path) -> None:
    set_entry(exported, "meta.json", None)
    for content in (b"[]", b"{}"):  # before and after the file was replaced
        (exported / "meta.json").write_bytes(content)
        check_manifest(exported)
    set_entry(exported, "meta.json", b"[]")
    assert damaged(exported) == "meta.json"
    set_entry(exported, "run.json", None)
    assert damaged(exported) == "run.json"
