"""A trained run in Python: its classes, its history, and what it predicts, explains and evaluates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, overload

import numpy as np

from tmeattn.data.data_options import DEFAULT_TEXTS, TEXTS, DataOptions, Texts
from tmeattn.data.readers.columns import kept_columns
from tmeattn.data.readers.tables import FORMATS
from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput, UnknownName
from tmeattn.evaluation.document import EvaluationDocument
from tmeattn.explain.compatibility import require_class
from tmeattn.explain.explain import explain_each
from tmeattn.explain.explanation import ExplainRequest, Explanation, Explanations
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import evaluate_run, labelled_texts
from tmeattn.inference.given_texts import as_list, check_type, given_text, given_texts
from tmeattn.inference.prediction import Prediction, predictions_of
from tmeattn.inference.prediction_job import PredictionJob
from tmeattn.inference.prediction_rows import RowForm
from tmeattn.inference.streaming import StreamSummary, stream_predictions
from tmeattn.render.notebook import shown_evaluation

if TYPE_CHECKING:
    import polars


class Model:
    """A trained run, from `tmeattn.load`. Several threads may use one model at the same time."""

    def __init__(self, classifier: TrainedClassifier) -> None:
        self.classifier = classifier

    def __repr__(self) -> str:
        return f"<tmeattn.Model {self.classifier.config.model}, run {self.run}, classes {', '.join(self.classes)}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: figures, curves and architecture."""
        from tmeattn.models.tracing import trace
        from tmeattn.render.notebook import model_html
        from tmeattn.runs.summary import summarize

        try:
            module = self.classifier.copied_model()
            for name, parameter in module.named_parameters():
                parameter.requires_grad_(name in self.classifier.trained)  # the diagram tells which are
            diagram = trace(module)
        except Exception:  # the model of a plugin may be one that cannot be drawn
            diagram = None
        run = self.classifier.run
        epochs = [event for event in run.events("epoch") if event["kind"] == "epoch"]
        return model_html(summarize(run), epochs, diagram)

    @property
    def run(self) -> str:
        """The run's id."""
        return self.classifier.run.id

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the columns of `predict_proba`."""
        return self.classifier.classes

    @property
    def history(self) -> polars.DataFrame:
        """The epochs of the run, one row each, as a polars frame (`.to_pandas()` makes one of pandas, if that and
        pyarrow are installed). Its columns are those of `tmeattn.runs.epoch_table`: `epoch`, `train_loss`,
        `validation_accuracy` and so on, losses and entropies in nats."""
        import polars

        from tmeattn.runs.epoch_table import COLUMNS, epoch_rows

        return polars.DataFrame(epoch_rows(self.classifier.run.events("epoch")), schema=COLUMNS, orient="row")

    @overload
    def predict(self, texts: str) -> Prediction: ...  # type: ignore[overload-overlap]
    @overload
    def predict(self, texts: Iterable[str]) -> list[Prediction]: ...
    def predict(self, texts: str | Iterable[str]) -> Prediction | list[Prediction]:
        """Classify one text, or several in order: one prediction for one string, else a list with one for each text.

        texts: a string, or a list, a series or column (pandas, polars, pyarrow), an array or another iterable of
               strings. A text without a known word has the prediction of an unknown word.

        Raises:
            tmeattn.errors.BadInput: a text is no string or is empty, or this is no sequence of texts.
        """
        if isinstance(texts, str):
            return predictions_of(self.classes, self.predict_proba(texts)[None])[0]
        return predictions_of(self.classes, self.predict_proba(texts))

    def predict_proba(self, texts: str | Iterable[str]) -> np.ndarray:
        """The class probabilities of texts: (N, C) float64, or (C,) for one string, with columns in the order of
        `classes`. Takes and raises what `predict` does."""
        if isinstance(texts, str):
            return np.asarray(self.classifier.probabilities([given_text(texts)])[0])
        return self.classifier.probabilities(given_texts(texts, "predict"))

    @overload
    def explain(  # type: ignore[overload-overlap]
        self,
        text: str,
        *,
        method: str | None = None,
        target: str | None = None,
        true_label: str | None = None,
        layer: int | None = None,
        head: int | None = None,
    ) -> Explanation: ...
    @overload
    def explain(
        self,
        text: str | Iterable[str],
        *,
        method: str | list[str] | tuple[str, ...] | None = None,
        target: str | None = None,
        true_label: str | None = None,
        layer: int | None = None,
        head: int | None = None,
    ) -> Explanations: ...
    def explain(
        self,
        text: str | Iterable[str],
        *,
        method: str | list[str] | tuple[str, ...] | None = None,
        target: str | None = None,
        true_label: str | None = None,
        layer: int | None = None,
        head: int | None = None,
    ) -> Explanation | Explanations:
        """Predict a text and score its words with the model's default method, or with another one of
        `tmeattn explain --help`. Of several texts, or by a list of methods, the explanations are a list: text by text,
        and for each text method by method.

        target:      the class that the scores are about; None: the predicted class.
        true_label:  the true class of the text, where it is known.
        layer, head: of self-attention, counted from 1; None: the mean over all.

        Raises:
            tmeattn.errors.BadInput: a text is no string or is empty, or the class, method, layer or head does not
                exist.
        """
        single = isinstance(text, str) and not isinstance(method, list | tuple)
        texts = [given_text(text)] if isinstance(text, str) else given_texts(text, "explain")
        methods = list(method) if isinstance(method, list | tuple) else [method]
        if not methods:
            raise BadInput("explain got an empty list of methods.", hint="Leave method= out for the default method.")
        for each in methods:
            check_type(each, str | None, "explain", "the name of a method", hint="Several names are a list.")
        for name in (target, true_label):
            check_type(name, str | None, "explain", "the name of a class")
            require_class(self.classes, name)
        for number in (layer, head):
            check_type(number, int | None, "explain", "the number of a layer and of a head")
        found = explain_each(
            self.classifier,
            [[ExplainRequest(one, each, target, true_label, layer, head) for each in methods] for one in texts],
        )
        return found[0] if single else Explanations(found)

    def predict_file(
        self,
        file: str | PathLike[str],
        output: str | PathLike[str],
        *,
        format: str | None = None,  # noqa: A002
        text_column: str | None = None,
        skip_bad: bool = False,
        resume: bool = False,
        force: bool = False,
        raw: bool = False,
        keep: Sequence[str] = (),
        top_classes: int | None = None,
    ) -> StreamSummary:
        """Classify every row of a file in constant memory and write the predictions to another file, with the
        options of `tmeattn predict --file FILE --output OUTPUT`.

        Raises:
            tmeattn.errors.BadInput: a row is invalid (unless `skip_bad`), or the output exists (unless `force`).
        """
        for path in (file, output):
            check_type(path, str | PathLike, "predict_file", "the paths of two files")
        if format is not None and format not in FORMATS.values():
            raise UnknownName("format", str(format), dict.fromkeys(FORMATS.values()))
        table, column = TextInput(Path(file), format, text_column).open()
        rows = RowForm(kept_columns(table, (keep,) if isinstance(keep, str) else keep), top_classes, raw)
        job = PredictionJob(table, column, Path(output), skip_bad=skip_bad, resume=resume, force=force, rows=rows)
        return stream_predictions(job, self.classifier)

    def evaluate(
        self,
        split: str | Iterable[str] | None = None,
        labels: Iterable[object] | None = None,
        *,
        dataset: str | PathLike[str] | None = None,
        texts: Texts = DEFAULT_TEXTS,
        map_labels: Mapping[str, str] | None = None,
        drop_labels: Sequence[str] = (),
        merge_labels: Mapping[str, str] | None = None,
        text_column: str | None = None,
        label_column: str | None = None,
        shuffle_words: bool = False,
        shuffle_seed: int = 0,
    ) -> EvaluationDocument:
        """Evaluate the model on labelled texts: the JSON document of `tmeattn evaluate --json`.

        split:         train, validation, test or all; None: the validation split of the run's dataset, all texts of
                       another dataset. Or the texts themselves, as `predict` takes them, with their `labels`.
        labels:        the class of each text, where texts are given.
        dataset:       another dataset than that of the run: a name or a path. text_column, label_column: of a table.
        texts:         "all" of them, or the "sample" that the run's `limit` keeps.
        map_labels:    labels of the dataset, each with the class of the run that it is.
        drop_labels:   labels of the dataset whose texts are left out.
        merge_labels:  labels of the dataset, each with the label that it becomes before labels are matched.
        shuffle_words: also evaluate the texts with shuffled words, permuted with `shuffle_seed` (0 or more): the field
                       `shuffled_words`.

        Raises:
            tmeattn.errors.BadInput: there is no such split, no label is a class of the run, the texts have no labels,
                or the run's own dataset has changed since it was trained.
        """
        check_type(map_labels, Mapping | None, "evaluate", "map_labels as a mapping")
        check_type(shuffle_seed, int, "evaluate", "shuffle_seed as a whole number")
        check_type(dataset, str | PathLike | None, "evaluate", "the name or the path of a dataset")
        if texts not in TEXTS:
            raise BadInput(f"evaluate takes texts={' or texts='.join(map(repr, TEXTS))}, not {texts!r}.")
        seed = shuffle_seed if shuffle_words else None
        mapped = tuple(f"{label}={name}" for label, name in (map_labels or {}).items())
        if split is not None and not isinstance(split, str):
            found = given_texts(split, "evaluate")
            if dataset is not None:
                raise BadInput("evaluate takes texts or dataset=, not both.")
            if labels is None:
                raise BadInput("evaluate needs the labels of the texts.", hint="Type: evaluate(texts, labels)")
            chosen = labelled_texts(self.classifier, found, as_list(labels, "evaluate", "labels"), mapped)
            return shown_evaluation(evaluate_run(self.classifier, chosen=chosen, shuffle_seed=seed).document())
        if labels is not None:
            raise BadInput(
                "evaluate takes labels only with a list of texts before them.", hint="Type: evaluate(texts, labels)"
            )
        data = DataOptions(
            dataset=None if dataset is None else str(dataset),
            split=split,
            texts=texts,
            map_labels=mapped,
            drop_labels=tuple(drop_labels),
            merge_labels=tuple(f"{label}={name}" for label, name in (merge_labels or {}).items()),
            text_column=text_column,
            label_column=label_column,
        )
        return shown_evaluation(evaluate_run(self.classifier, data=data, shuffle_seed=seed).document())

    def save(self, path: str | PathLike[str], *, force: bool = False) -> Path:
        """Write the run with its best weights and its history to a folder, or to one file that ends in .zip:
        `tmeattn.load(path)` and every command take it as a run, on any machine. A path that ends in .onnx gives an ONNX
        file, which `tmeattn predict --run PATH` and onnxruntime read.

        force: replace an older file or folder of this kind.

        Raises:
            tmeattn.errors.BadInput: the path exists (unless `force`), or its folder does not.
            tmeattn.errors.EnvironmentProblem: it cannot be written, or ONNX is not installed.
        """
        from tmeattn.runs.portable import export

        check_type(path, str | PathLike, "save", "the path of a folder or a file")
        if not str(path).strip():
            raise BadInput("save takes the path of a folder or a file, and got an empty string.")
        if Path(path).suffix.lower() == ".onnx":
            from tmeattn.inference.onnx_export import export_onnx

            export_onnx(self.classifier, Path(path), force=force)
            return Path(path)
        return export(self.classifier.run, Path(path), force=force)
