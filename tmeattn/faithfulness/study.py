"""The faithfulness study of a run: what `tmeattn faithfulness` does, from its options to its results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tmeattn.data.chosen_texts import ChosenTexts, choose_texts
from tmeattn.data.data_options import EVERY_SPLIT, OWN_TEXTS, DataOptions
from tmeattn.data.encoding.words import Units
from tmeattn.data.label_matching import match_labels
from tmeattn.data.sources import open_split
from tmeattn.errors import BadInput, shortened
from tmeattn.faithfulness.assessment import Measures, Progress, assess, choose_methods, encode_annotated, summarize
from tmeattn.faithfulness.attention_results import AttentionTests
from tmeattn.faithfulness.attention_tests import attention_tests
from tmeattn.faithfulness.estimates import estimate
from tmeattn.faithfulness.operators import Donors
from tmeattn.faithfulness.randomization import disagreements
from tmeattn.faithfulness.rationales import Rationale, classes_of_labels, note_of, read_rationales
from tmeattn.faithfulness.results import INFILL, OPERATORS, FaithfulnessResults, SoftSettings, TwinComparison
from tmeattn.faithfulness.soft import DRAWS, KEEP_RATE
from tmeattn.faithfulness.twin import compare_twins, find_twin, reason_against_twin, train_twin
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.read_texts import EncodedText
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.spacing import evenly_spaced

BOUNDED, COMPARED, RANDOM_RATIONALES = 50, 100, 50
"""Defaults of the slow measures: with them, 500 texts of 230 words take `lstm-attn` about two minutes on two cores with
AVX-512."""
NO_CLASS = -1
"""Stands for the class of a text whose label is no class of the run."""
POOL = 500
"""Texts of the split that `infill` draws words from."""

Narrate = Callable[[str], None]
Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a twin is trained; gives a listener that shows the events of the training."""


@dataclass(frozen=True)
class StudyOptions:
    """The options of a study.

    methods:    names of the methods; None: all that are compatible with the model, without `uniform` and `lime`.
    limit:      the maximum number of texts, evenly spaced over the texts of `data` or the annotated texts.
    data:       the texts: by default those of the run's validation split.
    rationales: a file of annotated texts that are used instead.
    twin:       whether the twin is trained if it does not exist.
    operators:  of erasure, for the comparison with random rationales.
    bounded:    the maximum number of texts with normalised erasure; 0 for none.
    compared:   the maximum number of texts of the comparison with random rationales; 0 for none.
    draws:      the number of random rationales of a text.
    keep_rate:  of soft erasure, between 0 and 1.
    attention_tests: whether attention itself is tested (`faithfulness.attention_tests`).
    """

    methods: tuple[str, ...] | None = None
    limit: int = 200
    data: DataOptions = OWN_TEXTS
    rationales: Path | None = None
    twin: bool = False
    operators: tuple[str, ...] = OPERATORS
    bounded: int = BOUNDED
    compared: int = COMPARED
    draws: int = RANDOM_RATIONALES
    keep_rate: float = KEEP_RATE
    attention_tests: bool = False


@dataclass(frozen=True)
class _Texts:
    """The texts of a study, their class indices or rationales, a description of their source, notes on it, and the
    token ids of the texts that `infill` draws words from."""

    data: str
    encoded: list[EncodedText]
    labels: list[int] | None
    rationales: list[Rationale] | None
    notes: tuple[str, ...]
    pool: list[Units]


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
        _dataset_texts(classifier, options.data, options.limit, narrate)
        if options.rationales is None
        else _annotated_texts(classifier, options.rationales, options.limit, options.data.map_labels)
    )
    measures, donors, left_out = _measures(classifier, options, texts)
    twins, no_twins = _twins(run, options, watch, narrate)
    assessment = assess(
        classifier,
        methods,
        texts.encoded,
        measures=measures,
        donors=donors,
        rationales=texts.rationales,
        progress=progress,
    )
    hits = None
    if texts.labels is not None:
        predicted_N = classifier.logits([text.ids_T for text in texts.encoded]).argmax(axis=1)
        labels_N = np.array(texts.labels)
        hits = (predicted_N == labels_N)[labels_N != NO_CLASS]
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
        notes=(*classifier.notes, *texts.notes, *left_out),
        bounds=assessment.bounds,
        against_random=assessment.against_random,
        disagreements=tuple(disagreements(assessment.against_random, [spec.name for spec in methods])),
        name=run.name,
        soft=None
        if measures.keep_rate is None
        else SoftSettings(measures.keep_rate, DRAWS, assessment.undefined("soft_sufficiency")),
        attention_tests=_attention_tests(classifier, texts, narrate) if options.attention_tests else None,
    )


def _attention_tests(classifier: TrainedClassifier, texts: _Texts, narrate: Narrate) -> AttentionTests:
    narrate("Testing the attention weights")
    _, training = open_split(classifier.run, classifier.config.train, "train")
    return attention_tests(classifier, texts.encoded, training.texts)


def _measures(
    classifier: TrainedClassifier, options: StudyOptions, texts: _Texts
) -> tuple[Measures, Donors, list[str]]:
    """The measures that the model and the texts allow, the texts that `infill` draws words from, and a sentence on each
    measure that is left out."""
    left_out = []
    donors = Donors(texts.pool)
    operators = options.operators
    if INFILL in operators and not donors.enough:
        operators = tuple(one for one in operators if one != INFILL)
        left_out.append("No erasure by infill: it needs at least two different texts to draw words from.")
    keep_rate: float | None = options.keep_rate
    if classifier.embedding is None:
        keep_rate = None
        left_out.append(
            f"No soft erasure: the model {classifier.spec.name!r} does not look up words in a single "
            "torch.nn.Embedding."
        )
    return Measures(options.bounded, operators, options.compared, options.draws, keep_rate), donors, left_out


def _dataset_texts(classifier: TrainedClassifier, data: DataOptions, limit: int, narrate: Narrate) -> _Texts:
    """Evenly spaced texts of the run's dataset, or of another one, that have a word."""
    chosen = choose_texts(classifier.run, classifier.config.train, data, narrate)
    which = "all texts" if chosen.split == EVERY_SPLIT else f"{chosen.split} split"
    rows = [(classifier.encode(text), label) for text, label in _evenly_spaced_texts(chosen, limit)]
    rows = [(text, label) for text, label in rows if text.spans]
    if not rows:
        raise BadInput(f"{chosen.dataset}, {which}: there is no text with a word.")
    encoded, labels = [text for text, _ in rows], [label for _, label in rows]
    pool = [classifier.units(chosen.text(at)) for at in evenly_spaced(len(chosen), POOL)]
    known = None if chosen.labels_N is None else labels
    return _Texts(f"{chosen.dataset}, {which}", encoded, known, None, chosen.notes, pool)


def _evenly_spaced_texts(chosen: ChosenTexts, limit: int) -> list[tuple[str, int]]:
    """Texts with their classes; -1 for texts without labels."""
    labels_N = np.full(len(chosen), -1) if chosen.labels_N is None else chosen.labels_N
    texts = [(chosen.text(at), int(labels_N[at])) for at in evenly_spaced(len(chosen), limit)]
    return [(text, label) for text, label in texts if text.strip()]


def _annotated_texts(classifier: TrainedClassifier, path: Path, limit: int, mapped: tuple[str, ...]) -> _Texts:
    """Evenly spaced texts of a file with human rationales."""
    annotations = read_rationales(path)
    chosen = [annotations.rationales[index] for index in evenly_spaced(len(annotations.rationales), limit)]
    encoded, kept, left_out = encode_annotated(classifier, chosen)
    labels, about_labels = _labels(kept, classifier.classes, mapped)
    notes = [
        f"The annotated texts are in the format of {annotations.source}.",
        *annotations.notes,
        *note_of(
            left_out,
            "annotated text is left out: the model reads none of its annotated words.",
            "annotated texts are left out: the model reads none of their annotated words.",
        ),
        *about_labels,
    ]
    pool = [text.units for text in encoded]
    return _Texts(f"the annotated texts of {path.name}", encoded, labels, kept, tuple(notes), pool)


def _labels(
    rationales: list[Rationale], classes: tuple[str, ...], mapped: tuple[str, ...]
) -> tuple[list[int] | None, list[str]]:
    """The class of each annotated text, `NO_CLASS` where the run has no such class, and notes on them; None if the file
    has no class of the run.

    mapped: the values of `--map-label`.
    """
    labels = [one.label for one in rationales]
    found, notes = classes_of_labels([label for label in labels if label is not None], classes)
    if mapped:
        counts = Counter(label for label in labels if label is not None)
        matched = match_labels(counts, classes, mapped, data="the file of --rationales")
        found |= {label: index for label, index in matched.classes.items() if index is not None}
        notes = []
    unknown = Counter(label for label in labels if label is not None and label not in found)
    if unknown:
        named = ", ".join(f"{shortened(label, 60)} ({number:,})" for label, number in unknown.most_common(8))
        notes.append(f"The accuracy leaves out texts whose label is no class of the run: {named}.")
    indices = [NO_CLASS if label is None else found.get(label, NO_CLASS) for label in labels]
    return (indices if found else None), notes


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
