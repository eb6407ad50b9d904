"""Whether a model uses a planted shortcut, and which methods find its words. Shapes: N words of a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tmeattn.data.encoding.words import Units, joined
from tmeattn.explain.compatibility import incompatibility
from tmeattn.explain.explain import attribute
from tmeattn.faithfulness.metrics import ranking
from tmeattn.faithfulness.planted.results import ALONE, LEARNED, PlantedRun
from tmeattn.faithfulness.planted.shortcuts import COUNT, Example
from tmeattn.faithfulness.planted.texts import PlantedData
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.registry import registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ExplainerSpec

CHUNK = 16
"""Texts that are explained together."""
NO_RANKING = frozenset({"uniform"})
"""Methods whose scores are equal for all words."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class MarkedText:
    """A text that the model classifies as its shortcut says. planted_N: whether each word is one of the shortcut."""

    text: EncodedText
    planted_N: np.ndarray


@dataclass(frozen=True)
class Checked:
    """A run and what it does with texts that have a shortcut.

    marked: by the number of the text, those that it classifies rightly and whose shortcut it reads.
    """

    result: PlantedRun
    classifier: TrainedClassifier | None
    marked: dict[int, MarkedText]


def check_run(run: RunDirectory, data: PlantedData, limit: int) -> Checked:
    """Check that a model uses the shortcut: by the accuracy on all test texts, and by what a word of it does alone.

    limit: how many texts to mark, at most.
    """
    seed = run.config["train"]["seed"]
    if not run.has_best():
        return Checked(PlantedRun(run.id, seed, None, None, "the training diverged"), None, {})
    classifier = TrainedClassifier(run)
    encoded = [classifier.encode(example.text) for example in data.test]
    wanted_N = np.array([_class_of(classifier, data, example) for example in data.test])
    right_N = classifier.logits([text.ids_T for text in encoded]).argmax(axis=1) == wanted_N
    accuracy = float(right_N.mean())
    planted = [_planted(text, data) for text in encoded]
    read = [bool(planted_N.sum() == COUNT[data.kind]) for planted_N in planted]
    alone = None
    if data.kind != "token":
        both = [(text, planted_N) for text, planted_N, one in zip(encoded, planted, read, strict=True) if one]
        alone = effect_of_one_word(classifier, data, both)
    problem = _problem(accuracy, alone)
    usable = [number for number in range(len(encoded)) if right_N[number] and read[number]][:limit]
    marked = {number: MarkedText(encoded[number], planted[number]) for number in usable}
    return Checked(PlantedRun(run.id, seed, accuracy, alone, problem), classifier, marked)


def _class_of(classifier: TrainedClassifier, data: PlantedData, example: Example) -> int:
    return classifier.classes.index(data.classes[example.label])


def _planted(text: EncodedText, data: PlantedData) -> np.ndarray:
    words = data.words.all()
    return np.array([_word(text, span) in words for span in text.word_spans], dtype=bool)


def _word(text: EncodedText, span: tuple[int, int, str]) -> str:
    return text.text[span[0] : span[1]].lower()


def _problem(accuracy: float, alone: float | None) -> str | None:
    if accuracy < LEARNED:
        return f"its accuracy on texts with the shortcut is {100 * accuracy:.0f} %, less than {100 * LEARNED:.0f} %"
    if alone is not None and alone > ALONE:
        return f"one word decides {100 * alone:.0f} % of the texts without the other, more than {100 * ALONE:.0f} %"
    return None


def effect_of_one_word(
    classifier: TrainedClassifier, data: PlantedData, texts: Sequence[tuple[EncodedText, np.ndarray]]
) -> float:
    """By how much more often the model predicts the class of a word than that of the other word, where one of the two
    is in the text without its partner: 0 where a word alone does nothing, 1 where it alone decides.

    texts: with a shortcut, and which of the words are its own.
    """
    if not texts:
        return 0.0
    sequences = []
    for one in (data.words.first, data.words.second):
        word = classifier.encode(one).units
        for text, planted_N in texts:
            spans = text.word_spans
            deciding = [at for at in np.flatnonzero(planted_N) if _word(text, spans[at]) != data.words.context]
            before_N = np.arange(len(planted_N)) < deciding[0]
            sequences.append(joined([text.units[~planted_N & before_N], word, text.units[~planted_N & ~before_N]]))
    first_N, second_N = np.split(classifier.logits(sequences).argmax(axis=1), 2)
    differences = [abs(np.mean(first_N == label) - np.mean(second_N == label)) for label in range(2)]
    return float(max(differences))


def assessed_methods(
    classifier: TrainedClassifier, names: Sequence[str] | None
) -> tuple[list[ExplainerSpec], list[tuple[str, str]]]:
    """The methods that are compatible with the model, the control last, and those that are not, with the reason.

    names: None for all that rank the words.
    """
    every = [spec for spec in registry().all(ExplainerSpec) if spec.name not in NO_RANKING]
    chosen = every if names is None else [registry().get(ExplainerSpec, name) for name in names]
    control = registry().get(ExplainerSpec, "random")
    reasons = [(spec, incompatibility(spec, classifier)) for spec in chosen if spec.name != control.name]
    return (
        [*(spec for spec, reason in reasons if reason is None), control],
        [(spec.name, reason) for spec, reason in reasons if reason is not None],
    )


def precision_at_k(scores_N: np.ndarray, planted_N: np.ndarray, ids_N: Units) -> float:
    """The share of shortcut words among the k words of highest score; k is the number of shortcut words."""
    count = int(planted_N.sum())
    return float(planted_N[ranking(scores_N, ids_N)[:count]].mean())


def precisions(classifier: TrainedClassifier, spec: ExplainerSpec, marked: Sequence[MarkedText]) -> list[float]:
    """precision@k of a method for each text."""
    found = []
    for start in range(0, len(marked), CHUNK):
        chunk = marked[start : start + CHUNK]
        attributions = attribute(classifier, spec, [each.text for each in chunk])
        found += [
            precision_at_k(attribution.scores_T, each.planted_N, each.text.units)
            for each, attribution in zip(chunk, attributions, strict=True)
        ]
    return found
