"""The faithfulness study of a run: what `tmeattn faithfulness` does, from its options to its results."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tmeattn.data.sources import open_split
from tmeattn.errors import BadInput
from tmeattn.faithfulness.assessment import Progress, assess, choose_methods, encode_annotated, estimate, summarize
from tmeattn.faithfulness.rationales import Rationale, read_rationales
from tmeattn.faithfulness.results import FaithfulnessResults, TwinComparison
from tmeattn.faithfulness.twin import compare_twins, find_twin, reason_against_twin, train_twin
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.plurals import counted, plural
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.spacing import evenly_spaced
from tmeattn.specs import Split

Narrate = Callable[[str], None]
Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a twin is trained; gives a listener that shows the events of the training."""


@dataclass(frozen=True)
class StudyOptions:
    """The options of a study.

    methods:    names of the methods; None: all that are compatible with the model, without `uniform` and `lime`.
    limit:      the maximum number of texts, evenly spaced over the split or the annotated texts.
    split:      the split of the run's dataset.
    rationales: a file of annotated texts that are used instead.
    twin:       whether the twin is trained if it does not exist.
    """

    methods: tuple[str, ...] | None = None
    limit: int = 200
    split: str = "validation"
    rationales: Path | None = None
    twin: bool = False


@dataclass(frozen=True)
class _Texts:
    """The texts of a study, their class indices or rationales, a description of their source, and notes on it."""

    data: str
    encoded: list[EncodedText]
    labels: list[int] | None
    rationales: list[Rationale] | None
    notes: tuple[str, ...]


def run_study(
    run: RunDirectory, options: StudyOptions, *, progress: Progress, watch: Watch, narrate: Narrate
) -> FaithfulnessResults:
    """Assess the methods on the texts, and compare the run with its twin.

    progress: called with the number of assessed texts and the number of all texts.
    narrate:  called with each line about reading the dataset.

    Raises:
        BadInput, UnknownName: a method, split or rationale file does not fit the run, or its data has changed since.
        Interrupted: while the twin was trained; the same call continues.
    """
    classifier = TrainedClassifier(run)
    methods, passed_over = choose_methods(classifier, options.methods)
    texts = (
        _split_texts(classifier, options.split, options.limit)
        if options.rationales is None
        else _annotated_texts(classifier, options.rationales, options.limit)
    )
    twins, no_twins = _twins(run, options, watch, narrate)
    assessment = assess(classifier, methods, texts.encoded, rationales=texts.rationales, progress=progress)
    hits = None
    if texts.labels is not None:
        predicted_N = classifier.logits([text.ids_T for text in texts.encoded]).argmax(axis=1)
        hits = predicted_N == np.array(texts.labels)
    return FaithfulnessResults(
        run=run.id,
        model=classifier.spec.name,
        data=texts.data,
        texts=len(texts.encoded),
        words=float(np.mean(assessment.lengths)),
        accuracy=None if hits is None else float(np.mean(hits)),
        entropy=estimate(assessment.entropies) if assessment.entropies else None,
        rows=summarize(assessment, methods),
        passed_over=tuple(passed_over),
        twins=twins,
        no_twins=no_twins,
        notes=(*classifier.notes, *texts.notes),
    )


def _split_texts(classifier: TrainedClassifier, split: str, limit: int) -> _Texts:
    """Evenly spaced texts of a split that have a word."""
    name = classifier.config.train.dataset
    _, texts = open_split(classifier.run, classifier.config.train, split)
    rows = [(classifier.encode(text), label) for text, label in _evenly_spaced_texts(texts, limit)]
    rows = [(text, label) for text, label in rows if text.spans]
    if not rows:
        raise BadInput(f"The split {split} of {name} has no text with a word.")
    encoded, labels = [text for text, _ in rows], [label for _, label in rows]
    notes = (classifier.limit_note,) if classifier.limit_note else ()
    return _Texts(f"{name}, {split} split", encoded, labels, None, notes)


def _evenly_spaced_texts(split: Split, limit: int) -> list[tuple[str, int]]:
    chosen = [(split.texts[index], int(split.labels[index])) for index in evenly_spaced(len(split.texts), limit)]
    return [(text, label) for text, label in chosen if text.strip()]


def _annotated_texts(classifier: TrainedClassifier, path: Path, limit: int) -> _Texts:
    """Evenly spaced texts of a file with human rationales."""
    rationales = read_rationales(path)
    chosen = [rationales[index] for index in evenly_spaced(len(rationales), limit)]
    encoded, kept, left_out = encode_annotated(classifier, chosen)
    texts, their = counted(left_out, "annotated text is", "annotated texts are"), plural(left_out, "its", "their")
    notes = [f"{texts} left out: the model reads none of {their} annotated words."]
    return _Texts(f"the annotated texts of {path.name}", encoded, None, kept, tuple(notes) if left_out else ())


def _twins(
    run: RunDirectory, options: StudyOptions, watch: Watch, narrate: Narrate
) -> tuple[TwinComparison | None, str | None]:
    """The uniform-weights test, or why there is none."""
    reason = reason_against_twin(run)
    if reason is not None:
        return None, f"Not applicable: {reason}."
    twin = find_twin(run)
    if twin is None and not options.twin:
        return None, "It needs a twin trained with uniform attention, which takes about as long as the run: add --twin."
    if twin is None:
        with watch("Training the twin with uniform attention") as listener:
            twin = train_twin(run, listeners=[listener], narrate=narrate)
    return compare_twins(run, twin, narrate=narrate), None
