"""The results of `tmeattn faithfulness` as they are shown and stored."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from tmeattn.faithfulness.results import (
    AgainstRandom,
    BoundsCount,
    Estimate,
    FaithfulnessResults,
    MethodResults,
    OperatorResults,
    SoftSettings,
    TwinComparison,
)
from tmeattn.faithfulness.stored import stored_results
from tmeattn.render.faithfulness import small_print, uniform_weights_test
from tmeattn.render.faithfulness_runs import faithfulness_of_runs


def results(twins: TwinComparison | None, no_twins: str | None = None) -> FaithfulnessResults:
    values: Any = ("k3f9", "lstm-attn", "imdb", 100, 20.0, 0.8, None, (), ())
    return FaithfulnessResults(*values, twins=twins, no_twins=no_twins)


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.03, "the attention weights matter for the accuracy"),
        (-0.03, -0.01, "the attention weights lower the accuracy"),
        (-0.01, 0.02, "uniform weights may be as accurate, so the attention weights may explain little"),
    ],
)
def test_the_interval_of_the_difference_decides(low: float, high: float, verdict: str) -> None:
    fields: Any = {
        "twin": "m2p7", "texts": 1000, "accuracy": 0.82, "twin_accuracy": 0.8, "low": low,
        "high": high,
    }  # fmt: skip
    assert uniform_weights_test(results(TwinComparison(**fields))) == (
        "82.00 %, and 80.00 % for a twin with uniform weights (m2p7), on 1,000 texts: +2.00 points "
        f"({100 * low:+.2f} to {100 * high:+.2f}): {verdict}"
    )


def test_without_a_twin_the_reason_stands_there() -> None:
    assert uniform_weights_test(results(None, "the model has no attention")) == "the model has no attention"
    assert uniform_weights_test(results(None)) == "–"


def test_results_survive_their_document() -> None:
    one = Estimate(0.5, 0.4, 0.6, 0.1, 0.0, 0.2)
    row = {name: AgainstRandom(one, one, 0.02, 0.04, None) for name in ("comprehensiveness", "sufficiency")}
    made = FaithfulnessResults(
        run="k3f9",
        model="mean",
        data="imdb",
        texts=9,
        words=20.0,
        accuracy=None,
        entropy=one,
        rows=(MethodResults("random", {"deletion": one}, 0.1),),
        passed_over=(("lime", "it is slow"),),
        twins=TwinComparison("m2p7", 9, 0.8, 0.7, 0.0, 0.2),
        no_twins=None,
        notes=("A note.",),
        bounds=BoundsCount(4, 1, 3, {"comprehensiveness": 0, "sufficiency": 1}, 2, 0.1),
        against_random=(OperatorResults("delete", 0.2, 50, 9, {"random": row}),),
        disagreements=("They disagree.",),
        soft=SoftSettings(0.5, 2, 1),
    )
    document = json.loads(json.dumps(made.document()))
    assert stored_results(document) == made
    new = ("bounds", "against_random", "disagreements", "soft", "name", "attention_tests")
    earlier = {name: value for name, value in document.items() if name not in new}
    assert stored_results(earlier).rows == made.rows


def test_what_is_not_bounded_is_told() -> None:
    values: Any = ("k3f9", "lstm-attn", "imdb", 100, 20.0, 0.8, None, (), (), None, None)
    flat = {"comprehensiveness": 1, "sufficiency": 0}
    bounds, soft = BoundsCount(60, 10, 50, flat, 7, 0.0123), SoftSettings(0.5, 2, 3)
    said = small_print(FaithfulnessResults(*values, bounds=bounds, soft=soft))
    assert "40 texts have no bounds (--limit-bounded 60)." in said
    assert said[-4].startswith("3 texts have no figure of soft erasure: zero vectors do not make")
    assert said[-3].startswith("The beam keeps 5 sets")
    assert said[-2].startswith("For 7 of 50 texts bounded by beam, the order of a method was outside of what the beam")
    assert said[-1] == "1 bounded text has no normalised comprehensiveness: every order of the words has the same."
    assert len(small_print(FaithfulnessResults(*values))) == 2


def test_five_runs_fit_a_narrow_terminal() -> None:
    def one(at: int) -> FaithfulnessResults:
        known = Estimate(0.5, 0.4, 0.6, 0.1, 0.05, 0.2)
        rows = [MethodResults(name, {"normalized_comprehensiveness": known}, 0.1) for name in ("x" * 20, "random")]
        values: Any = (f"k3f{at}", "lstm-attn", "imdb", 100, 20.0, 0.8, None, tuple(rows), (), None, None)
        return FaithfulnessResults(*values, name=f"my-run-{at}")

    console = Console(width=80, file=io.StringIO())
    console.print(faithfulness_of_runs([one(at) for at in range(5)]))
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    assert "…" not in drawn
    assert all(drawn.count(f"my-run-{at}") == 2 for at in range(5))
    assert drawn.count("0.500 ±.100") == 10
