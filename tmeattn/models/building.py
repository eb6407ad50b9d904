"""Building any registered model, and holding it to the plugin contract before it is trusted with data."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

from tmeattn.config import RunConfig, model_config, resolve_run
from tmeattn.errors import BadInput, EnvironmentProblem, TmeattnError
from tmeattn.models.layers import uniform_weights
from tmeattn.registry import registry, resolve
from tmeattn.specs import PADDING, UNKNOWN, ModelOutput, ModelSpec, Space


def owner(spec: ModelSpec) -> str:
    """How a model is named in an error: with the distribution that brought it."""
    return f"Model {spec.name!r} (from {registry().plugin_of(spec).distribution})"


def build_model(run: RunConfig, space: Space) -> nn.Module:
    """The model of a run, freshly initialised from torch's random state.

    Raises:
        BadInput: the plugin's `build` fails or returns no module.
    """
    spec = registry().get(ModelSpec, run.model)
    build = resolve(spec.build, wanted_by=owner(spec))
    config = model_config(run)
    try:
        model = build(config, space)
    except TmeattnError:
        raise
    except Exception as error:
        raise BadInput(f"{owner(spec)} cannot be built: {type(error).__name__}: {error}") from error
    if not isinstance(model, nn.Module):
        raise BadInput(f"{owner(spec)}: {spec.build} returned {type(model).__name__}, not a torch.nn.Module.")
    if run.train.uniform_attention:
        _share_out_equally(model)
    return model


def _share_out_equally(model: nn.Module) -> None:
    """Every call of the model runs with `uniform_weights`; its parameters keep their names."""
    forward = model.forward

    def equally(*arguments: Any, **named: Any) -> Any:
        with uniform_weights():
            return forward(*arguments, **named)

    model.forward = equally


@torch.no_grad()
def check_contract(
    spec: ModelSpec, model: nn.Module, space: Space, device: torch.device, *, uniform: bool = False
) -> None:
    """Run two short texts, one padded, and compare what comes back with what the spec promises; `uniform` also demands
    that the weights of pooling are equal.

    Raises:
        BadInput: naming the model, its distribution and what is wrong. Random state and mode are as before.
    """
    who = owner(spec)
    unknown = min(UNKNOWN, space.vocabulary_size - 1)
    tokens_BT = torch.tensor([[unknown] * 3, [unknown, PADDING, PADDING]], device=device)
    mask_BT = torch.tensor([[True] * 3, [True, False, False]], device=device)
    random_state, training = torch.get_rng_state(), model.training
    model.eval()
    try:
        output = model(tokens_BT, mask_BT, need_maps=spec.attention == "self")
    except Exception as error:
        raise BadInput(f"{who} fails in forward: {type(error).__name__}: {error}") from error
    finally:
        model.train(training)
        torch.set_rng_state(random_state)
    if not isinstance(output, ModelOutput):
        raise BadInput(f"{who}: forward returned {type(output).__name__}, not a tmeattn.specs.ModelOutput.")
    wanted = (2, space.num_classes)
    if tuple(output.logits_BC.shape) != wanted:
        raise BadInput(f"{who}: logits have shape {tuple(output.logits_BC.shape)}, expected {wanted} (texts, classes).")
    if spec.attention == "pool":
        weights = output.attention_BT
        if weights is None:
            raise BadInput(f"{who} promises pooling attention (attention='pool') and returned none.")
        if weights.shape != tokens_BT.shape:
            raise BadInput(f"{who}: attention has shape {tuple(weights.shape)}, expected {tuple(tokens_BT.shape)}.")
        _check_weights(who, weights, mask_BT)
        if uniform and not torch.allclose(weights, mask_BT / mask_BT.sum(dim=1, keepdim=True)):
            raise BadInput(
                f"{who} does not pool by layers.masked_softmax: --uniform-attention cannot reach its weights."
            )
    if spec.attention == "self":
        if not output.maps:
            raise BadInput(
                f"{who} promises self-attention (attention='self') and returned no maps when asked for them."
            )
        for map_BHSS in output.maps:
            _check_map(who, map_BHSS, mask_BT)


def _check_map(who: str, map_BHSS: torch.Tensor, mask_BT: torch.Tensor) -> None:
    batch, words = mask_BT.shape
    size = map_BHSS.shape[-1]
    if map_BHSS.dim() != 4 or len(map_BHSS) != batch or map_BHSS.shape[-2] != size or size < words:
        raise BadInput(
            f"{who}: a map has shape {tuple(map_BHSS.shape)}, expected (texts, heads, S, S) with S >= {words}."
        )
    real_BS = F.pad(mask_BT, (size - words, 0), value=True)
    rows_NS = map_BHSS.transpose(1, 2)[real_BS].flatten(0, 1)
    keys_NS = real_BS.repeat_interleave(real_BS.sum(dim=1) * map_BHSS.shape[1], dim=0)
    _check_weights(who, rows_NS, keys_NS)


def _check_weights(who: str, weights: torch.Tensor, mask: torch.Tensor) -> None:
    """Rows of weights over keys, of which `mask` says which are real."""
    if not torch.isfinite(weights).all():
        raise BadInput(f"{who}: attention holds NaN or infinity.")
    if weights[~mask].abs().max() > 0:
        raise BadInput(f"{who} attends to padding.", hint="Use tmeattn.models.layers.masked_softmax(scores, mask).")
    if (weights.sum(dim=-1) - 1).abs().max() > 1e-3:
        raise BadInput(f"{who}: attention does not sum to 1 over a text.")


def choose_device(name: str) -> torch.device:
    """`auto` takes a CUDA GPU where there is one, else the CPU.

    Raises:
        EnvironmentProblem: the named device is not there.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device("cuda" if available["cuda"] else "cpu")
    if not available[name]:
        raise EnvironmentProblem(f"--device {name}: this machine has none.", hint="Use --device cpu.")
    return torch.device(name)


def count_parameters(spec: ModelSpec) -> int | None:
    """Trained parameters of a model's default configuration beside the word vectors, for width 50 and two classes; None
    where that depends on the texts that it is prepared for."""
    if spec.prepare is not None:
        return None
    model = build_model(resolve_run(spec.name, {}), Space(vocabulary_size=2, num_classes=2, vector_size=50))
    embedded = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    return sum(p.numel() for p in model.parameters() if p.requires_grad and id(p) not in embedded)
