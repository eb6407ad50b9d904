"""tmeattn from Python."""

import pytest

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.runs.index import all_runs


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
    with pytest.raises(BadInput, match=r"got one string\. Give a list: predict\(\[text\]\)"):
        model.predict("a good film")
    for wrong, said in ((None, "NoneType"), (1, "int"), (b"a film", "bytes")):
        with pytest.raises(BadInput, match=f"Text 1 is of type {said}, not a string"):
            model.predict(["a film", wrong])


def test_paths_are_options(planted, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("text,label\n" + "".join(f"a {['bad', 'good'][i % 2]} film {i},{i % 2}\n" for i in range(30)))
    model = tmeattn.train("mean", **{**planted, "dataset": path, "vectors": "random"})
    assert model.classifier.run.options["dataset"] == str(path)
