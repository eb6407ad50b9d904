"""Which attribution methods serve which model, and why not where they do not."""

from __future__ import annotations

import importlib.util

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec

FALLBACK = "leave-one-out"
"""Serves every model."""


def methods_for(classifier: TrainedClassifier) -> list[tuple[ExplainerSpec, str | None]]:
    """Every registered method, and why it cannot serve this model, as a clause without full stop (None: it can)."""
    return [(spec, reason_against(spec, classifier)) for spec in registry().all(ExplainerSpec)]


def reason_against(spec: ExplainerSpec, classifier: TrainedClassifier) -> str | None:
    """Why a method cannot serve a model; None where it can."""
    model = classifier.spec.name
    if spec.needs_attention and classifier.spec.attention == "none":
        return f"the model {model!r} has no attention"
    if spec.needs_maps and classifier.spec.attention != "self":
        return f"the model {model!r} has no self-attention"
    if missing := _missing(spec):
        return f"{missing} is not installed"
    if spec.needs_embedding_gradient and classifier.embedding is None:
        return f"the model {model!r} does not look its words up in one torch.nn.Embedding"
    return None


def demand(spec: ExplainerSpec, classifier: TrainedClassifier) -> None:
    """Refuse a method that cannot serve a model.

    Raises:
        BadInput: why, and which methods can.
        EnvironmentProblem: it needs a package that is not installed.
    """
    reason = reason_against(spec, classifier)
    if reason is None:
        return
    if _missing(spec):
        raise EnvironmentProblem(
            f"The method {spec.name!r} cannot be used: {reason}.", hint='Install it: pip install "tmeattn[explain]"'
        )
    can = ", ".join(other.name for other, against in methods_for(classifier) if against is None)
    raise BadInput(f"The method {spec.name!r} cannot serve: {reason}.", hint=f"These can: {can}.")


def demand_choice(spec: ExplainerSpec, classifier: TrainedClassifier, layer: int | None, head: int | None) -> None:
    """Refuse a layer or head that is not there, or that nothing would read.

    Raises:
        BadInput: naming what there is.
    """
    given = " and ".join(flag for flag, value in (("--layer", layer), ("--head", head)) if value is not None)
    if not given:
        return
    if not spec.selects_heads:
        raise BadInput(f"{given}: the method {spec.name!r} does not choose among layers and heads.")
    heads = classifier.heads
    if not heads:
        raise BadInput(f"{given}: the model {classifier.spec.name!r} has no self-attention, so no layers and heads.")
    if layer is not None and not 1 <= layer <= len(heads):
        raise BadInput(f"--layer {layer}: the model has {_counted(len(heads), 'layer')}.")
    most = min(heads) if layer is None else heads[layer - 1]
    if head is not None and not 1 <= head <= most:
        raise BadInput(f"--head {head}: the model has {_counted(most, 'head')} in a layer.")


def default_method(
    classifier: TrainedClassifier, layer: int | None, head: int | None
) -> tuple[ExplainerSpec, str | None]:
    """The method where none is asked for, and what to tell the reader about it."""
    kind = classifier.spec.attention
    if kind == "pool" or layer is not None or head is not None:
        return registry().get(ExplainerSpec, "attention"), None
    spec = registry().get(ExplainerSpec, FALLBACK)
    model = classifier.spec.name
    if kind == "none":
        return spec, f"The model {model} has no attention: words are scored by {FALLBACK}."
    return spec, (
        f"The self-attention of {model} is many maps, none of which is the prediction's: words are scored by "
        f"{FALLBACK}. See the maps with --method attention, --layer, --head."
    )


def _missing(spec: ExplainerSpec) -> str | None:
    return next((name for name in spec.packages if importlib.util.find_spec(name) is None), None)


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{what}s 1 to {number}"
