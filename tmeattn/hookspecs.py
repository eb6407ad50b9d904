"""The hooks that a plugin may implement, each returning a list of specs (see `tmeattn.specs`).

A plugin is a module named in the entry-point group `tmeattn`, with functions marked by `hookimpl`:

    from tmeattn.hookspecs import hookimpl
    from tmeattn.specs import ModelSpec

    @hookimpl
    def tmeattn_models():
        return [ModelSpec(name="my-model", ...)]
"""

from __future__ import annotations

import pluggy

from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, TrackerSpec, VectorsSpec

GROUP = "tmeattn"

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def tmeattn_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Models for `tmeattn train`."""


@hookspec
def tmeattn_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Labelled texts for `--dataset`."""


@hookspec
def tmeattn_vectors() -> list[VectorsSpec]:  # type: ignore[empty-body]
    """Pretrained word vectors for `--vectors`."""


@hookspec
def tmeattn_explainers() -> list[ExplainerSpec]:  # type: ignore[empty-body]
    """Attribution methods for `tmeattn explain --method`."""


@hookspec
def tmeattn_trackers() -> list[TrackerSpec]:  # type: ignore[empty-body]
    """Where `tmeattn train --track` takes a run's events."""
