"""The architecture of a model as a graph of its modules and of the operations between them. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["input", "module", "operation", "parameter"]


@dataclass(frozen=True)
class Node:
    """A step of the computation.

    label:      the name of a module in the model, or the name of an operation.
    detail:     the class of a module; empty for operations.
    shape:      of the output: dimensions are numbers, or B (texts), T (words of a text), T + 1 (words and CLS).
    parameters: number of parameters of a module; trainable: those that are trained.
    times:      how many modules of this kind follow one another; `parameters` are those of all.
    inputs:     positions of the nodes whose output it takes, in the diagram.
    """

    kind: NodeKind
    label: str
    detail: str
    shape: str
    parameters: int
    trainable: int
    times: int
    inputs: tuple[int, ...]


@dataclass(frozen=True)
class Diagram:
    """The steps of a model, or of one of its modules, in the order in which they are computed.

    name:       the module, by its class.
    nodes:      the steps; the last one gives the result.
    parameters: number of parameters of the whole; trainable: those that are trained.
    """

    name: str
    nodes: tuple[Node, ...]
    parameters: int
    trainable: int
