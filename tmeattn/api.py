"""tmeattn from Python: `tmeattn.train(...)`, `tmeattn.load(run).predict(texts)`, `.explain(text)`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from tmeattn.evaluation.document import EvaluationDocument
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest, Explanation
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.evaluate_run import evaluate_run
from tmeattn.runs.events import Listener
from tmeattn.runs.index import check_name, find_run
from tmeattn.training.session import start


@dataclass(frozen=True)
class Prediction:
    """The most probable class, its probability, and those of all classes by name."""

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
        """Classify texts, in order. A text without a known word gets what the model makes of an unknown one."""
        return [_prediction(self.classes, row_C) for row_C in self.classifier.probabilities(list(texts))]

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
        """Score the words of a text by the model's attention, or by another method of `tmeattn explain --help`.

        layer, head: of self-attention, counted from 1; None is the mean over all.

        Raises:
            tmeattn.errors.BadInput: an empty text; an unknown class, method, layer or head.
        """
        return explain(self.classifier, ExplainRequest(text, method, target, true_label, layer, head))

    def evaluate(self, split: str = "validation") -> EvaluationDocument:
        """Evaluate the model on a split of the run's dataset: the JSON document of `tmeattn evaluate --json`.

        Raises:
            tmeattn.errors.BadInput: the dataset has no such split, or it has changed since the run was trained.
        """
        return evaluate_run(self.classifier, split).document()


def _prediction(classes: Sequence[str], probabilities: Iterable[float]) -> Prediction:
    by_name = {name: float(p) for name, p in zip(classes, probabilities, strict=True)}
    label = max(by_name, key=lambda name: by_name[name])
    return Prediction(label, by_name[label], by_name)


def load(run: str | PathLike[str] = "latest", *, device: str = "cpu") -> Model:
    """Load a run's best weights: an id, a prefix, a name, a path, `latest` or `best`.

    Raises:
        tmeattn.errors.BadInput: there is no such run, or it has no checkpoint.
    """
    return Model(TrainedClassifier(find_run(str(run)), device=device))


def train(
    model: str,
    *,
    name: str | None = None,
    listeners: Sequence[Listener] = (),
    trackers: Sequence[str] = (),
    **options: Any,
) -> Model:
    """Train a new run with the options of `tmeattn train` (underscores for dashes) and load its best weights.

    `listeners` are called with every event (see `tmeattn.runs.events`); `trackers` names plugins that take them
    elsewhere.

    Raises:
        tmeattn.errors.TmeattnError: as the command line would report.
    """
    if name is not None:
        check_name(name)
    return Model(TrainedClassifier(start(model, options, name=name, listeners=listeners, trackers=trackers)))
