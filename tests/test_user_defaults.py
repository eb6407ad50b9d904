"""The file of the user's defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from tmeattn.errors import BadInput
from tmeattn.user_defaults import load_defaults


def test_without_a_file_there_are_none(isolated: Path) -> None:
    assert load_defaults() == {}
    isolated.write_text("a file in the place of the folder")
    assert load_defaults() == {}


def test_numbers_become_text(isolated: Path) -> None:
    isolated.mkdir()
    (isolated / "config.toml").write_text('dataset = "imdb"\nthreads = 2\n')
    assert load_defaults() == {"dataset": "imdb", "threads": "2"}


def test_what_cannot_be_read_is_named(isolated: Path) -> None:
    path = isolated / "config.toml"
    path.mkdir(parents=True)
    with pytest.raises(BadInput) as caught:
        load_defaults()
    assert caught.value.message == f"Your defaults: {path} cannot be read: it is not a regular file."
