"""What an unknown name's error says to do next."""

from __future__ import annotations

from typing import Any

import pytest

from tmeattn.errors import UnknownName, nearest


@pytest.mark.parametrize(
    ("known", "more", "hint"),
    [
        (["train", "test"], {}, "Did you mean train?"),
        (["one", "two"], {}, "There are one, two."),
        (["one"], {}, "There is one."),
        ([], {}, "None is installed."),
        (["one"], {"list_command": "tmeattn runs list"}, "List them with: tmeattn runs list"),
        (["one"], {"broken": ["x"]}, "There is one. 1 plugin is broken: x (see: tmeattn plugins doctor)."),
        (
            ["one"],
            {"list_command": "tmeattn models", "broken": ["x", "y", "x"]},
            "List them with: tmeattn models. 2 plugins are broken: x, y (see: tmeattn plugins doctor).",
        ),
    ],
)
def test_hint_of_an_unknown_name(known: list[str], more: dict[str, Any], hint: str) -> None:
    error = UnknownName("split", "trayn", known, **more)
    assert error.message == "There is no split named 'trayn'."
    assert error.hint == hint


def test_what_means_the_same_is_nearer_than_what_looks_alike() -> None:
    assert nearest("name", ["space", "study"], 3) == ["study"]
    assert nearest("learning_rate", ["training_rate", "lr"], 1) == ["lr"]
    assert nearest("gpu", ["device", "cpu"], 1) == ["device"]
    assert nearest("name", ["space", "same"], 3) == ["same"]  # where nothing means the same
