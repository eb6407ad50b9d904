"""The parts of a diagram's nodes: shapes and classes as text, numbers of parameters, and equal neighbours merged."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from tmeattn.models.diagram import Node

TEXTS, WORDS = 13, 17
"""The traced text: sizes that no dimension of a model has by chance, so that the shapes of a diagram can name them."""


def described(layer: nn.Module) -> str:
    if isinstance(layer, nn.Linear):
        return f"Linear {layer.in_features} to {layer.out_features}"
    return type(layer).__name__


def counts(module: nn.Module) -> tuple[int, int]:
    """The numbers of all parameters and of the trainable ones, without word vectors."""
    found = [
        parameter
        for owner in module.modules()
        if not isinstance(owner, nn.Embedding)
        for parameter in owner.parameters(recurse=False)
    ]
    return sum(p.numel() for p in found), sum(p.numel() for p in found if p.requires_grad)


def shape_text(shape: tuple[int, ...]) -> str:
    """The dimensions of a shape, with the names of those of the traced text: "(B, T, 100)"."""
    names = {TEXTS: "B", WORDS: "T", WORDS + 1: "T + 1"}
    return f"({', '.join(names.get(size, str(size)) for size in shape)})"


def merged_nodes(nodes: list[Node]) -> list[Node]:
    """Neighbouring modules of one list with the same class, size and shape are one node: `blocks.0` to `blocks.2` are
    `blocks`, three times."""
    found: list[Node] = []
    place: dict[int, int] = {}
    for index, node in enumerate(nodes):
        inputs = tuple(sorted({place[each] for each in node.inputs}))
        last = found[-1] if found else None
        if last is not None and _follows(last, node) and inputs == (len(found) - 1,):
            base = node.label.rpartition(".")[0]
            found[-1] = replace(
                last,
                label=base,
                times=last.times + 1,
                parameters=last.parameters + node.parameters,
                trainable=last.trainable + node.trainable,
            )
        else:
            found.append(replace(node, inputs=inputs))
        place[index] = len(found) - 1
    return found


def _follows(last: Node, node: Node) -> bool:
    base = node.label.rpartition(".")[0]
    of_list = base != "" and (last.label == base or last.label.rpartition(".")[0] == base)
    each = last.parameters // last.times
    return (
        node.kind == last.kind == "module"
        and of_list
        and (node.detail, node.shape, node.parameters)
        == (
            last.detail,
            last.shape,
            each,
        )
    )
