"""The sentence on a difference that is reversed."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from tmeattn.reproduce import differences
from tmeattn.reproduce.differences import _sentence
from tmeattn.reproduce.results import Context, Difference


@pytest.mark.parametrize(
    "pair",
    [
        Difference("mean", "attention", -0.02, -0.03, -0.01, 0.015),
        Difference("attention", "mean", 0.02, 0.01, 0.03, -0.015),  # the same rows in the other order
    ],
)
def test_the_higher_row_of_the_report_comes_first(pair: Difference) -> None:
    assert pair.reversed
    assert pair.significant
    context = Context("report", "texts", "validation", 4, "glove", (0, 1), None, quick=False)
    sentence = "Reversed: attention is 1.50 points above mean in the report, 2.00 below it here (1.00 to 3.00"
    assert _sentence(pair, context) == f"{sentence})."
    assert _sentence(pair, dataclasses.replace(context, seeds=(0,))) == f"{sentence}, over texts, one seed)."


def _compared(monkeypatch: pytest.MonkeyPatch, *, quick: bool) -> list[tuple[str, str]]:
    """Compare two rows that learned with one at chance between them."""
    hits = {"first": [1, 1, 1, 0], "chance": [1, 0, 1, 0], "last": [1, 1, 1, 1]}
    rows = [SimpleNamespace(label=name, report=None, at_chance=name == "chance") for name in hits]
    monkeypatch.setattr(differences, "_correct", lambda name, *_: np.array(hits[name], dtype=bool))
    context = Context("report", "texts", "validation", 4, "glove", (0,), None, quick=quick)
    found, _ = differences.compare([(None, [name]) for name in hits], rows, context, device="cpu", narrate=print)
    return [(each.above, each.label) for each in found]


def test_a_shortened_run_at_chance_is_compared_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _compared(monkeypatch, quick=False) == [("first", "chance"), ("chance", "last")]
    assert _compared(monkeypatch, quick=True) == []
