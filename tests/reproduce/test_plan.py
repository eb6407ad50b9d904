"""From targets to configurations, and which finished runs answer them."""

import json

import pytest

from tmeattn.errors import BadInput
from tmeattn.reproduce.plan import Settings, entries, overview
from tmeattn.reproduce.targets import Run, Target, Variant, all_targets, find_target
from tmeattn.run_config import resolve_run
from tmeattn.runs.creation import create
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.reuse import ReusableRuns, identity

ALPHAS = (
    Variant(label="alpha 0", options={"alpha": 0.0}),
    Variant(label="alpha 1", group="at once", options={"alpha": 1.0, "alpha_warmup": 0.0}),
    Variant(label="alpha 1", group="slowly", options={"alpha": 1.0}, warmup=0.5),
)
TARGET = Target(
    name="t", title="T", show=("table",), runs=(Run(label="s", model="simple-attn", report=80.0),), variants=ALPHAS
)
FINISHED = (
    '{"kind":"finished","step":10,"reason":"epochs","best_epoch":1,"best_accuracy":0.5,"seconds":1.0,"time":0.0}\n'
)


def only(target, **settings):
    return [row.configs[0].train for row in entries(target, Settings(**settings))]


def test_variants_change_every_run_and_warm_up_is_a_share_of_the_epochs():
    plain, at_once, slowly = only(TARGET, recipe="report")
    assert (plain.alpha, at_once.alpha, slowly.alpha) == (0, 1, 1)
    assert (at_once.alpha_warmup, slowly.alpha_warmup) == (0, 25)


def test_quick_takes_few_texts_of_the_modern_length_for_few_epochs():
    runs = only(TARGET, quick=True)
    assert [(t.epochs, t.alpha_warmup) for t in runs] == [(4, 0), (4, 0), (4, 2)]
    assert {(t.limit, t.max_length) for t in runs} == {(6000, 400)}
    assert {t.epochs for t in only(find_target("table2"), quick=True)} == {2}


def test_what_is_typed_beats_quick():
    assert {t.epochs for t in only(TARGET, quick=True, overrides={"epochs": "30"})} == {30}
    assert {t.limit for t in only(TARGET, quick=True, overrides={"limit": "9"})} == {9}
    assert {t.max_length for t in only(TARGET, quick=True, overrides={"max_length": 7})} == {7}


@pytest.mark.parametrize("name", [name for name, target in all_targets().items() if target.runs])
def test_the_quick_rows_of_a_target_have_the_same_validation_texts(name):
    assert len({train.limit for train in only(find_target(name), quick=True)}) == 1


def test_every_batch_is_logged_on_request_where_there_is_pooling_attention():
    target = TARGET.model_copy(update={"runs": (*TARGET.runs, Run(label="m", model="mean")), "variants": (Variant(),)})
    assert [train.batch_entropy for train in only(target, per_batch=True)] == [True, False]
    assert [train.batch_entropy for train in only(target)] == [False, False]


def test_a_longer_run_stays_longer_whatever_the_epochs():
    target = TARGET.model_copy(update={"runs": (Run(label="s", model="mean", longer=2.0),), "variants": (Variant(),)})
    epochs = [only(target, **more)[0].epochs for more in ({}, {"overrides": {"epochs": "3"}}, {"quick": True})]
    assert epochs == [100, 6, 8]


def test_overrides_win_and_are_validated():
    assert {t.max_length for t in only(TARGET, overrides={"max_length": "17"})} == {17}
    with pytest.raises(BadInput, match="--max-length"):
        entries(TARGET, Settings(overrides={"max_length": "-1"}))


def test_labels_and_reported_values():
    rows = entries(TARGET, Settings())
    assert [row.label for row in rows] == ["s, alpha 0", "s, alpha 1, at once", "s, alpha 1, slowly"]
    assert [row.report for row in rows] == [None, None, None]  # the report's 80 is of the run without variants
    assert entries(find_target("table1"), Settings())[0].report == pytest.approx(0.7455)


def test_identity_is_what_decides_the_weights():
    base = resolve_run("simple-attn", {})
    assert identity(base) == identity(resolve_run("simple-attn", {"threads": 1, "checkpoint_every": 7}))
    assert identity(base) == identity(resolve_run("simple-attn", {"alpha_warmup": 0}))  # no alpha to warm up
    for other in ({"seed": 1}, {"lr": 1.0}, {"alpha": 0.1}, {"dropout": 0.1}, {"limit": 100}):
        assert identity(base) != identity(resolve_run("simple-attn", other))
    assert identity(base) != identity(resolve_run("mean", {}))


@pytest.fixture
def existing_runs(isolated):
    """Two runs of one configuration, the older one finished; and one on other data."""
    config = resolve_run("mean", {})
    made = {}
    for name, fingerprint, log in (("done", "a", FINISHED), ("begun", "a", ""), ("foreign", "b", "")):
        data = {"fingerprint": fingerprint, "classes": ["x", "y"], "vectors": None, "vector_size": 1}
        made[name] = create(isolated / "runs", config, name=name, data=data)
        made[name].events_path.write_text(log)
        if log:
            (made[name].checkpoints / "best.safetensors").touch()
    return config, made


def test_a_finished_run_is_preferred_and_data_must_be_the_same(existing_runs):
    config, made = existing_runs
    found = ReusableRuns([made["begun"], made["done"], made["foreign"]])
    assert found.find(config) == made["done"]
    assert found.find(config, {"fingerprint": "a"}) == made["done"]
    assert found.find(config, {"fingerprint": "b"}) == made["foreign"]
    assert found.find(config, {"fingerprint": "c"}) is None
    assert ReusableRuns([made["begun"]]).find(config) == made["begun"]
    assert ReusableRuns([]).find(config) is None


def test_the_overview_counts_what_is_trained(existing_runs):
    _, made = existing_runs
    runs = list(made.values())
    target = Target(name="t", title="T", show=("curves",), runs=(Run(label="m", model="mean"),))
    (one,) = overview([target], Settings(recipe="modern", seeds=(0, 1)), runs)
    assert (one["name"], one["trained"], len(one["runs"])) == ("t", 1, 2)
    assert {run["seed"] for run in one["runs"]} == {0, 1}
    (report,) = overview([target], Settings(recipe="report"), runs)
    assert report["trained"] == 0


def test_warm_up_is_a_number_that_a_user_would_type():
    (row,) = entries(
        Target(name="t", title="T", runs=(Run(label="s", model="mean"),), variants=(Variant(label="w", warmup=0.4),)),
        Settings(overrides={"epochs": 8}),
    )
    assert row.configs[0].train.alpha_warmup == 3.2


def test_options_that_a_run_was_made_without_count_as_their_defaults(existing_runs, isolated):
    config, made = existing_runs
    older = config.model_dump(mode="json")
    del older["train"]["precision"], older["model_options"]["input_dropout"]
    (made["done"].path / "run.json").write_text(json.dumps({**made["done"].info, "config": older}))
    assert (
        ReusableRuns([RunDirectory(made["done"].path)]).find(resolve_run("mean", {"input_dropout": 0.0}))
        == made["done"]
    )
    foreign = {**older, "model": "of-a-plugin-that-is-gone"}
    (made["begun"].path / "run.json").write_text(json.dumps({**made["begun"].info, "config": foreign}))
    assert ReusableRuns([RunDirectory(made["begun"].path)]).find(config) is None
