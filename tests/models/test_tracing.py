"""Diagrams are those of the models: their modules, shapes, parameters, and what skips a step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from tmeattn.models.building import build_model
from tmeattn.models.diagram import Diagram
from tmeattn.models.diagram_nodes import shape_text
from tmeattn.models.tracing import default_diagrams, trace
from tmeattn.registry import registry
from tmeattn.run_config import resolve_run
from tmeattn.specs import ModelOutput, ModelSpec, Space


def built(name: str, **options: Any) -> nn.Module:
    return build_model(resolve_run(name, options), Space(2, 2, 100, tune=False))


def labels(diagram: Diagram) -> list[str]:
    return [node.label for node in diagram.nodes]


def inputs(diagram: Diagram, label: str) -> list[set[str]]:
    """The labels of the inputs of each node with this label."""
    return [{diagram.nodes[each].label for each in node.inputs} for node in diagram.nodes if node.label == label]


def test_self_attention_of_a_single_head() -> None:
    diagram = trace(built("transformer"), "blocks.0.attention")
    assert labels(diagram) == ["x", "query_key_value", "matrix product", "scale", "softmax", "matrix product"]
    assert [node.shape for node in diagram.nodes[1:4]] == ["(B, T, 300)", "(B, 1, T, T)", "(B, 1, T, T)"]
    assert inputs(diagram, "matrix product") == [{"query_key_value"}, {"softmax", "query_key_value"}]
    assert diagram.parameters == 100 * 300 + 300


def test_wide_heads_have_all_dimensions_and_a_projection() -> None:
    diagram = trace(built("transformer", heads=4), "blocks.0.attention")
    by_label = {node.label: node for node in diagram.nodes}
    assert by_label["query_key_value"].detail == "Linear 100 to 1200"
    assert by_label["softmax"].shape == "(B, 4, T, T)"
    assert (by_label["project"].detail, by_label["project"].parameters) == ("Linear 400 to 100", 40_100)


def test_a_block_has_its_residual_connections() -> None:
    diagram = trace(built("transformer"), "blocks.0")
    assert labels(diagram) == ["x", "attention", "+", "norm_attention", "mlp", "+", "norm_mlp"]
    assert inputs(diagram, "+") == [{"x", "attention"}, {"norm_attention", "mlp"}]


def test_the_blocks_of_a_transformer_are_one_step_and_positions_and_cls_show() -> None:
    plain = trace(built("transformer", layers=3))
    assert labels(plain) == ["tokens", "embedding", "blocks", "mean over the words", "classify"]
    blocks = plain.nodes[2]
    assert (blocks.times, blocks.parameters) == (3, 3 * 131_300)
    positions = trace(built("transformer", positions="sinusoidal"))
    assert inputs(positions, "+") == [{"embedding", "positions"}]
    cls = trace(built("transformer", pool="cls"))
    assert inputs(cls, "concatenate") == [{"embedding", "cls"}]
    assert cls.nodes[-2].shape == "(B, T + 1, 100)"
    assert "mean over the words" not in labels(cls)


def test_pooling_attention_and_its_learned_query() -> None:
    diagram = trace(built("simple-attn"), "attend")
    assert [(node.kind, node.label) for node in diagram.nodes[:2]] == [("input", "states"), ("parameter", "query")]
    assert inputs(diagram, "softmax over the words") == [{"matrix product"}]
    query = trace(built("query-attn", value_hidden=128))
    assert inputs(query, "value") == [{"embedding"}]
    assert inputs(query, "matrix product")[-1] == {"softmax over the words", "value"}


@pytest.mark.parametrize("spec", registry().all(ModelSpec), ids=lambda spec: spec.name)
def test_the_default_diagram_of_every_model_counts_its_parameters(spec: ModelSpec) -> None:
    from tmeattn.models.building import count_parameters

    diagrams = default_diagrams(spec)
    if spec.prepare is not None:
        assert diagrams == ()
        return
    whole = diagrams[0]
    assert whole.trainable == count_parameters(spec) == sum(node.trainable for node in whole.nodes)
    for diagram in diagrams:
        assert all(each < index for index, node in enumerate(diagram.nodes) for each in node.inputs)


def test_tracing_changes_neither_the_model_nor_the_random_state() -> None:
    model = built("transformer", dropout=0.5).train()
    before, weights = torch.get_rng_state(), [each.clone() for each in model.parameters()]
    trace(model)
    assert model.training
    assert torch.equal(torch.get_rng_state(), before)
    assert all(map(torch.equal, weights, model.parameters()))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_a_model_of_a_plugin_is_traced_like_ours() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.gate, self.out = nn.Embedding(4, 6), nn.Linear(6, 1), nn.Linear(6, 2)

        def forward(self, tokens_BT: Any, mask_BT: Any, need_maps: bool = False) -> ModelOutput:
            x = self.words(tokens_BT)
            gated = x * torch.sigmoid(self.gate(x))
            return ModelOutput(self.out(gated.sum(dim=1)))

    diagram = trace(Own())
    assert labels(diagram) == ["tokens", "words", "gate", "sigmoid", "scale", "sum", "out"]
    assert inputs(diagram, "scale") == [{"words", "sigmoid"}]


def test_shapes_have_names() -> None:
    assert [shape_text(shape) for shape in ((13, 17, 5), (18,), ())] == ["(B, T, 5)", "(T + 1)", "()"]
