"""Fixtures of streaming predictions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmeattn.inference import streaming


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven texts in a chunk, so that a small file has several."""
    monkeypatch.setattr(streaming, "CHUNK", 7)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of 30 texts in two columns."""
    path = tmp_path / "in.csv"
    path.write_text("text,other\n" + "".join(f"text {row},text {row} too\n" for row in range(30)))
    return path
