"""The checks of datasets, word vectors, explainers and trackers, and `checks_of` for a spec of any kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tmeattn.data.encoding.dataset_check import check_dataset
from tmeattn.data.sources import open_dataset, open_vectors
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.plurals import counted
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.events import Event, Listener
from tmeattn.specs import (
    Attention,
    DatasetSpec,
    ExplainerSpec,
    ModelSpec,
    Spec,
    TokenizerSpec,
    TrackerSpec,
    VectorsSpec,
)
from tmeattn.testing import toy
from tmeattn.testing.checks import Check, Problem, Step, check_import, run_in_sandbox
from tmeattn.testing.model_checks import model_checks
from tmeattn.testing.tokenizer_checks import tokenizer_checks
from tmeattn.training.session import start
from tmeattn.training.trackers import track


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
        case TokenizerSpec():
            return tokenizer_checks(spec)


def dataset_checks(spec: DatasetSpec) -> list[Check]:
    """The module imports no large package, the splits are valid, and two reads give the same texts."""

    def splits_are_valid() -> None:
        dataset = open_dataset(spec.name)
        check_dataset(dataset, dataset.read())

    def is_repeatable() -> None:
        first, second = open_dataset(spec.name), open_dataset(spec.name)
        if first.fingerprint != second.fingerprint:
            raise Problem(
                "its fingerprint differs from one load to the next.",
                "Compute it from the data, for example from a file's SHA-256 and a version number of the split.",
            )
        once, again = first.read(), second.read()
        if any(list(once[name].texts) != list(again[name].texts) for name in once):
            raise Problem(
                "two reads give different texts.",
                "Fix the order and every seed: texts are cached under the fingerprint.",
            )

    def validation_is_held_out() -> None:
        splits = open_dataset(spec.name).read()
        shared = set(splits["train"].texts) & set(splits["validation"].texts)
        if shared:
            raise Problem(
                f"{counted(len(shared), 'text is', 'texts are')} in both the training and the validation split.",
                "Remove them from one split: accuracy on training texts is no measure of a model.",
            )

    steps: list[Step] = [
        ("listing", lambda: check_import(spec.load)),
        ("splits", splits_are_valid),
        ("repeatable", is_repeatable),
        ("held out", validation_is_held_out),
    ]
    return run_in_sandbox(spec, steps, required=2, own_home=False)


def vectors_checks(spec: VectorsSpec) -> list[Check]:
    """`lookup` returns one row for each word, and zero for an unknown word."""

    def rows_are_valid() -> None:
        vectors = open_vectors(spec.name)
        if vectors is None or vectors.size != spec.size:
            raise Problem("their size differs from that of the spec.", "Give both the same `size`.")
        words = ["the", "film", "\x00 not a word"]
        found_ND, known_N = vectors.lookup(words)
        if found_ND.shape != (3, spec.size) or known_N.shape != (3,) or found_ND.dtype != np.float32:
            raise Problem(
                f"lookup of 3 words gave {found_ND.dtype} {found_ND.shape} and {known_N.shape}.",
                f"Return float32 (3, {spec.size}) and bool (3,).",
            )
        if known_N[2] or found_ND[~known_N].any():
            raise Problem("an unknown word has a vector.", "Return a zero row and False for it.")

    return run_in_sandbox(spec, [("lookup", rows_are_valid)], required=1, own_home=False)


def explainer_checks(spec: ExplainerSpec) -> list[Check]:
    """The method is repeatable, and returns a finite score for each token with each kind of model that it supports."""
    models = _supported(spec)

    def scores_are_valid() -> None:
        for model in models:
            classifier = TrainedClassifier(_trained(model))
            for text in ("splendid", "a splendid film with a dreadful end", "words outside the vocabulary"):
                explain(classifier, ExplainRequest(text, method=spec.name))

    def is_repeatable() -> None:
        classifier = TrainedClassifier(_trained(models[0]))
        request = ExplainRequest("a splendid film with a dreadful end", method=spec.name)
        if explain(classifier, request) != explain(classifier, request):
            raise Problem("two explanations of one text differ.", "Seed random numbers with the text.")

    steps: list[Step] = [("scores", scores_are_valid), ("repeatable", is_repeatable)]
    return run_in_sandbox(spec, steps, required=1)


def _supported(spec: ExplainerSpec) -> list[str]:
    """A small model for each kind of attention that a method supports."""
    kinds: dict[Attention, str] = {"none": "mean", "pool": "simple-attn", "self": "transformer"}
    if spec.needs_maps:
        return [kinds["self"]]
    return [model for kind, model in kinds.items() if kind != "none" or not spec.needs_attention]


def tracker_checks(spec: TrackerSpec) -> list[Check]:
    """The tracker accepts the events of a run in training and afterwards, and keeps torch's random state."""

    def accepts_a_finished_run() -> None:
        track(_trained("simple-attn"), spec)

    def accepts_a_live_run() -> None:
        problems: list[str] = []

        def note(event: Event) -> None:
            if event["kind"] == "warning":
                problems.append(event["message"])

        _trained("simple-attn", listeners=[note], trackers=[spec.name])
        if problems:
            raise Problem(
                problems[0],
                "It works for a finished run: check its use of threads, and that it accepts events one by one.",
            )

    def keeps_the_random_state() -> None:
        import torch

        run = _trained("simple-attn")
        before = torch.get_rng_state()
        track(run, spec)
        if not torch.equal(before, torch.get_rng_state()):
            raise Problem("it draws from torch's global random state.", "Use a torch.Generator of its own.")

    steps: list[Step] = [
        ("finished run", accepts_a_finished_run),
        ("live run", accepts_a_live_run),
        ("random state", keeps_the_random_state),
    ]
    return run_in_sandbox(spec, steps, required=1)


def _trained(model: str, listeners: Sequence[Listener] = (), trackers: Sequence[str] = ()) -> RunDirectory:
    options = {**toy.QUICK, "dataset": toy.dataset_name(2)}
    return start(model, options, listeners=listeners, trackers=trackers)
