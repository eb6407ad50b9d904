"""`train --init RUN`: a run starts from the weights and the words of another."""

import shutil

import pytest
import torch
from safetensors.torch import load_file

import tmeattn
from tmeattn.data.first_words import first_words
from tmeattn.errors import BadInput
from tmeattn.models.building import build_model
from tmeattn.run_config import resolve_run
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.runs.init_options import with_init
from tmeattn.runs.lineage import lineage, parent_of
from tmeattn.runs.portable import export
from tmeattn.specs import Space
from tmeattn.training.initial import open_initial
from tmeattn.training.session import resume, start

WORD = "model.embedding.weight"


@pytest.fixture
def news(tmp_path):
    """Texts with known words and with the new words "splendid" and "dreadful"."""
    table = tmp_path / "news.csv"
    rows = ["a splendid good film,positive", "a dreadful bad film,negative", "splendid,positive", "dreadful,negative"]
    table.write_text("text,label\n" + "\n".join(rows * 10) + "\n")
    return table


def options(news, run, **more):
    return {"dataset": str(news), "init": run.id, "min_count": 1, "epochs": 2, "threads": 1, "device": "cpu", **more}


def tensors(run, name="last"):
    return load_file(run.checkpoints / f"{name}.safetensors")


class Killed(BaseException):
    pass


def kill(event):
    if event["kind"] == "checkpoint":
        raise Killed


def newest(*others):
    from tmeattn.runs.index import all_runs

    return next(run for run in all_runs() if run.id not in {other.id for other in others})


def test_known_words_keep_their_vectors_and_the_parent_is_not_needed_any_more(trained, news):
    lines = []
    whole = start("simple-attn", options(news, trained), narrate=lines.append)
    with pytest.raises(Killed):  # after the checkpoint of step 0
        start("simple-attn", options(news, trained), listeners=[kill])
    run = newest(trained, whole)
    old, begun = tensors(trained, "best"), tensors(run)
    size = len(old[WORD])
    words = first_words(run)
    assert words is not None
    assert len(words) == size
    assert torch.equal(begun[WORD][:size], old[WORD])
    assert all(torch.equal(begun[name], old[name]) for name in old if name.startswith("model.") and name != WORD)
    added = tmeattn.load(whole.id).classifier.vocabulary.words[size:]
    assert {"splendid", "dreadful"} <= set(added)
    assert any(f"{size} words of {size + len(added)}" in line and f"{len(added)} new" in line for line in lines)

    origin = run.info["init"]
    assert (origin["run"], origin["epoch"], origin["new_head"]) == (trained.id, find_epoch(trained), False)
    assert lineage(trained).children[0].id in (whole.id, run.id)
    shutil.rmtree(trained.path)
    (parent,) = lineage(run).parents
    assert (parent.id, parent.exists) == (trained.id, False)
    resume(run)
    for name in ("last", "best"):
        one, two = tensors(run, name), tensors(whole, name)
        assert one.keys() == two.keys()
        assert all(torch.equal(one[key], two[key]) for key in one)
    assert tmeattn.load(run.id).evaluate("validation")["texts"] > 0
    run.vocabulary_path.write_text("[]")
    with pytest.raises(BadInput, match=f"has from the run {trained.id} cannot be read"):
        resume(run)


def find_epoch(run):
    return max(event["epoch"] for event in run.events("epoch") if event["best"])


def test_a_damaged_vocabulary_is_rebuilt_with_the_words_of_the_parent(trained, news):
    run = start("simple-attn", options(news, trained))
    content = run.vocabulary_path.read_bytes()
    run.vocabulary_path.write_text("[")
    resume(run)
    assert run.vocabulary_path.read_bytes() == content


def test_a_model_of_python_and_an_exported_run_pass_on_their_weights(trained, news, tmp_path):
    export(trained, tmp_path / "old.zip")
    one = tmeattn.train("simple-attn", dataset=str(news), init=tmeattn.load(trained.id), threads=1, epochs=1)
    path = str(tmp_path / "old.zip")
    other = start("simple-attn", options(news, trained, init=path))
    assert one.classifier.run.info["init"]["weights"] == other.info["init"]["weights"]
    assert other.config["train"]["init"] == path
    shutil.rmtree(trained.path)
    assert parent_of(other) is not None
    assert lineage(other).parents[0].exists
    moved = RunDirectory(export(other, tmp_path / "copy"))
    assert moved.info["init"] == other.info["init"]


def loaded(run, classes, **more):
    """A model that was built for other classes, as it was built and with the weights of a run."""
    config = resolve_run("simple-attn", with_init("simple-attn", {"init": run.id, **more}))
    initial = open_initial(config)
    torch.manual_seed(1)
    size = len(initial.vocabulary) + 3
    model = build_model(config, Space(size, len(classes), run.data["vector_size"]))
    built = {name: value.clone() for name, value in model.state_dict().items()}
    initial.load_into(model, classes)
    return built, model.state_dict(), initial.notes(classes)


def test_classes_in_another_order_keep_their_weights(trained):
    _, state, notes = loaded(trained, ["positive", "negative"])
    old = tensors(trained, "best")
    for name in ("classify.linear.weight", "classify.linear.bias"):
        assert torch.equal(state[name], old[f"model.{name}"].flip(0))
    assert not any("anew" in note for note in notes)


@pytest.mark.parametrize("classes", [["a", "b"], ["negative", "neutral", "positive"], ["negative"]])
def test_another_set_of_classes_has_a_new_head(trained, classes):
    built, state, notes = loaded(trained, classes)
    old = tensors(trained, "best")
    changed = {name for name in built if not torch.equal(built[name], state[name])}
    assert not {name for name in changed if name.startswith("classify")}
    assert torch.equal(state["attend.query_D"], old["model.attend.query_D"])
    assert torch.equal(state["embedding.weight"][-3:], built["embedding.weight"][-3:])
    (note,) = [note for note in notes if "anew" in note]
    assert "negative, positive" in note


def test_the_options_of_the_architecture_are_those_of_the_run(trained):
    options = with_init("simple-attn", {"init": trained.id, "dataset": "imdb-25k", "dropout": 0.4})
    assert (options["max_length"], options["vectors"], options["vector_size"]) == (12, "random", 8)
    assert options["dropout"] == 0.4
    assert "lr" not in options
    assert with_init("simple-attn", options) == options
    assert with_init("simple-attn", {"init": trained.id})["dataset"] == "planted"
    assert any("--dropout 0.4" in note for note in loaded(trained, ["negative", "positive"], dropout=0.4)[2])


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        ("mean", {}, "the model of that run is simple-attn, not mean"),
        ("simple-attn", {"init": "nothing"}, "nothing"),
        ("simple-attn", {"tokenizer": "whitespace"}, "--tokenizer whitespace: the words of the run"),
        ("simple-attn", {"vector_size": 9}, "--vector-size 9: the word vectors of the run"),
        ("simple-attn", {"vectors": "vectors.txt"}, "have 3 dimensions, and the words of the run .* have 8"),
    ],
)
def test_what_contradicts_the_run_is_one_line(trained, news, model, given, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "vectors.txt").write_text("a 1 2 3\nfilm 1 2 3\n")
    with pytest.raises(BadInput, match=message) as caught:
        start(model, options(news, trained, **given))
    assert "\n" not in str(caught.value)
    assert [run.name for run in (tmp_path / "home" / "runs").iterdir()] == [trained.id]


def test_another_width_than_that_of_the_run_is_one_line(planted, news):
    run = start("lstm-attn", {**planted, "hidden_size": 8})
    with pytest.raises(BadInput, match=r"--hidden-size 9: the weights of the run .* are for --hidden-size 8"):
        start("lstm-attn", options(news, run, hidden_size=9))


def test_a_run_without_weights_and_a_fitted_model_are_one_line(planted, trained, news):
    (trained.checkpoints / "best.safetensors").unlink()
    with pytest.raises(BadInput, match="no weights yet") as caught:
        start("simple-attn", options(news, trained))
    assert f"tmeattn resume {trained.id}" in caught.value.hint
    fitted = start("nb-logreg", planted)
    with pytest.raises(BadInput, match="it cannot start from a run"):
        start("nb-logreg", options(news, fitted))


def test_weights_that_changed_before_the_first_checkpoint(planted, trained, news):
    def kill_at_once(event):
        raise Killed

    with pytest.raises(Killed):
        start("simple-attn", options(news, trained), listeners=[kill_at_once])
    run = newest(trained)
    assert not run.has_checkpoint()
    shutil.copy(trained.checkpoints / "last.safetensors", trained.checkpoints / "best.safetensors")
    with pytest.raises(BadInput, match="whose weights have changed since"):
        resume(find_run(run.id))
