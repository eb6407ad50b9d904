"""A run's explanations put to the test: what `tmeattn faithfulness` does from its options to its findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from tmeattn.data.sources import open_split
from tmeattn.errors import BadInput
from tmeattn.faithfulness.assessment import Progress, assess, choose_methods, estimate, readable, summarize
from tmeattn.faithfulness.rationales import Rationale, read_rationales
from tmeattn.faithfulness.results import Faithfulness, Twins
from tmeattn.faithfulness.twin import compare_twins, find_twin, reason_against_twin, train_twin
from tmeattn.inference.classifier import EncodedText, TrainedClassifier
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Listener
from tmeattn.spacing import evenly_spaced

Item = TypeVar("Item")
Narrate = Callable[[str], None]
Watch = Callable[[str], AbstractContextManager[Listener]]
"""Called with a title before a twin is trained; what it gives shows the run's events."""


@dataclass(frozen=True)
class Study:
    """What to put to the test: methods by name (None: all that serve, but for `uniform` and `lime`), on so many texts
    of a split, evenly spread, or on those that people annotated; and whether a missing twin is trained."""

    methods: tuple[str, ...] | None = None
    limit: int = 200
    split: str = "validation"
    rationales: Path | None = None
    twin: bool = False


@dataclass(frozen=True)
class _Texts:
    """Texts, the class indices or rationales that belong to them, and where they are from."""

    data: str
    encoded: list[EncodedText]
    labels: list[int] | None
    rationales: list[Rationale] | None
    notes: tuple[str, ...]


def conduct(run: RunDirectory, study: Study, *, progress: Progress, watch: Watch, narrate: Narrate) -> Faithfulness:
    """Measure every method of a study on its texts, and the run against its twin.

    Raises:
        BadInput, UnknownName: a method, split or rationale file that does not fit the run.
        Interrupted: while a twin was trained; the same call continues.
    """
    classifier = TrainedClassifier(run)
    methods, passed_over = choose_methods(classifier, study.methods)
    texts = _texts(classifier, study)
    twins, no_twins = _twins(run, study, watch, narrate)
    found = assess(classifier, methods, texts.encoded, rationales=texts.rationales, progress=progress)
    hits = None
    if texts.labels is not None:
        predicted_N = classifier.logits([text.ids_T for text in texts.encoded]).argmax(axis=1)
        hits = predicted_N == np.array(texts.labels)
    return Faithfulness(
        run=run.id,
        model=classifier.spec.name,
        data=texts.data,
        texts=len(texts.encoded),
        words=float(np.mean(found.lengths)),
        accuracy=None if hits is None else float(np.mean(hits)),
        entropy=estimate(found.entropies) if found.entropies else None,
        rows=summarize(found, methods),
        passed_over=tuple(passed_over),
        twins=twins,
        no_twins=no_twins,
        notes=(*classifier.notes, *texts.notes),
    )


def _texts(classifier: TrainedClassifier, study: Study) -> _Texts:
    if study.rationales is not None:
        marked = read_rationales(study.rationales)
        encoded, kept, beyond = readable(classifier, _evenly(marked, study.limit))
        notes = (
            (f"{beyond} annotated texts were passed over: what is marked lies beyond what the model reads.",)
            if beyond
            else ()
        )
        return _Texts(f"the annotated texts of {study.rationales.name}", encoded, None, kept, notes)
    name = classifier.config.train.dataset
    _, split = open_split(classifier.config.train, study.split)
    chosen = [index for index in _evenly(range(len(split.texts)), study.limit) if split.texts[index].strip()]
    encoded = [classifier.encode(split.texts[index]) for index in chosen]
    kept_rows = [(text, split.labels[index]) for text, index in zip(encoded, chosen, strict=True) if text.spans]
    if not kept_rows:
        raise BadInput(f"The split {study.split} of {name} has no text with a word.")
    notes = (classifier.limit_note,) if classifier.limit_note else ()
    return _Texts(
        f"{name}, {study.split} split", [text for text, _ in kept_rows], [label for _, label in kept_rows], None, notes
    )


def _evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many, evenly spread from the first to the last."""
    return [items[index] for index in evenly_spaced(len(items), most)]


def _twins(run: RunDirectory, study: Study, watch: Watch, narrate: Narrate) -> tuple[Twins | None, str | None]:
    """The uniform-weights test, or why there is none."""
    reason = reason_against_twin(run)
    if reason is not None:
        return None, f"Not applicable: {reason}."
    twin = find_twin(run)
    if twin is None and not study.twin:
        return None, "It needs a twin trained with equal weights, which takes about as long as the run did: add --twin."
    if twin is None:
        with watch("The twin with equal weights") as listener:
            twin = train_twin(run, listeners=[listener], narrate=narrate)
    return compare_twins(run, twin, narrate=narrate), None
