"""Checkpoints whose header is damaged, and the vocabulary that a checkpoint names."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from tmeattn.runs.checksums import verified_metadata, vocabulary_checksum


def checkpoint(header: bytes, tensors: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + tensors


def with_metadata(**metadata: Any) -> bytes:
    return checkpoint(json.dumps({"__metadata__": metadata}).encode())


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it has no header"),
        (checkpoint(b"[" * 100_000), "its header is nested too deeply"),
        (checkpoint(b"[]"), "it is not as long as its header says"),
        (checkpoint(b'{"a": {"data_offsets": [0, 4]}}'), "it is not as long as its header says"),
        (checkpoint(b'{"a": {"dtype": "F32"}}'), "its header is damaged"),
        (with_metadata(format=1), "its header is damaged"),
        (with_metadata(format="2"), "its checksum is missing"),
        (with_metadata(format="3", sha256="0" * 64), "its metadata are damaged"),
        (with_metadata(format="2", sha256="0" * 64), "its checksum is written in another way"),
        (checkpoint(b'{"__metadata__":{"format":"2","sha256":"' + b"0" * 64 + b'"}}'), "does not fit its checksum"),
    ],
)
def test_each_kind_of_damage_is_named(data: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        verified_metadata(data)


def test_the_best_or_newest_checkpoint_names_the_vocabulary(tmp_path: Path) -> None:
    assert vocabulary_checksum(tmp_path) == ""
    for name, progress in (("best", "{"), ("last", '{"step": 1}'), ("previous", '{"vocabulary": "f00"}')):
        (tmp_path / f"{name}.safetensors").write_bytes(with_metadata(format="1", progress=progress))
    assert vocabulary_checksum(tmp_path) == "f00"
    (tmp_path / "last.safetensors").write_bytes(with_metadata(format="1", progress='{"vocabulary": "ba5"}'))
    assert vocabulary_checksum(tmp_path) == "ba5"
    (tmp_path / "best.safetensors").write_bytes(with_metadata(format="1"))
    assert vocabulary_checksum(tmp_path) == "ba5"
