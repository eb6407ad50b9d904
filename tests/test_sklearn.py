"""The estimator of scikit-learn."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import estimator_checks

import tmeattn
from tmeattn.runs.index import all_runs
from tmeattn.sklearn import InvalidInput, TmeattnClassifier

OPTIONS: dict[str, Any] = {
    "vectors": "random", "vector_size": 8, "epochs": 4, "batch_size": 8, "lr": 0.1, "threads": 1, "max_length": 8,
}  # fmt: skip
TEXTS = [f"a {'good' if at % 2 else 'bad'} film {at}" for at in range(40)]
LABELS = [at % 2 for at in range(40)]


@pytest.fixture(scope="module")
def fitted() -> TmeattnClassifier:
    return TmeattnClassifier("simple-attn", **OPTIONS).fit(TEXTS, LABELS)


def test_fit_predict_and_score_leave_no_run_behind(fitted: TmeattnClassifier) -> None:
    assert fitted.classes_.tolist() == [0, 1]
    assert fitted.predict(["a good film", "a bad film"]).tolist() == [1, 0]
    probabilities = fitted.predict_proba(np.array(TEXTS, dtype=object))
    assert probabilities.shape == (40, 2)
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert fitted.predict(np.array(TEXTS)[:, None]).shape == (40,)
    assert fitted.score(TEXTS, LABELS) > 0.9
    column = TmeattnClassifier("mean", **{**OPTIONS, "epochs": 1}).fit(TEXTS, np.array(LABELS)[:, None])
    assert column.classes_.tolist() == [0, 1]
    assert fitted.explain(["a good film"])[0].predicted_label == "1"
    assert len(fitted.model_.history) == 4
    assert all_runs() == []


def test_a_pickled_estimator_predicts_the_same(fitted: TmeattnClassifier) -> None:
    copy = pickle.loads(pickle.dumps(fitted))
    assert copy.predict_proba(TEXTS).tolist() == fitted.predict_proba(TEXTS).tolist()
    assert copy.get_params() == fitted.get_params()
    assert clone(copy).get_params() == fitted.get_params()
    assert not hasattr(clone(copy), "model_")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["no", "yes"], ["no", "yes"]),
        ([False, True], ["False", "True"]),
        ([1.0, 2.0], ["1.0", "2.0"]),
        (["a", "A"], ["class 0", "class 1"]),
        (["", " x"], ["class 0", "class 1"]),
    ],
)
def test_labels_of_any_kind_come_back(labels: list[Any], names: list[str]) -> None:
    from tmeattn.sklearn import _class_names

    classes = np.unique(np.asarray(labels))
    assert _class_names(classes) == [names[labels.index(label)] for label in classes.tolist()] or set(names) == set(
        _class_names(classes)
    )


def test_pipelines_cross_validation_and_a_grid() -> None:
    model = TmeattnClassifier("mean", **{**OPTIONS, "epochs": 3, "seed": 1})
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    pipeline = Pipeline([("lower", lower), ("model", model)])
    assert cross_val_score(pipeline, np.array(TEXTS), np.array(LABELS), cv=2).mean() > 0.9
    grid = GridSearchCV(pipeline, {"model__lr": [1e-9, 0.1]}, cv=2, refit=False).fit(TEXTS, LABELS)
    assert grid.best_params_ == {"model__lr": 0.1}


def test_estimator_checks_that_make_sense_for_texts() -> None:
    """The others make numeric data."""
    for name in (
        "check_no_attributes_set_in_init", "check_get_params_invariance", "check_set_params",
        "check_parameters_default_constructible", "check_estimator_repr", "check_estimator_cloneable",
        "check_do_not_raise_errors_in_init_or_set_param", "check_estimator_tags_renamed", "check_valid_tag_types",
    ):  # fmt: skip
        if (check := getattr(estimator_checks, name, None)) is not None:
            check("TmeattnClassifier", TmeattnClassifier("mean"))


@pytest.mark.parametrize(
    ("texts", "labels", "options", "said"),
    [
        (["good", ""], [0, 1], {}, "Text 1 is empty"),
        (["good", None], [0, 1], {}, "Text 1 is of type NoneType"),
        ("good", [0], {}, "takes several texts"),
        (["good", "bad"], [0], {}, "X has 2 texts, and y 1"),
        (["good", "bad"], [1, 1], {}, "y has 1 class"),
        (["good", "bad"], [0.5, 1.7], {}, "Unknown label type"),
        (["good", "bad"], ["1", 2], {}, "y has labels of several types: label 0 is a string, label 1 is none"),
        (["good", "bad"], ["a", None], {}, r"Label 1 of y is missing \(None\)"),
        (["good", "bad"], [[0], [1]], {}, "Label 0 of y is of type list"),
        (["good", "bad"], [b"a", b"b"], {}, "Label 0 of y is of type bytes"),
        (["good", "bad"], None, {}, "takes labels, and got None"),
        (["good", "bad"], [0, 1], {"dataset": "imdb"}, "'dataset' cannot be given"),
        (["good", "bad"], [0, 1], {"epoch": 3}, "epoch"),
        (["good", "bad"], [0, 1], {"model": "lstm_attn"}, "lstm-attn"),
        (np.zeros((3, 2)), [0, 1, 1], {}, "2 dimensions"),
        (["good", "bad"] * 10, [0, 1] * 10, {}, "^X has 20 texts, which are too few for a validation split"),
    ],
)
def test_what_cannot_be_fitted_is_a_value_error(texts: Any, labels: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as raised:
        TmeattnClassifier(**{"model": "mean", **options}).fit(texts, labels)
    assert "label type" in said or isinstance(raised.value, tmeattn.TmeattnError)


def test_before_fit_and_unknown_parameters(fitted: TmeattnClassifier) -> None:
    with pytest.raises(NotFittedError):
        TmeattnClassifier().predict(["good"])
    with pytest.raises(InvalidInput, match="no option 'alhpa' of the model 'lstm-attn'"):
        TmeattnClassifier().set_params(alhpa=1)
    assert TmeattnClassifier().set_params(hidden_size=9).get_params() == {"model": "lstm-attn", "hidden_size": 9}
    assert repr(TmeattnClassifier("mean", alpha=0.1)) == "TmeattnClassifier(alpha=0.1, model='mean')"
    with pytest.raises(InvalidInput, match="Text 0 is of type int"):
        fitted.predict([1])
