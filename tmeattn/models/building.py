"""Build any registered model, check that it keeps the plugin contract, and choose its device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.errors import BadInput, EnvironmentProblem, UnknownName
from tmeattn.foreign import plugin_call
from tmeattn.models.gpu import kept_random_state, without_tf32
from tmeattn.models.layers import uniform_weights
from tmeattn.plugin import OWN_DISTRIBUTION
from tmeattn.registry import registry, resolve
from tmeattn.run_config import RunConfig, model_config, resolve_run
from tmeattn.specs import PADDING, UNKNOWN, ModelOutput, ModelSpec, Space


def owner(spec: ModelSpec) -> str:
    """The model's name in error messages, with the distribution that provides it."""
    return f"Model {spec.name!r} (from {registry().plugin_of(spec).distribution})"


def build_model(run: RunConfig, space: Space) -> nn.Module:
    """Build the model of a run. Its initial weights come from torch's random state.

    Raises:
        BadInput: the plugin's `build` fails or returns no module.
    """
    spec = registry().get(ModelSpec, run.model)
    build = resolve(spec.build, wanted_by=owner(spec))
    config = model_config(run)
    with plugin_call(owner(spec), "cannot be built"):
        model = build(config, space)
    if not isinstance(model, nn.Module):
        raise BadInput(f"{owner(spec)}: {spec.build} returned {type(model).__name__}, not a torch.nn.Module.")
    if run.train.uniform_attention:
        model.forward = _Within(model, uniform_weights)
    if registry().plugin_of(spec).distribution != OWN_DISTRIBUTION:
        # What each call of a plugin's model raises names the plugin, also in the middle of a training.
        model.forward = _Within(model, partial(plugin_call, owner(spec), "fails in forward"))
    return model


class _Within:
    """The `forward` of a model, called in a context. A copy of the model has a copy of this, which calls the copy."""

    def __init__(self, model: nn.Module, context: Callable[[], AbstractContextManager[None]]) -> None:
        self.forward, self.context = model.forward, context

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        with self.context():
            return self.forward(*arguments, **named)


@torch.no_grad()
def check_contract(
    spec: ModelSpec, model: nn.Module, space: Space, device: torch.device, *, uniform: bool = False
) -> None:
    """Run the model on two short texts, one of them padded, and check that its output agrees with the spec.

    With `uniform`, also check that the pooling weights are equal. Random state and training mode do not change.

    Raises:
        BadInput: the message has the model, its distribution and the problem.
    """
    name = owner(spec)
    unknown = min(UNKNOWN, space.vocabulary_size - 1)
    tokens_BT = torch.tensor([[unknown] * 3, [unknown, PADDING, PADDING]], device=device)
    mask_BT = torch.tensor([[True] * 3, [True, False, False]], device=device)
    training = model.training
    model.eval()
    try:
        with kept_random_state(device), plugin_call(name, "fails in forward"):
            output = model(tokens_BT, mask_BT, need_maps=spec.attention == "self")
    finally:
        model.train(training)
    if not isinstance(output, ModelOutput):
        raise BadInput(f"{name}: forward returned {type(output).__name__}, not a tmeattn.ModelOutput.")
    wanted = (2, space.num_classes)
    if tuple(output.logits_BC.shape) != wanted:
        raise BadInput(
            f"{name}: logits have shape {tuple(output.logits_BC.shape)}, expected {wanted} (texts, classes)."
        )
    if spec.attention == "pool":
        _check_pooling(name, output.attention_BT, mask_BT, uniform)
    if spec.attention == "self":
        if not output.maps:
            raise BadInput(f"{name}: its spec has attention='self', but forward returned no maps with need_maps=True.")
        for map_BHSS in output.maps:
            _check_map(name, map_BHSS, mask_BT)
    if output.values is not None:
        _check_values(name, output)


def _check_pooling(name: str, weights_BT: torch.Tensor | None, mask_BT: torch.Tensor, uniform: bool) -> None:
    if weights_BT is None:
        raise BadInput(f"{name}: its spec has attention='pool', but forward returned no attention weights.")
    if weights_BT.shape != mask_BT.shape:
        raise BadInput(f"{name}: attention has shape {tuple(weights_BT.shape)}, expected {tuple(mask_BT.shape)}.")
    _check_weights(name, weights_BT, mask_BT)
    if uniform and not torch.allclose(weights_BT, mask_BT / mask_BT.sum(dim=1, keepdim=True)):
        raise BadInput(
            f"{name} does not compute its weights with layers.masked_softmax, so --uniform-attention has no effect."
        )


def _check_map(name: str, map_BHSS: torch.Tensor, mask_BT: torch.Tensor) -> None:
    batch, words = mask_BT.shape
    size = map_BHSS.shape[-1]
    if map_BHSS.dim() != 4 or len(map_BHSS) != batch or map_BHSS.shape[-2] != size or size < words:
        raise BadInput(
            f"{name}: a map has shape {tuple(map_BHSS.shape)}, expected (texts, heads, S, S) with S >= {words}."
        )
    real_BS = F.pad(mask_BT, (size - words, 0), value=True)
    rows_NS = map_BHSS.transpose(1, 2)[real_BS].flatten(0, 1)
    keys_NS = real_BS.repeat_interleave(real_BS.sum(dim=1) * map_BHSS.shape[1], dim=0)
    _check_weights(name, rows_NS, keys_NS)


def _check_values(name: str, output: ModelOutput) -> None:
    """Check that there are value vectors for all attention weights."""
    maps = output.maps or ()
    wanted = [tuple(map_BHSS.shape[:3]) for map_BHSS in maps]
    if output.attention_BT is not None:
        wanted = [tuple(output.attention_BT.shape)]
    found = [tuple(values.shape[:-1]) for values in output.values or ()]
    if found != wanted:
        raise BadInput(
            f"{name}: its value vectors have shapes {found} without the last dimension, expected {wanted}.",
            hint="Return one (B, T, D) tensor of pooling, or one (B, H, S, D) tensor for each layer of self-attention.",
        )


def _check_weights(name: str, weights: torch.Tensor, mask: torch.Tensor) -> None:
    """Check rows of attention weights. `mask` is True at the weights of real positions."""
    if not torch.isfinite(weights).all():
        raise BadInput(f"{name}: attention weights are NaN or infinite.")
    if weights[~mask].abs().max() > 0:
        raise BadInput(f"{name} attends to padding.", hint="Use tmeattn.layers.masked_softmax(scores, mask).")
    if (weights.sum(dim=-1) - 1).abs().max() > 1e-3:
        raise BadInput(f"{name}: the attention weights of a text do not sum to 1.")


def choose_device(name: str) -> torch.device:
    """The device of a `--device` option. `auto` is a CUDA GPU if the machine has one, else the CPU.

    Raises:
        UnknownName: there is no such device.
        EnvironmentProblem: the machine does not have it.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = "cuda" if available["cuda"] else "cpu"
    if name not in available:
        raise UnknownName("device", name, ["auto", *available])
    if not available[name]:
        raise EnvironmentProblem(f"--device {name}: this machine has no such device.", hint="Use --device cpu.")
    if name == "cuda":
        without_tf32()
    return torch.device(name)


def count_parameters(spec: ModelSpec) -> int | None:
    """Number of trainable parameters of a model's default configuration, without the word vectors.

    The count is for word vectors of 50 dimensions and two classes. None: it depends on the training texts.
    """
    if spec.prepare is not None:
        return None
    model = build_model(resolve_run(spec.name, {}), Space(vocabulary_size=2, num_classes=2, vector_size=50))
    embedded = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    return sum(p.numel() for p in model.parameters() if p.requires_grad and id(p) not in embedded)
