"""A classifier of texts for scikit-learn: `TmeattnClassifier`.

    from tmeattn.sklearn import TmeattnClassifier

    classifier = TmeattnClassifier("lstm-attn", alpha=0.05, epochs=3)
    classifier.fit(texts, labels).predict(["A wonderful film."])

It works with `clone`, `Pipeline`, `cross_val_score` and `GridSearchCV`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from tmeattn.api import Explanations, Model, load, train
from tmeattn.config import TrainOptions
from tmeattn.errors import BadInput, shortened
from tmeattn.inference.given_texts import as_list, given_texts, is_missing
from tmeattn.paths import runs_elsewhere
from tmeattn.plurals import counted
from tmeattn.registry import registry
from tmeattn.run_config import config_class
from tmeattn.specs import ModelSpec

__all__ = ["InvalidInput", "TmeattnClassifier"]

_OWN = ("dataset", "text_column", "label_column")
"""Options of a training that `fit` sets."""


class InvalidInput(BadInput, ValueError):
    """`BadInput` as scikit-learn expects it: a `ValueError`."""


@contextmanager
def _as_value_errors(hidden: Path | None = None) -> Iterator[None]:
    """hidden: the file with the texts of X, which the user has not named."""
    try:
        yield
    except InvalidInput:
        raise
    except BadInput as error:
        message = error.message if hidden is None else error.message.replace(str(hidden), "X")
        raise InvalidInput(message, hint=error.hint) from error


class TmeattnClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model of tmeattn as an estimator of scikit-learn. `X` is a list, a series, a column or an array of texts.

    model:   the name of a model, such as "lstm-attn" (`tmeattn models` lists them).
    options: those of `tmeattn train MODEL`, with underscores for dashes: `alpha=0.05`, `epochs=3`, `seed=1` ... All of
             them are parameters of the estimator, so that `set_params` and `GridSearchCV` can vary each, given or not.

    `fit` holds a fifth of the texts out for validation (`validation=0.1`: another share), by which the best epoch is
    chosen. The run is in a temporary folder that ends with the estimator; `model_.save(path)` keeps it. A fitted
    estimator can be pickled.

    Attributes after `fit`:

    classes_:     the different labels, sorted.
    class_names_: their names in the run and in explanations.
    model_:       the `tmeattn.Model`.
    """

    def __init__(self, model: str = "lstm-attn", **options: Any) -> None:
        self.model = model
        for name, value in options.items():
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The model and the given options."""
        return {name: value for name, value in vars(self).items() if not (name.startswith("_") or name.endswith("_"))}

    def set_params(self, **params: Any) -> TmeattnClassifier:
        """Set the model and options, also options that were not given before.

        Raises:
            InvalidInput: there is no such option.
        """
        known = _known_options(params.get("model", self.model))
        for name in params:
            if name not in known:
                raise InvalidInput(
                    f"There is no option {shortened(name)!r} of the model {self.model!r}.",
                    hint=f"See: tmeattn train {self.model} --help",
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(self, X: Any, y: Any) -> TmeattnClassifier:
        """Train the model on texts and their labels: strings, numbers or truth values.

        Raises:
            InvalidInput: a text is no string or is empty, there is a single class, an option does not exist ...
        """
        with _as_value_errors():
            texts = given_texts(_column(X), "fit")
            labels = _labels(y)
            if len(texts) != len(labels):
                raise InvalidInput(f"X has {counted(len(texts), 'text')}, and y {counted(len(labels), 'label')}.")
            check_classification_targets(labels)
            classes, label_N = np.unique(labels, return_inverse=True)
            if len(classes) < 2:
                raise InvalidInput(
                    f"y has {counted(len(classes), 'class', 'classes')}: a classifier needs two or more classes."
                )
            options = self.get_params()
            if taken := [name for name in _OWN if name in options]:
                raise InvalidInput(f"fit takes the texts from X and y, so the option {taken[0]!r} cannot be given.")
            folder = tempfile.TemporaryDirectory(prefix="tmeattn-sklearn-", ignore_cleanup_errors=True)
            place = Path(folder.name)
            data = place / "texts.jsonl"
            names = _class_names(classes)
            _write(data, texts, [names[label] for label in label_N])
            with runs_elsewhere(place), _as_value_errors(hidden=data):
                model = train(
                    options.pop("model"),
                    dataset=data,
                    text_column="text",
                    label_column="label",
                    progress=False,
                    **options,
                )
        data.unlink()
        shutil.rmtree(place / "cache", ignore_errors=True)
        self.classes_, self.class_names_, self.model_, self._folder_ = classes, names, model, folder
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The predicted label of each text: (N,)."""
        best_N = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[best_N])

    def predict_proba(self, X: Any) -> np.ndarray:
        """The class probabilities (N, C) float64 of N texts, with columns in the order of `classes_`.

        Raises:
            NotFittedError: before `fit`.
            InvalidInput: a text is no string or is empty.
        """
        check_is_fitted(self)
        with _as_value_errors():
            probabilities_NC = self.model_.predict_proba(given_texts(_column(X), "predict"))
        columns = [self.model_.classes.index(name) for name in self.class_names_]
        return np.asarray(probabilities_NC[:, columns])

    def explain(self, X: Any, **options: Any) -> Explanations:
        """The explanations of texts: see `tmeattn.Model.explain`. Their classes have the names `class_names_`."""
        check_is_fitted(self)
        with _as_value_errors():
            return self.model_.explain(given_texts(_column(X), "explain"), **options)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.two_d_array, tags.input_tags.one_d_array = True, False, True
        tags.no_validation = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        if "model_" in state:
            del state["_folder_"]
            with tempfile.TemporaryDirectory() as folder:
                state["model_"] = self.model_.save(Path(folder) / "run.zip").read_bytes()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        packed = state.get("model_")
        if packed is not None:
            folder = tempfile.TemporaryDirectory(prefix="tmeattn-sklearn-", ignore_cleanup_errors=True)
            state = {**state, "model_": _unpacked(packed, Path(folder.name)), "_folder_": folder}
        super().__setstate__(state)


def _known_options(model: str) -> set[str]:
    """The names of the parameters: those of any training, and those of the model, if it exists."""
    spec = next((spec for spec in registry().all(ModelSpec) if spec.name == model), None)
    return {"model", *TrainOptions.model_fields, *([] if spec is None else config_class(spec).model_fields)}


def _column(X: Any) -> Any:
    """The texts of a list or a column; of an array or a table with a single column, that column."""
    shape = getattr(X, "shape", None)
    if shape is not None and len(shape) == 2 and shape[1] == 1:
        return np.asarray(X)[:, 0]
    return X


def _labels(y: Any) -> np.ndarray:
    """The labels (N,) of N texts.

    Raises:
        InvalidInput: one is missing, or is neither a string nor a number nor a truth value, or they are of two kinds.
    """
    labels = as_list(_column(y), "fit", "labels")
    for at, label in enumerate(labels):
        if is_missing(label) and not isinstance(label, float):  # scikit-learn has its own error for NaN
            raise InvalidInput(f"Label {at} of y is missing ({label}).", hint="Leave out texts without a label.")
        if not isinstance(label, str | Real | np.bool_):
            raise InvalidInput(
                f"Label {at} of y is of type {type(label).__name__}.",
                hint="Labels are strings, whole numbers or truth values.",
            )
    strings = [isinstance(label, str) for label in labels]
    if any(strings) and not all(strings):
        string, number = strings.index(True), strings.index(False)
        raise InvalidInput(
            f"y has labels of several types: label {string} is a string, label {number} is none.",
            hint="Make all of them strings: [str(label) for label in y]",
        )
    return np.asarray(labels)


def _class_names(classes: np.ndarray) -> list[str]:
    """The names that the classes have in the run: the labels as text, or numbered names where these could be read as
    one another, or as no name at all."""
    names = [str(label) for label in classes.tolist()]
    plain = all(name and name == name.strip() and name.isprintable() for name in names)
    different = len({name.casefold() for name in names}) == len(names)
    return names if plain and different else [f"class {at}" for at in range(len(names))]


def _write(path: Path, texts: list[str], labels: list[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for text, label in zip(texts, labels, strict=True):
            file.write(json.dumps({"text": text, "label": label}) + "\n")


def _unpacked(packed: bytes, folder: Path) -> Model:
    """The model of a pickled estimator, from the zip of its run."""
    from tmeattn.runs.portable import unpack

    archive = folder / "run.zip"
    archive.write_bytes(packed)
    model = load(unpack(archive, folder / "runs").path)
    archive.unlink()
    return model
