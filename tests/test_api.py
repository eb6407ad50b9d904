"""tmeattn from Python."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.runs.index import all_runs
from tmeattn.runs.watched_texts import added_texts


def test_a_taken_or_unusable_name_is_refused_before_training(planted):
    tmeattn.train("mean", name="mine", **planted)
    for name, said in (("mine", "Another run is named 'mine' already"), ("a/b", "cannot be a run's name")):
        with pytest.raises(BadInput, match=said):
            tmeattn.train("mean", name=name, **planted)
    assert [run.name for run in all_runs()] == ["mine"]


def test_what_is_no_list_of_strings_is_refused(planted):
    model = tmeattn.train("mean", **planted)
    assert len(model.predict(text for text in ("a good film", "a bad film"))) == 2
    assert model.predict([]) == []
    for wrong, said in ((None, "NoneType"), (1, "int"), (b"a film", "bytes")):
        with pytest.raises(BadInput, match=f"Text 1 is of type {said}, not a string"):
            model.predict(["a film", wrong])


def test_paths_are_options(planted, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("text,label\n" + "".join(f"a {['bad', 'good'][i % 2]} film {i},{i % 2}\n" for i in range(30)))
    model = tmeattn.train("mean", **{**planted, "dataset": path, "vectors": "random"})
    assert model.classifier.run.options["dataset"] == str(path)


@pytest.fixture
def model(trained):
    return tmeattn.load(trained.path)


def test_one_text_has_one_prediction_and_a_column_one_for_each(model):
    import pandas
    import polars

    one = model.predict("a good film")
    assert (one.label, one.probability) == ("positive", one.probabilities["positive"])
    texts = ["a good film", "a bad film"]
    expected = [one, model.predict("a bad film")]
    table = {"text": texts}
    columns = [texts, tuple(texts), pandas.DataFrame(table, index=[7, 7])["text"], polars.DataFrame(table)["text"]]
    columns += [np.array(texts), np.array(texts, dtype=object), pandas.Series(texts, dtype="string"), iter(texts)]
    for column in columns:
        found = model.predict(column)
        assert [each.label for each in found] == ["positive", "negative"]
        assert [each.probability for each in found] == pytest.approx([each.probability for each in expected])
    assert model.predict_proba(texts).shape == (2, 2)
    assert model.predict_proba("a good film").shape == (2,)
    assert model.predict_proba(texts).sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("function", ["predict", "predict_proba", "explain"])
def test_what_is_no_text_is_one_clear_line(model, function, tmp_path):
    import pandas
    import polars

    table = pandas.DataFrame({"text": ["good"], "label": ["x"]})
    for wrong, said in (
        ("", "The text is empty"), (" \n", "The text is empty"), (["good", "\t"], "Text 1 is empty"),
        (b"good", r'bytes\. Decode them: data\.decode\("utf-8"\)'), ({"text": "good"}, "a mapping"),
        (table, r"a table with the columns text, label. Give one of its columns: \w+\(table\['text'\]\)"),
        (table.to_numpy(), "2 dimensions"), (7, "an object of type int. Give a list"), (None, "None"),
        (tmp_path, "predict_file classifies the rows of a file"), ([["good"]], "Text 0 is of type list"),
        ({"good", "bad"}, r"texts in order, and got a set, which has none. Give a list: \w+\(sorted"),
        (polars.DataFrame({"body": ["good"]}).lazy(), r"not computed yet\. .*\(frame\.collect"),
        (polars.DataFrame({"body": ["good"]}), r"the columns body\. .*: \w+\(table\['body'\]\)"),
        (polars.col("text"), "an object of type Expr. Give a list of strings"),
        (np.array("good"), r"0 dimensions\. Give its text: array\.item"),
        (np.array([b"good"]), r"of type bytes_, not a string\. Decode it"),
        (pandas.Series(["good", None]), "Text 1 is of type .*A missing value is no text"),
        (pandas.Series(["good", pandas.NA], dtype="string"), "Text 1 is of type NAType.*A missing value"),
        ([float("nan")], "Text 0 is of type float, not a string. A missing value"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            getattr(model, function)(wrong)
    with pytest.raises(BadInput, match="load takes the id, name or path of a run, and got an object of type int"):
        tmeattn.load(3)
    with pytest.raises(BadInput, match="train takes the name of a model"):
        tmeattn.train(["mean"])


def test_explanations_of_several_texts_and_methods(model):
    assert model.explain("a good film").method == "attention"
    found = model.explain(["a good film", "bad"], method=["attention", "leave-one-out"])
    assert isinstance(found, tmeattn.Explanations)
    assert [(each.text, each.method) for each in found] == [
        (text, method) for text in ("a good film", "bad") for method in ("attention", "leave-one-out")
    ]
    assert len(model.explain("good", method=["uniform"])) == 1
    assert model.explain([]) == []
    with pytest.raises(BadInput, match=r"no class 'x'\. Its classes are negative, positive"):
        model.explain("good", target="x")
    for wrong in (3, ["lime", 3], {"lime"}):
        with pytest.raises(BadInput, match=r"takes the name of a method, and got an object of type (int|set)"):
            model.explain("good", method=wrong)
    with pytest.raises(BadInput, match="empty list of methods"):
        model.explain("good", method=[])


def test_texts_with_labels_are_evaluated(model):
    texts, labels = ["a good film", "a bad film", "good", "what"], ["positive", "negative", "Positive", "other"]
    found = model.evaluate(texts, labels)
    assert (found["texts"], found["accuracy"], found["dataset"]) == (3, 1.0, "given texts")
    assert "1 text is left out" in " ".join(found["notes"])
    assert model.evaluate(["x y", "good"], [0, 1], map_labels={"0": "negative", "1": "positive"})["texts"] == 2
    for arguments, said in (
        ((["good"],), "needs the labels"), ((["good"], ["a", "b"]), "1 text and 2 labels"), (([], []), "no text"),
        (("validation", ["positive"]), "only with a list of texts"), ((["good"], ["x"]), "No label of the given texts"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=said):
            model.evaluate(*arguments)


def test_values_of_a_wrong_type_are_one_clear_line(model, planted, tmp_path):
    for call, said in (
        (lambda: tmeattn.load(device="gpu"), "no device named 'gpu'"),
        (lambda: tmeattn.load(device=3), "the name of a device, and got an object of type int"),
        (lambda: tmeattn.load("best", dataset=tmp_path), "the name of a dataset"),
        (lambda: tmeattn.train("mean", name=3, **planted), "the name of the run"),
        (lambda: tmeattn.train("mean", listeners=[3], **planted), "listeners that can be called, and got .* int"),
        (lambda: tmeattn.train("mean", trackers=None, **planted), "takes trackers, and got None. Give a list."),
        (lambda: tmeattn.train("mean", trackers="x", **planted), "no tracker named 'x'"),
        (lambda: tmeattn.train("mean", watch_texts=["good", ""], **planted), "Text 1 is empty"),
        (lambda: model.explain("good", target=1), "the name of a class, and got an object of type int"),
        (lambda: model.explain("good", true_label="x"), "no class 'x'"),
        (lambda: model.explain("good", layer="1"), "the number of a layer and of a head"),
        (lambda: model.evaluate(3), "takes texts, and got an object of type int"),
        (lambda: model.evaluate(texts="some"), "texts='all' or texts='sample', not 'some'"),
        (lambda: model.evaluate(map_labels=["a"]), "map_labels as a mapping, and got an object of type list"),
        (lambda: model.evaluate(shuffle_words=True, shuffle_seed="1"), "shuffle_seed as a whole number"),
        (lambda: model.evaluate(dataset=3), "the name or the path of a dataset"),
        (lambda: model.predict_file(3, "x.csv"), "the paths of two files"),
        (lambda: model.predict_file("x.csv", "y.csv", format="doc"), "no format named 'doc'"),
        (lambda: model.save(3), "the path of a folder or a file"),
        (lambda: model.save(""), "got an empty string"),
        (lambda: tmeattn.load(str(tmp_path / "none.onnx")), r"There is no file .*none\.onnx"),
    ):
        with pytest.raises(BadInput, match=said):
            call()


def test_one_string_or_function_stands_for_a_list_of_one(planted):
    events = []
    model = tmeattn.train("mean", watch_texts="a good film", listeners=events.append, **planted)
    assert events[0]["kind"] == "started"
    assert [text["text"] for text in added_texts(model.classifier.run)] == ["a good film"]


def test_what_is_printed_is_short(model):
    shown = repr(model.explain("a good film", method="attention"))
    assert shown.startswith("<Explanation of 'a good film': positive 0.")
    assert ", attention: good 0." in shown
    assert len(repr(model.explain("good " * 1000))) < 200


def test_history_and_a_saved_run(model, tmp_path):
    history = model.history
    assert history["epoch"].to_list() == list(range(1, 41))
    assert {"train_loss", "validation_accuracy", "validation_entropy", "learning_rate"} <= set(history.columns)
    assert history["validation_accuracy"].max() > 0.9
    for name in ("folder", "run.zip"):
        written = model.save(tmp_path / name)
        loaded = tmeattn.load(written)
        assert loaded.predict("a good film") == model.predict("a good film")
        assert loaded.history.equals(history)
    with pytest.raises(BadInput, match="exists already"):
        model.save(tmp_path / "run.zip")
    assert model.save(str(tmp_path / "run.zip"), force=True).is_file()
    assert "simple-attn" in repr(model)


def test_threads_share_a_model_and_trainings_follow_one_another(model, planted):
    expected = model.predict_proba(["a good film", "bad"])
    with ThreadPoolExecutor(4) as threads:
        jobs = [threads.submit(model.predict_proba, ["a good film", "bad"]) for _ in range(8)]
        jobs += [threads.submit(model.explain, "a good film", method="lime") for _ in range(2)]
        trained = [threads.submit(tmeattn.train, "mean", seed=1, **planted) for _ in range(2)]
        assert all((job.result() == expected).all() for job in jobs[:8])
        assert jobs[8].result().words == jobs[9].result().words
    first, second = (job.result().predict_proba("a good film") for job in trained)
    assert first.tolist() == second.tolist(), "one random state, two trainings"


def test_dir_and_version():
    assert {"load", "train", "Model", "Explanations", "errors", "sklearn", "__version__"} <= set(dir(tmeattn))
    assert tmeattn.__version__.count(".") >= 1


def test_the_types_of_user_code_are_those_of_the_program(model):
    """mypy checks the file with the package."""
    from support import user_code

    user_code.use(str(model.classifier.run.path))
