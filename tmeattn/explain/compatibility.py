"""Which attribution methods are compatible with a model, and why others are not."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

from tmeattn.errors import BadInput, EnvironmentProblem, shortened
from tmeattn.explain.explanation import FALLBACK, SEE_MAPS
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.registry import registry
from tmeattn.specs import ExplainerSpec


def methods_with_reasons(classifier: TrainedClassifier) -> list[tuple[ExplainerSpec, str | None]]:
    """Every registered method, with the reason why it is not compatible with the model (None: it is compatible)."""
    return [(spec, incompatibility(spec, classifier)) for spec in registry().all(ExplainerSpec)]


def incompatibility(spec: ExplainerSpec, classifier: TrainedClassifier) -> str | None:
    """Why a method is not compatible with a model, as a clause without a full stop; None where it is compatible."""
    model = classifier.spec.name
    if spec.needs_attention and classifier.spec.attention == "none":
        return f"the model {model!r} has no attention"
    if spec.needs_maps and not classifier.heads:
        return f"the model {model!r} has no self-attention"
    if spec.needs_pooling and classifier.spec.attention != "pool":
        return f"the model {model!r} does not pool by attention"
    if spec.needs_values and not (classifier.gives_values_of_maps if spec.needs_maps else classifier.gives_values):
        return f"the output of the model {model!r} has no value vectors (ModelOutput.values)"
    if missing := _missing(spec):
        return f"{missing} is not installed"
    if spec.needs_embedding_gradient and classifier.embedding is None:
        return f"the model {model!r} does not look up words in a single torch.nn.Embedding"
    return None


def require_compatible(spec: ExplainerSpec, classifier: TrainedClassifier) -> None:
    """Check that a method is compatible with a model.

    Raises:
        BadInput: it is not; the message has the reason and the compatible methods.
        EnvironmentProblem: it needs a package that is not installed.
    """
    reason = incompatibility(spec, classifier)
    if reason is None:
        return
    if _missing(spec):
        names = " and ".join(spec.packages)
        raise EnvironmentProblem(
            f"The method {spec.name!r} cannot be used: {reason}.", hint=f"Install what the method imports: {names}."
        )
    compatible = ", ".join(other.name for other, why_not in methods_with_reasons(classifier) if why_not is None)
    raise BadInput(f"The method {spec.name!r} cannot be used: {reason}.", hint=f"Choose one of {compatible}.")


def require_layer_and_head(
    spec: ExplainerSpec, classifier: TrainedClassifier, layer: int | None, head: int | None
) -> None:
    """Check that the model has a layer and a head, and that the method uses them.

    Raises:
        BadInput: the method or the model has no choice of layers and heads, or the number is out of range.
    """
    given = " and ".join(flag for flag, value in (("--layer", layer), ("--head", head)) if value is not None)
    if not given:
        return
    if not spec.selects_heads:
        raise BadInput(f"{given}: the method {spec.name!r} does not select layers and heads.")
    heads = classifier.heads
    if not heads:
        raise BadInput(f"{given}: the model {classifier.spec.name!r} has no self-attention.")
    if layer is not None and not 1 <= layer <= len(heads):
        raise BadInput(f"--layer {layer}: the model has {_range_text(len(heads), 'layer')}.")
    most = min(heads) if layer is None else heads[layer - 1]
    if head is not None and not 1 <= head <= most:
        raise BadInput(f"--head {head}: the model has {_range_text(most, 'head')} in a layer.")


def require_class(classes: Sequence[str], name: str | None) -> None:
    """Check the class that scores are to be about.

    Raises:
        BadInput: the model does not have it.
    """
    if name is not None and name not in classes:
        raise BadInput(f"The model has no class {shortened(name)!r}.", hint=f"Its classes are {', '.join(classes)}.")


def default_method(
    classifier: TrainedClassifier, layer: int | None, head: int | None
) -> tuple[ExplainerSpec, str | None]:
    """The default method of a model, and a note for the reader on why it is the default (None: it needs none)."""
    kind = classifier.spec.attention
    if kind == "pool" or layer is not None or head is not None:
        return registry().get(ExplainerSpec, "attention"), None
    spec = registry().get(ExplainerSpec, FALLBACK)
    if kind == "none":
        return spec, f"The model {classifier.spec.name} has no attention, so words are scored by {FALLBACK}."
    return spec, f"No single attention map decides the class: words are scored by {FALLBACK}. {SEE_MAPS}"


def _missing(spec: ExplainerSpec) -> str | None:
    return next((name for name in spec.packages if importlib.util.find_spec(name) is None), None)


def _range_text(number: int, what: str) -> str:
    """ "1 layer", "layers 1 to 4"."""
    return f"1 {what}" if number == 1 else f"{what}s 1 to {number}"
