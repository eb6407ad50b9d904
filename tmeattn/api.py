"""tmeattn from Python: `tmeattn.train(...)`, `tmeattn.load(run).predict(texts)`, `.explain(text)`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from tmeattn.data.data_options import DEFAULT_TEXTS, DataOptions, Texts
from tmeattn.data.readers.text_input import TextInput
from tmeattn.errors import BadInput
from tmeattn.evaluation.document import EvaluationDocument
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest, Explanation
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import evaluate_run
from tmeattn.inference.streaming import PredictionJob, StreamSummary, stream_predictions
from tmeattn.runs.events import Listener
from tmeattn.runs.index import check_name, find_run
from tmeattn.runs.watched_texts import checked
from tmeattn.training.session import start


@dataclass(frozen=True)
class Prediction:
    """The predicted class, its probability, and the probabilities of all classes by name."""

    label: str
    probability: float
    probabilities: dict[str, float]


class Model:
    """A trained run, from `tmeattn.load`."""

    def __init__(self, classifier: TrainedClassifier) -> None:
        self.classifier = classifier

    @property
    def run(self) -> str:
        """The run's id."""
        return self.classifier.run.id

    @property
    def classes(self) -> tuple[str, ...]:
        return self.classifier.classes

    def predict(self, texts: Iterable[str]) -> list[Prediction]:
        """Classify texts, in order. A text without a known word has the prediction of an unknown word.

        Raises:
            tmeattn.errors.BadInput: a text is no string, or one string is given in place of several.
        """
        if isinstance(texts, str | bytes):
            raise BadInput("predict takes several texts, and got one string.", hint="Give a list: predict([text]).")
        listed = list(texts)
        for at, text in enumerate(listed):
            if not isinstance(text, str):
                raise BadInput(f"Text {at} is of type {type(text).__name__}, not a string.")
        return [_prediction(self.classes, row_C) for row_C in self.classifier.probabilities(listed)]

    def explain(
        self,
        text: str,
        *,
        method: str | None = None,
        target: str | None = None,
        true_label: str | None = None,
        layer: int | None = None,
        head: int | None = None,
    ) -> Explanation:
        """Predict a text and score its words with the model's default method, or with another one of
        `tmeattn explain --help`.

        target:      the class that the scores are about; None: the predicted class.
        layer, head: of self-attention, counted from 1; None: the mean over all.

        Raises:
            tmeattn.errors.BadInput: the text is empty, or the class, method, layer or head does not exist.
        """
        return explain(self.classifier, ExplainRequest(text, method, target, true_label, layer, head))

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
    ) -> StreamSummary:
        """Classify every row of a file in constant memory and write the predictions to another file, with the
        options of `tmeattn predict --file FILE --output OUTPUT`.

        Raises:
            tmeattn.errors.BadInput: a row is invalid (unless `skip_bad`), or the output exists (unless `force`).
        """
        table, column = TextInput(Path(file), format, text_column).open()
        job = PredictionJob(table, column, Path(output), skip_bad=skip_bad, resume=resume, force=force, raw=raw)
        return stream_predictions(job, self.classifier)

    def evaluate(
        self,
        split: str | None = None,
        *,
        dataset: str | PathLike[str] | None = None,
        texts: Texts = DEFAULT_TEXTS,
        map_labels: Mapping[str, str] | None = None,
        text_column: str | None = None,
        label_column: str | None = None,
        shuffle_words: bool = False,
        shuffle_seed: int = 0,
    ) -> EvaluationDocument:
        """Evaluate the model on labelled texts: the JSON document of `tmeattn evaluate --json`.

        split:         train, validation, test or all; None: the validation split of the run's dataset, all texts of
                       another dataset.
        dataset:       another dataset than that of the run: a name or a path. text_column, label_column: of a table.
        texts:         "all" of them, or the "sample" that the run's `limit` keeps.
        map_labels:    labels of the dataset, each with the class of the run that it is.
        shuffle_words: also evaluate the texts with shuffled words, permuted with `shuffle_seed` (0 or more): the field
                       `shuffled_words`.

        Raises:
            tmeattn.errors.BadInput: there is no such split, no label is a class of the run, the texts have no labels,
                or the run's own dataset has changed since it was trained.
        """
        seed = shuffle_seed if shuffle_words else None
        data = DataOptions(
            dataset=None if dataset is None else str(dataset),
            split=split,
            texts=texts,
            map_labels=tuple(f"{label}={name}" for label, name in (map_labels or {}).items()),
            text_column=text_column,
            label_column=label_column,
        )
        return evaluate_run(self.classifier, data=data, shuffle_seed=seed).document()


def _prediction(classes: Sequence[str], probabilities: Iterable[float]) -> Prediction:
    by_name = {name: float(p) for name, p in zip(classes, probabilities, strict=True)}
    label = max(by_name, key=lambda name: by_name[name])
    return Prediction(label, by_name[label], by_name)


def load(run: str | PathLike[str] = "latest", *, device: str = "cpu", dataset: str | None = None) -> Model:
    """Load the best weights of a run: an id, a unique prefix of an id, a name, a path, `latest` or `best`.

    dataset: the dataset on which `best` is the best, where the runs are on several.

    Raises:
        tmeattn.errors.BadInput: there is no such run, or it has no checkpoint, or `best` can mean a run on each of
            several datasets.
    """
    return Model(TrainedClassifier(find_run(str(run), dataset=dataset), device=device))


def train(
    model: str,
    *,
    name: str | None = None,
    listeners: Sequence[Listener] = (),
    trackers: Sequence[str] = (),
    watch_texts: Sequence[str] = (),
    **options: Any,
) -> Model:
    """Train a new run with the options of `tmeattn train` (underscores for dashes) and load its best weights.

    listeners: called with every event (see `tmeattn.runs.event_types`).
    trackers:  names of tracker plugins, which export the events.
    watch_texts: your texts on the watch list, which is measured while the model is trained; at most 12.

    Raises:
        tmeattn.errors.TmeattnError: with the message that the command line would print.
    """
    if name is not None:
        check_name(name)
    run = start(
        model,
        options,
        name=name,
        listeners=listeners,
        trackers=trackers,
        watch_texts=[checked(text) for text in watch_texts],
    )
    return Model(TrainedClassifier(run))
