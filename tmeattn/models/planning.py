"""A model as it would be built, without memory for its weights: their names and shapes."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from tmeattn.models.building import build_model
from tmeattn.run_config import RunConfig
from tmeattn.specs import Space


def planned_model(run: RunConfig, space: Space) -> nn.Module:
    """Build a model on torch's device "meta". Raises as `build_model`."""
    with torch.device("meta"), _WithoutDrawing():
        return build_model(run, space)


class _WithoutDrawing(TorchFunctionMode):
    """Draws no numbers from a normal distribution and scales none: there is no memory to fill, and torch would import
    its compiler for it, which takes two seconds. Other functions are as they are."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        first = args[0] if args else kwargs.get("tensor")
        if isinstance(first, torch.Tensor) and first.is_meta:
            scaled = name.strip("_") in _SCALES and len(args) == 2 and isinstance(args[1], int | float)
            if name.endswith("normal_") or (scaled and first.is_floating_point()):
                return first
        if func in _UNFILLED and "out" not in kwargs:
            func, kwargs = _UNFILLED[func], {name: value for name, value in kwargs.items() if name != "generator"}
        return func(*args, **kwargs)


_UNFILLED = {torch.randn: torch.empty, torch.randn_like: torch.empty_like}
_SCALES = {"mul", "rmul", "imul", "div", "truediv"}
