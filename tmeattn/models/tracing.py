"""Draws the architecture of a model from the model itself: a text is run through it, and the calls of its modules, of
helper functions and of torch are recorded with the tensors that they pass on.

The diagram of a module has a node for each direct call in its `forward`: of a submodule, of a function, or of torch.
Calls that only reshape a tensor have no node. Masks and other tensors of booleans are left out.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from tmeattn.models.building import build_model
from tmeattn.models.diagram import Diagram, Node, NodeKind
from tmeattn.models.diagram_nodes import TEXTS, WORDS, counts, described, merged_nodes, shape_text
from tmeattn.run_config import resolve_run
from tmeattn.specs import UNKNOWN, ModelOutput, ModelSpec, Space

_RESHAPING = {
    "view", "reshape", "permute", "transpose", "squeeze", "unsqueeze", "expand", "expand_as", "contiguous", "to",
    "float", "double", "half", "type", "detach", "clone", "__getitem__", "unbind", "chunk", "split", "flatten", "T",
    "mT", "t", "__iter__",
}  # fmt: skip
_NAMES = {
    "add": "+", "__add__": "+", "__radd__": "+", "sub": "-", "mul": "scale", "__mul__": "scale", "__rmul__": "scale",
    "truediv": "divide", "__truediv__": "divide", "__div__": "divide", "matmul": "matrix product",
    "__matmul__": "matrix product", "bmm": "matrix product", "softmax": "softmax",
    "masked_softmax": "softmax over the words", "masked_mean": "mean over the words", "cat": "concatenate",
    "relu": "ReLU", "scaled_dot_product_attention": "softmax(Q K^T / sqrt(k)) V", "_positions": "positions",
}  # fmt: skip
_MODULE_CALLS = {"_wrapped_call_impl", "_call_impl", "__call__"}


@dataclass
class _Step:
    """A recorded call: what it is, its outputs so far, and the positions of the steps whose tensors it takes."""

    kind: NodeKind
    label: str
    module: nn.Module | None = None
    shape: tuple[int, ...] = ()
    inputs: list[int] = field(default_factory=list)


@torch.no_grad()
def trace(model: nn.Module, part: str = "", *, need_maps: bool = True) -> Diagram:
    """The diagram of a model, or of its module at the path `part`, such as `blocks.0.attention`.

    Raises:
        AttributeError: the model has no such module.
    """
    scope = model.get_submodule(part)
    tokens_BT = torch.full((TEXTS, WORDS), UNKNOWN, dtype=torch.long)
    mask_BT = torch.ones((TEXTS, WORDS), dtype=torch.bool)
    was_training = model.training
    model.eval()
    try:
        with torch.random.fork_rng(devices=[]), _Recorder(scope) as recorder:
            model(tokens_BT, mask_BT, need_maps=need_maps)
    finally:
        model.train(was_training)
    return recorder.diagram()


def default_diagrams(spec: ModelSpec) -> tuple[Diagram, ...]:
    """The diagram of a model with its default options, two classes and word vectors of 50 dimensions; then that of the
    module that it repeats, such as the block of a transformer.

    None at all: the model depends on the training texts, or fails on the traced text, as a plugin's may.
    """
    if spec.prepare is not None:
        return ()
    space = Space(vocabulary_size=UNKNOWN + 1, num_classes=2, vector_size=50)
    model = build_model(resolve_run(spec.name, {}), space)
    try:
        whole = trace(model)
        repeated = [f"{node.label}.0" for node in whole.nodes if node.times > 1]
        return (whole, *(trace(model, part) for part in repeated))
    except Exception:
        return ()


class _Recorder(TorchFunctionMode):
    """Records the steps of one module while a model runs."""

    def __init__(self, scope: nn.Module) -> None:
        super().__init__()
        self.scope, self.code = scope, type(scope).forward.__code__
        self.paths = {id(module): path for path, module in scope.named_modules()}
        self.parameters = {id(tensor): name for name, tensor in [*scope.named_parameters(), *scope.named_buffers()]}
        self.steps: list[_Step] = []
        self.of_tensor: dict[int, int] = {}
        self.of_call: dict[int, int] = {}
        self.kept: list[Any] = []  # so that no id is used twice
        self.result: list[int] = []
        self.hooks: list[Any] = []

    def __enter__(self) -> _Recorder:
        self.hooks.append(self.scope.register_forward_pre_hook(self._begin, with_kwargs=True))
        self.hooks.append(self.scope.register_forward_hook(self._end))
        for module in self.scope.modules():
            if module is not self.scope:
                self.hooks.append(module.register_forward_hook(self._module))
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        for hook in self.hooks:
            hook.remove()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        outputs = list(_tensors(result))
        if not outputs:
            return result
        self.kept.append((args, kwargs, result))
        frame = sys._getframe(1)
        if (call := self._call(frame)) is None:
            return result
        name, frame_id, module = call
        taken = self._taken([args, kwargs])
        if module is not None:
            return result  # the hook of the module records it
        if all(output.dtype == torch.bool for output in outputs):
            return result
        plain = getattr(func, "__name__", "")
        if frame_id is None and plain in _RESHAPING:
            if taken:
                self._gives(outputs, taken[0])
            return result
        if not taken and frame_id is None:
            return result  # a constant
        key = frame_id if frame_id is not None else id(result)
        self._step(key, "operation", _NAMES.get(name or plain, name or plain.strip("_")), taken, outputs)
        return result

    def _call(self, frame: FrameType | None) -> tuple[str, int | None, nn.Module | None] | None:
        """The direct call of `forward` that a call of torch belongs to, as (function, its frame, module); None outside
        of `forward`."""
        below: FrameType | None = None
        while frame is not None and not (frame.f_code is self.code and frame.f_locals.get("self") is self.scope):
            below, frame = frame, frame.f_back
        if frame is None:
            return None
        if below is None:
            return "", None, None
        self.kept.append(below)
        if below.f_code.co_name in _MODULE_CALLS and isinstance(below.f_locals.get("self"), nn.Module):
            return "", id(below), below.f_locals["self"]
        if _is_torch(below):
            return "", None, None
        return below.f_code.co_name, id(below), None

    def _step(self, key: int, kind: NodeKind, label: str, taken: list[int], outputs: list[Tensor]) -> None:
        if key not in self.of_call:
            self.of_call[key] = len(self.steps)
            self.steps.append(_Step(kind, label))
        index = self.of_call[key]
        step = self.steps[index]
        step.inputs += [each for each in taken if each != index and each not in step.inputs]
        step.shape = tuple(outputs[0].shape)
        self._gives(outputs, index)

    def _module(self, module: nn.Module, args: Any, output: Any) -> None:
        """A submodule has run: it is a step if `forward` of the scope has called it."""
        frame: FrameType | None = sys._getframe(1)
        call = self._call(frame)
        outputs = list(_tensors(output))
        self.kept.append((args, output))
        if call is None or call[2] is not module or not outputs:
            return
        taken = self._taken(args)
        if isinstance(module, nn.Identity):
            if taken:
                self._gives(outputs, taken[0])
            return
        self.of_call[id(output)] = len(self.steps)
        path = self.paths.get(id(module), "")
        self.steps.append(_Step("module", path, module, tuple(outputs[0].shape), taken))
        self._gives(outputs, len(self.steps) - 1)

    def _begin(self, module: nn.Module, args: Any, kwargs: Any) -> None:
        names = list(inspect.signature(module.forward).parameters)
        for name, value in [*zip(names, args, strict=False), *kwargs.items()]:
            for tensor in _tensors(value):
                if tensor.dtype != torch.bool:
                    self.steps.append(_Step("input", name.rpartition("_")[0] or name, None, tuple(tensor.shape)))
                    self._gives([tensor], len(self.steps) - 1)

    def _end(self, module: nn.Module, args: Any, output: Any) -> None:
        self.result = [self.of_tensor[id(tensor)] for tensor in _tensors(output) if id(tensor) in self.of_tensor]

    def _gives(self, outputs: list[Tensor], index: int) -> None:
        self.kept.append(outputs)
        for tensor in outputs:
            self.of_tensor[id(tensor)] = index

    def _taken(self, arguments: Any) -> list[int]:
        """The steps whose tensors are among the arguments, without masks."""
        found = []
        for tensor in _tensors(arguments):
            if tensor.dtype == torch.bool:
                continue
            if id(tensor) not in self.of_tensor and id(tensor) in self.parameters:
                name = self.parameters[id(tensor)]
                label = name.rpartition("_")[0] or name
                self.steps.append(_Step("parameter", label, None, tuple(tensor.shape)))
                self._gives([tensor], len(self.steps) - 1)
            if id(tensor) in self.of_tensor and self.of_tensor[id(tensor)] not in found:
                found.append(self.of_tensor[id(tensor)])
        return found

    def diagram(self) -> Diagram:
        """The recorded steps from which the result is computed, with equal neighbours merged."""
        needed = self._needed()
        place = {index: position for position, index in enumerate(needed)}
        nodes = [self._node(self.steps[index], place) for index in needed]
        return Diagram(type(self.scope).__name__, tuple(merged_nodes(nodes)), *counts(self.scope))

    def _needed(self) -> list[int]:
        wanted, found = list(self.result), set()
        while wanted:
            index = wanted.pop()
            if index not in found:
                found.add(index)
                wanted += self.steps[index].inputs
        return sorted(found)

    def _node(self, step: _Step, place: dict[int, int]) -> Node:
        detail = type(step.module).__name__ if step.module is not None else ""
        if isinstance(step.module, nn.Sequential):
            detail = ", ".join(described(layer) for layer in step.module)
        elif isinstance(step.module, nn.Linear):
            detail = described(step.module)
        parameters, trainable = counts(step.module) if step.module is not None else (0, 0)
        if step.kind == "parameter":
            parameters = trainable = int(torch.tensor(step.shape).prod())
        inputs = tuple(sorted({place[index] for index in step.inputs if index in place}))
        return Node(step.kind, step.label, detail, shape_text(step.shape), parameters, trainable, 1, inputs)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, ModelOutput):
        yield value.logits_BC
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _is_torch(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).split(".")[0] == "torch"
