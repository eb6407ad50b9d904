"""Code of a user, which mypy checks with the package: the types of results are known, and what is wrong is refused.

A line that ends in `type: ignore` must be an error: mypy reports an ignore that nothing needs.
"""

from __future__ import annotations

from typing import assert_type

import tmeattn
from tmeattn import BadInput, Explanation, Explanations, Model, Prediction, load
from tmeattn.sklearn import TmeattnClassifier


def use(run: str) -> None:
    """Everything that a model does, with a run that is trained."""
    model = tmeattn.load(run)
    assert_type(model, tmeattn.Model)
    assert_type(model.predict("text"), tmeattn.Prediction)
    assert_type(model.predict("text").label, str)
    assert_type(model.predict(["a", "b"]), list[tmeattn.Prediction])
    assert_type(model.explain("text", method="uniform"), tmeattn.Explanation)
    assert_type(model.explain("text", method=["uniform"]), tmeattn.Explanations)
    assert_type(model.explain(["a", "b"]), tmeattn.Explanations)
    assert_type(model.evaluate(["good"], ["positive"])["accuracy"], float)
    assert_type(model.classes, tuple[str, ...])
    assert_type([word.score for word in model.explain("text").words], list[float])
    assert model.predict_proba(["a"]).shape == (1, len(model.classes))
    assert len(model.history) > 0
    assert_type(load(run), Model)
    assert_type(first(load(run), "text"), tuple[Prediction, Explanation, Explanations])
    assert_type(TmeattnClassifier("mean", alpha=0.05).set_params(epochs=3), TmeattnClassifier)
    try:
        model.predict("")
    except BadInput as error:
        assert_type(error.message, str)


def first(model: Model, text: str) -> tuple[Prediction, Explanation, Explanations]:
    """Names of tmeattn as types of a user's own functions."""
    return model.predict([text])[0], model.explain(text), Explanations([model.explain(text)])


def misuse() -> None:
    """Not called."""
    model = tmeattn.load("latest")
    model.predict(3)  # type: ignore[call-overload]
    model.explain("a", methods="lime")  # type: ignore[call-overload]
    model.evaluate(split=1)  # type: ignore[arg-type]
    tmeattn.load(run=1)  # type: ignore[arg-type]
    tmeattn.laod("latest")  # type: ignore[attr-defined]
    assert_type(tmeattn.train("mean", epochs=1, progress=True), tmeattn.Model)
