"""The hooks that a plugin may implement. Each takes no arguments and returns a list of specs (see `tmeattn.specs`).

A plugin is a module named in the entry-point group `tmeattn`, with functions marked by `hookimpl`:

    import tmeattn

    @tmeattn.hookimpl
    def tmeattn_models():
        return [tmeattn.ModelSpec(name="my-model", ...)]
"""

from __future__ import annotations

import pluggy

from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, TokenizerSpec, TrackerSpec, VectorsSpec

GROUP = "tmeattn"
"""The entry-point group of plugins."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)
"""Marks the functions of a plugin that implement a hook."""


@hookspec
def tmeattn_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Models for `tmeattn train NAME` and `tmeattn models`."""


@hookspec
def tmeattn_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Labelled texts for `--dataset NAME` and `tmeattn data list`."""


@hookspec
def tmeattn_vectors() -> list[VectorsSpec]:  # type: ignore[empty-body]
    """Pretrained word vectors for `--vectors NAME` and `tmeattn data list`."""


@hookspec
def tmeattn_explainers() -> list[ExplainerSpec]:  # type: ignore[empty-body]
    """Attribution methods for `tmeattn explain --method NAME` and `tmeattn faithfulness`."""


@hookspec
def tmeattn_trackers() -> list[TrackerSpec]:  # type: ignore[empty-body]
    """Exports of a run's events for `tmeattn train --track NAME` and `tmeattn runs track RUN NAME`."""


@hookspec
def tmeattn_tokenizers() -> list[TokenizerSpec]:  # type: ignore[empty-body]
    """Tokenizers for `tmeattn train --tokenizer NAME`."""
