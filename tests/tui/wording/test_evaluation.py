"""The line above the panes of an evaluation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tmeattn.tui.wording.evaluation import summary


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (50, "demo  accuracy 82.5 % (95 %: 81.4 to 83.5 %)"),
        (62, "demo  accuracy 82.5 % (95 %: 81.4 to 83.5 %, 5,021 texts)"),
        (78, "demo  accuracy 82.5 % (95 %: 81.4 to 83.5 %, 5,021 texts)  macro-F1 82.4 %"),
    ],
)
def test_the_summary_says_what_the_interval_is_and_of_how_many_texts(room: int, said: str) -> None:
    run: Any = SimpleNamespace(name="demo", id="aaaa-mean")
    result: Any = {
        "accuracy": 0.825,
        "accuracy_interval": (0.814, 0.835),
        "texts": 5021,
        "dataset": "imdb-25k",
        "split": "validation",
        "macro_f1": 0.824,
        "calibration_error": 0.02,
    }
    assert summary(run, result, room).plain == said
