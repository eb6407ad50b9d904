"""For the tests of plugins: `check_model(spec)` and its siblings hold a plugin to the contract (see plugins/README.md).

from tmeattn.testing import check_model
from my_plugin import tmeattn_models

def test_contract():
    for spec in tmeattn_models():
        check_model(spec)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, TrackerSpec, VectorsSpec
from tmeattn.testing.checks import Check, CheckFailed, demand

__all__ = [
    "Check",
    "CheckFailed",
    "check_dataset",
    "check_explainer",
    "check_model",
    "check_tracker",
    "check_vectors",
]


def check_model(spec: ModelSpec, *, options: Mapping[str, Any] | None = None) -> None:
    """Build, read, train, stop, resume and explain a model on texts made up for it (a few seconds).

    `options` are options of `tmeattn train` or the model's own, such as those that make it small.

    Raises:
        CheckFailed: an `AssertionError` that names every check that failed, and what to change.
    """
    from tmeattn.testing.models import model_checks

    demand(spec.name, model_checks(spec, options or {}))


def check_dataset(spec: DatasetSpec) -> None:
    """Load a dataset, read it twice and encode it.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.others import dataset_checks

    demand(spec.name, dataset_checks(spec))


def check_vectors(spec: VectorsSpec) -> None:
    """Load word vectors and look words up.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.others import vectors_checks

    demand(spec.name, vectors_checks(spec))


def check_explainer(spec: ExplainerSpec) -> None:
    """Explain a trained model's predictions with it.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.others import explainer_checks

    demand(spec.name, explainer_checks(spec))


def check_tracker(spec: TrackerSpec) -> None:
    """Give a tracker the events of a run: while it is trained, and afterwards.

    Raises:
        CheckFailed: see `check_model`.
    """
    from tmeattn.testing.others import tracker_checks

    demand(spec.name, tracker_checks(spec))
