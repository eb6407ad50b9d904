"""Search spaces: what is read from `--space`, and what is refused before anything is made."""

from __future__ import annotations

import random

import pytest

from tmeattn.errors import BadInput
from tmeattn.registry import registry
from tmeattn.specs import ModelSpec
from tmeattn.sweep.space import Choice, Range, default_space, trial_options
from tmeattn.sweep.space_text import parse_space


def parsed(text: str, model: str = "query-attn", **fixed: object) -> Range | Choice:
    (dimension,) = parse_space(model, [text], {"alpha": 0.1} | fixed if model == "query-attn" else fixed)
    return dimension


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("lr=1e-4..1e-2:log", Range("lr", 1e-4, 1e-2, log=True)),
        (" --weight-decay = 0..0.5 ", Range("weight_decay", 0.0, 0.5)),
        ("dropout=0..0.5:0.1", Range("dropout", 0.0, 0.5, step=0.1)),
        ("dropout=0..0.45:step=0.1", Range("dropout", 0.0, 0.4, step=0.1)),
        ("epochs=2..9", Range("epochs", 2, 9, whole=True)),
        ("epochs=2..9:3", Range("epochs", 2, 8, step=3, whole=True)),
        ("batch_size=1e1..128:log", Range("batch_size", 10, 128, log=True, whole=True)),
        ("alpha-warmup=1..3:int", Range("alpha_warmup", 1, 3, whole=True)),
        ("value-hidden=0,64,128", Choice("value_hidden", (0, 64, 128))),
        ("lr=1e-3,0.01", Choice("lr", (1e-3, 0.01))),
        ("scaled", Choice("scaled", (True, False))),
        ("scaled=no,yes", Choice("scaled", (False, True))),
        ("optimizer", Choice("optimizer", ("adamw", "sgd"))),
        ("query-hidden=64|256,128", Choice("query_hidden", ("64", "256,128"))),
        ("vectors=random,glove-50d", Choice("vectors", ("random", "glove-50d"))),
    ],
)
def test_what_is_typed(text: str, dimension: Range | Choice) -> None:
    found = parsed(text)
    assert found == dimension
    assert [type(value) for value in vars(found).values()] == [type(value) for value in vars(dimension).values()]
    assert parsed(found.text) == found, "the text of a dimension is read again as the same"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lr=0..1:log", "begins above 0"),
        ("lr=-1..1", "--lr: must be greater than 0, got -1.0."),
        ("lr=1..1", "must rise"),
        ("lr=2..1", "must rise"),
        ("lr=1e-3..1e-2:log:0.1", "no step"),
        ("lr=1e-3..1e-2:lg", "'lg' is not log, int or the size of a step"),
        ("lr=1e-3..1e-2:log:log", "'log' is not log"),
        ("lr=0.1..0.5:0", "the step must be above 0"),
        ("lr=0.1..0.5:0.6", "at most the width"),
        ("lr=a..b", "'a' is no number"),
        ("lr=nan..1", "'nan' is no number"),
        ("lr=1..inf", "'inf' is no number"),
        ("lr=..", "'' is no number"),
        ("lr=1_0..20", "'1_0' is no number"),
        ("lr=", "has no values"),
        ("lr", "has no values"),
        ("lr=,", "has an empty value"),
        ("lr=0.1,,0.2", "has an empty value"),
        ("lr=0.1", "a single value"),
        ("lr=0.1,1e-1", "has a value twice"),
        ("=1..2", "the name of an option is missing"),
        ("", "the name of an option is missing"),
        ("lrr=1..2", "Did you mean lr?"),
        ("hiden-size=1..2", "is no option of the model 'query-attn'"),
        ("epochs=1.5..3", "'1.5' is no whole number"),
        ("epochs=0..3", "--epochs: must be at least 1, got 0."),
        ("dropout=0..1", "--dropout: must be less than 1, got 1.0."),
        ("scaled=1..2", "has no range. Its values: scaled=yes,no"),
        ("scaled=yes,maybe", "'maybe' is not yes or no"),
        ("optimizer=adamw,adm", "--optimizer"),
        ("query-hidden=0|8", "--query-hidden"),
        ("dataset=a,b", "dataset cannot be searched"),
        ("seed=1,2", "--seeds 3"),
        ("threads=1,2", "does not change what is learned"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        parsed(text)
    assert message in str(caught.value)
    assert "--space" in str(caught.value)


def test_an_option_twice_is_refused() -> None:
    with pytest.raises(BadInput, match="lr is given twice"):
        parse_space("mean", ["lr=1e-3..1e-2", "--lr=1,2"], {})


def test_combinations_decide_not_single_values() -> None:
    both = parse_space("mean", ["momentum=0..0.9", "optimizer"], {})
    assert trial_options({"alpha": 0.0}, {"momentum": 0.5, "optimizer": "adamw"}) == {
        "alpha": 0.0,
        "optimizer": "adamw",
    }
    assert trial_options({}, {"momentum": 0.5, "optimizer": "sgd"}) == {"momentum": 0.5, "optimizer": "sgd"}
    assert len(both) == 2
    with pytest.raises(BadInput, match="No values of the space can be trained: --alpha penalises"):
        parse_space("mean", ["alpha=0.1..0.2"], {})


def test_values_that_are_drawn_are_in_the_space() -> None:
    chance = random.Random(0)
    for text in ("lr=1e-4..1e-2:log", "dropout=0..0.5:0.1", "epochs=2..9:3", "batch-size=10..100:log", "scaled"):
        dimension = parsed(text)
        for _ in range(50):
            value = dimension.draw(chance)
            if isinstance(dimension, Range):
                assert dimension.low <= value <= dimension.high
                assert isinstance(value, int) == dimension.whole
                if dimension.step:
                    steps = (value - dimension.low) / dimension.step
                    assert steps == pytest.approx(round(steps))
            else:
                assert value in dimension.values


def test_every_built_in_model_has_a_space_of_its_own() -> None:
    for spec in registry().all(ModelSpec):
        if registry().plugin_of(spec).distribution == "tmeattn":
            assert len(parse_space(spec.name, default_space(spec.name), {})) >= 3


def test_options_that_are_given_leave_the_default_space() -> None:
    names = [dimension.name for dimension in parse_space("mean", default_space("mean", ["lr"]), {"lr": 0.1})]
    assert names == ["dropout", "input_dropout"]
    with pytest.raises(BadInput, match="nothing varies"):
        default_space("mean", ["lr", "dropout", "input_dropout"])


@pytest.mark.parametrize(
    ("model", "texts", "fixed", "said"),
    [
        ("mean", ["alpha=0,0.1"], {}, "--space: no trial with alpha 0.1 can be trained: --alpha penalises attention"),
        ("mean", ["alpha=0..0.1"], {}, "No values of the space can be trained: --alpha penalises attention"),
        ("mean", ["momentum=0,0.9"], {}, "--space: no trial with momentum 0.9 can be trained: --momentum 0.9 is an"),
        ("mean", ["alpha-warmup=1..3"], {}, "--space: alpha-warmup has no effect on the model 'mean': --alpha is 0."),
        ("mean", ["vector-size=50,100"], {"vectors": "glove-50d"}, "--space: vector-size has no effect on the model"),
        (
            "nb-logreg",
            ["ngrams=1,2", "lr=1e-3..1"],
            {},
            "--space: lr has no effect on the model 'nb-logreg': the model",
        ),
    ],
)
def test_what_would_fail_in_a_trial_or_change_nothing(
    model: str, texts: list[str], fixed: dict[str, object], said: str
) -> None:
    with pytest.raises(BadInput) as error:
        parse_space(model, texts, fixed)
    assert str(error.value).startswith(said)


def test_a_value_needs_only_one_fitting_partner() -> None:
    both = ["momentum=0,0.9", "optimizer=sgd,adamw"]
    assert [one.name for one in parse_space("mean", both, {})] == ["momentum", "optimizer"]
    assert parse_space("simple-attn", ["alpha=0,0.1", "alpha-warmup=0..2"], {"epochs": 4})
    assert parse_space("mean", ["alpha-warmup=1..3"], {}, stored=True)  # a study of an earlier version
