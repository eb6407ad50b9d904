"""The filter of lists of runs: what fits, and what a wrong one says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from tmeattn.runs.filtering import LONGEST, FilterError, RunValues, parse_filter

NOW = datetime(2026, 11, 26, 12).timestamp()
RUN = RunValues(
    id="k3f9-lstm-attn", name="my run", state="finished", model="lstm-attn", dataset="imdb-25k", recipe="modern",
    alpha=0.05, seed=3, limit=None, epoch=5, epochs=5, accuracy=0.8642, loss=0.3312, seconds=130.0,
    created=datetime(2026, 11, 25, 18).timestamp(), tags=("Paper", "v2"), study=None, trial=None,
)  # fmt: skip


def fits(text: str, run: RunValues = RUN) -> bool:
    return parse_filter(text, NOW).fits(run)


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "LSTM", "my", '"my run"', "alpha 0.05", "k3f9 finished", "paper", "-gru", "l*attn", "-x*y",
        "model:lstm", "model=lstm-attn", "model:l*n", "model!=gru", "model:gru,lstm", "-model:gru", "data:imdb",
        'name:"my run"', "name:'my run'", r'name!="my \"run"', "id:k3", "recipe:modern", "Model:LSTM",
        "acc>86", "acc>86%", "acc>0.86", "accuracy<=86.42", "acc:86.4", "best!=86.5", "loss<0.34", "loss:0.33",
        "seed:3", "seed:1,3", "seed!=1", "alpha=0.05", "alpha:5e-2", "epoch>=5", "limit:none", "trial:none",
        "tag:paper", "tag:PAPER,x", "-tag:draft", "tags!=draft", "state:finished", "state:fin", "-state:failed",
        "time>2min", "time<=130s", "time<0.5h", "age<1d", "age>17h", "date:2026", "date:2026-11", "date:2026-11-25",
        "date:yesterday", "date<today", "date>=2026-11-25", "date<=2026-11-25", "date>2026-11-24", "-date:today",
        "model:lstm acc>86 tag:paper state:finished my",
    ],
)  # fmt: skip
def test_what_the_run_fits(text):
    assert fits(text)


@pytest.mark.parametrize(
    "text",
    [
        "gru", "-lstm", "model=lstm", "model:gru", "model!=lstm-attn", "tag:pap", "tag:draft", "acc>86.42", "acc<86",
        "acc>0.87", "loss:0.34", "limit:2000", "limit>5", "trial<3", "sweep:a", "seed:1,2", "time<2min", "age>1d",
        "date:2026-10", "date>2026-11-25", "date<2026-11-25", "date!=2026", "state:failed", "-tag:paper",
        "model:lstm acc>87",
    ],
)  # fmt: skip
def test_what_it_does_not_fit(text):
    assert not fits(text)


def test_a_run_without_a_value_fits_no_comparison_with_it():
    new = replace(RUN, accuracy=None, name=None, state="created")
    assert not fits("acc>0", new)
    assert not fits("acc<100", new)
    assert fits("acc:none", new)
    assert fits("acc!=86", new)
    assert fits("state:new", new)
    assert not fits("name:my", new)


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("acc>>86", 5, "'>86' is no number"),
        ("mine mdoel:lstm", 6, "no field 'mdoel'. Did you mean model?"),
        ("a://b", 1, "no field 'a'"),
        ("zzqq:1", 1, "Fields: name"),
        ("state:finishd", 7, "no state 'finishd'"),
        ('name:"my run', 6, "has no end"),
        ('x "', 3, "has no end"),
        (">3", 1, "no field before >"),
        ("acc>", 5, "acc> has no value"),
        ("tag:,", 5, "has no value"),
        ("acc>nan", 5, "no number"),
        ("acc>1e999", 5, "no number"),
        ("seed:1_0", 6, "no number"),
        ("acc>none", 5, "none cannot be compared"),
        ("time<10", 6, "needs a number and one of"),
        ("age<x", 5, "'x' is no age"),
        ("date:2026-13", 6, "no date"),
        ("date:9999-12-31", 6, "no date"),
        ("model>3", 7, "cannot be compared by >"),
        ("x" * (LONGEST + 1), LONGEST + 1, "longer than"),
    ],
)
def test_a_wrong_filter_is_one_line_that_names_the_character(text, position, words):
    with pytest.raises(FilterError) as caught:
        parse_filter(text, NOW)
    assert caught.value.position == position
    assert str(caught.value).startswith(f"Character {position} of the filter: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_field_or_value_is_a_pattern_or_code():
    assert not fits("model:.*")
    assert not fits("model:[l]stm*")
    assert fits("name:[x]*", replace(RUN, name="[x] y"))
