"""What is looked at in datasets, word vectors, explainers and trackers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tmeattn.data.encoding.dataset_check import check_dataset
from tmeattn.data.sources import open_dataset, open_vectors
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event
from tmeattn.specs import Attention, DatasetSpec, ExplainerSpec, ModelSpec, Spec, TrackerSpec, VectorsSpec
from tmeattn.testing import toy
from tmeattn.testing.checks import Check, Wrong, demand_light, examine, laboratory
from tmeattn.testing.models import QUICK, model_checks
from tmeattn.training.session import start
from tmeattn.training.trackers import track

Steps = list[tuple[str, Callable[[], None]]]


def checks_of(spec: Spec) -> list[Check]:
    """All checks of a spec of any kind."""
    match spec:
        case ModelSpec():
            return model_checks(spec, {})
        case DatasetSpec():
            return dataset_checks(spec)
        case VectorsSpec():
            return vectors_checks(spec)
        case ExplainerSpec():
            return explainer_checks(spec)
        case TrackerSpec():
            return tracker_checks(spec)


def dataset_checks(spec: DatasetSpec) -> list[Check]:
    """Loading is quick and quiet, splits keep the contract, and two readings give the same."""

    def splits_hold() -> None:
        dataset = open_dataset(spec.name)
        check_dataset(dataset, dataset.read())

    def repeats() -> None:
        first, second = open_dataset(spec.name), open_dataset(spec.name)
        if first.fingerprint != second.fingerprint:
            raise Wrong(
                "its fingerprint differs from one load to the next.",
                "Make it from the data alone, such as a file's SHA-256 and a version of the split.",
            )
        once, again = first.read(), second.read()
        if any(list(once[name].texts) != list(again[name].texts) for name in once):
            raise Wrong(
                "two readings give other texts.", "Fix the order and every seed: texts are cached by fingerprint."
            )

    def held_out() -> None:
        splits = open_dataset(spec.name).read()
        shared = set(splits["train"].texts) & set(splits["validation"].texts)
        if shared:
            raise Wrong(
                f"{len(shared)} texts stand in both train and validation.",
                "Leave them out of one: accuracy on texts that were trained on says nothing.",
            )

    steps: Steps = [
        ("listing", lambda: demand_light(spec.load)),
        ("splits", splits_hold),
        ("repeatable", repeats),
        ("held out", held_out),
    ]
    return _in_laboratory(spec, steps, needed=2, own_home=False)


def vectors_checks(spec: VectorsSpec) -> list[Check]:
    """Looking up gives one row a word, zero where it is unknown."""

    def rows_fit() -> None:
        vectors = open_vectors(spec.name)
        if vectors is None or vectors.size != spec.size:
            raise Wrong("their width is not the one in the spec.", "Give both the same `size`.")
        words = ["the", "film", "\x00 surely no word"]
        found_ND, known_N = vectors.lookup(words)
        if found_ND.shape != (3, spec.size) or known_N.shape != (3,) or found_ND.dtype != np.float32:
            raise Wrong(
                f"lookup of 3 words gave {found_ND.dtype} {found_ND.shape} and {known_N.shape}.",
                f"Return float32 (3, {spec.size}) and bool (3,).",
            )
        if known_N[2] or found_ND[~known_N].any():
            raise Wrong("an unknown word has a vector.", "Its row must be zero and its flag False.")

    return _in_laboratory(spec, [("lookup", rows_fit)], needed=1, own_home=False)


def explainer_checks(spec: ExplainerSpec) -> list[Check]:
    """One finite score a word, for every kind of model that it serves, and the same again."""
    models = _served(spec)

    def scores_fit() -> None:
        for model in models:
            classifier = TrainedClassifier(_trained(model))
            for text in ("splendid", "a splendid film with a dreadful end", "words that nobody has seen"):
                explain(classifier, ExplainRequest(text, method=spec.name))

    def repeats() -> None:
        classifier = TrainedClassifier(_trained(models[0]))
        request = ExplainRequest("a splendid film with a dreadful end", method=spec.name)
        if explain(classifier, request) != explain(classifier, request):
            raise Wrong("two explanations of one text differ.", "Seed what is drawn at random from the text.")

    steps: Steps = [("scores", scores_fit), ("repeatable", repeats)]
    return _in_laboratory(spec, steps, needed=1)


def _served(spec: ExplainerSpec) -> list[str]:
    """A quick model for each kind of attention that a method serves."""
    kinds: dict[Attention, str] = {"none": "mean", "pool": "simple-attn", "self": "transformer"}
    if spec.needs_maps:
        return [kinds["self"]]
    return [model for kind, model in kinds.items() if kind != "none" or not spec.needs_attention]


def tracker_checks(spec: TrackerSpec) -> list[Check]:
    """It takes all events of a run, afterwards and while it is trained, and draws no random numbers of torch's."""

    def takes_events() -> None:
        track(_trained("simple-attn"), spec)

    def follows() -> None:
        problems: list[str] = []

        def note(event: Event) -> None:
            if event["kind"] == "warning":
                problems.append(event["message"])

        _trained("simple-attn", listeners=[note], trackers=[spec.name])
        if problems:
            raise Wrong(problems[0], "It works on a finished run: look at threads, and at events that come one by one.")

    def leaves_random_state() -> None:
        import torch

        run = _trained("simple-attn")
        before = torch.get_rng_state()
        track(run, spec)
        if not torch.equal(before, torch.get_rng_state()):
            raise Wrong("it draws from torch's random state, which is the training's.", "Use a generator of its own.")

    steps: Steps = [("finished run", takes_events), ("live run", follows), ("random state", leaves_random_state)]
    return _in_laboratory(spec, steps, needed=1)


def _trained(model: str, **more: Any) -> RunDirectory:
    return start(model, {**QUICK, "dataset": toy.dataset_name(2)}, **more)


def _in_laboratory(spec: Spec, steps: Steps, *, needed: int, own_home: bool = True) -> list[Check]:
    try:
        with laboratory(spec, own_home=own_home):
            return examine(steps, needed=needed)
    except Wrong as wrong:
        return [Check("name", wrong.problem, wrong.advice)]
