"""A model that breaks the plugin contract is refused before training, with its name and the problem."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from tmeattn.errors import BadInput
from tmeattn.models.building import check_contract
from tmeattn.registry import registry
from tmeattn.specs import ModelOutput, ModelSpec, Space

SPACE = Space(vocabulary_size=5, num_classes=2, vector_size=4)
SPEC = registry().get(ModelSpec, "simple-attn")


class Returning(nn.Module):
    """A model that returns the result of a function of the batch."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, tokens, mask, need_maps=False):
        return self.function(tokens, mask)


def uniform(mask):
    return mask / mask.sum(dim=1, keepdim=True)


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (lambda t, m: torch.zeros(len(t), 2), "returned Tensor, not a tmeattn.ModelOutput"),
        (lambda t, m: ModelOutput(torch.zeros(len(t), 3), uniform(m)), "logits have shape (2, 3), expected (2, 2)"),
        (
            lambda t, m: ModelOutput(torch.zeros(len(t), 2)),
            "its spec has attention='pool', but forward returned no attention weights",
        ),
        (lambda t, m: ModelOutput(torch.zeros(len(t), 2), uniform(m)[:, :1]), "attention has shape (2, 1)"),
        (lambda t, m: ModelOutput(torch.zeros(len(t), 2), uniform(m) * torch.nan), "NaN"),
        (lambda t, m: ModelOutput(torch.zeros(len(t), 2), torch.full(t.shape, 1 / 3)), "attends to padding"),
        (lambda t, m: ModelOutput(torch.zeros(len(t), 2), uniform(m) / 2), "do not sum to 1"),
        (lambda t, m: t.nonsense, "fails in forward: AttributeError"),
    ],
)
def test_each_breach_of_the_contract_is_named(function, problem):
    with pytest.raises(BadInput) as caught:
        check_contract(SPEC, Returning(function), SPACE, torch.device("cpu"))
    assert problem in caught.value.message
    assert "'simple-attn' (from tmeattn)" in caught.value.message


def equal_maps(mask, heads=2):
    return uniform(mask)[:, None, None, :].expand(-1, heads, mask.shape[1], -1)


@pytest.mark.parametrize(
    ("maps", "problem"),
    [
        (lambda m: None, "forward returned no maps with need_maps=True"),
        (lambda m: (equal_maps(m)[:, 0],), "a map has shape (2, 3, 3), expected (texts, heads, S, S)"),
        (lambda m: (equal_maps(m)[..., :2, :2],), "expected (texts, heads, S, S) with S >= 3"),
        (lambda m: (equal_maps(m), equal_maps(m) * torch.nan), "NaN"),
        (lambda m: (torch.full((2, 1, 3, 3), 1 / 3),), "attends to padding"),
        (lambda m: (equal_maps(m) / 2,), "do not sum to 1"),
    ],
)
def test_broken_maps_are_named(maps, problem):
    spec = replace(SPEC, attention="self")
    model = Returning(lambda t, m: ModelOutput(torch.zeros(len(t), 2), maps=maps(m)))
    with pytest.raises(BadInput) as caught:
        check_contract(spec, model, SPACE, torch.device("cpu"))
    assert problem in caught.value.message


def test_the_padded_rows_of_maps_are_not_checked():
    def maps(mask):
        map_BHSS = equal_maps(mask).clone()
        map_BHSS[1, :, 1:] = torch.nan  # queries that are padding
        return (map_BHSS,)

    model = Returning(lambda t, m: ModelOutput(torch.zeros(len(t), 2), maps=maps(m)))
    check_contract(replace(SPEC, attention="self"), model, SPACE, torch.device("cpu"))


def test_the_check_changes_neither_mode_nor_random_state():
    model = Returning(lambda t, m: ModelOutput(torch.rand(len(t), 2), uniform(m))).train()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    check_contract(SPEC, model, SPACE, torch.device("cpu"))
    assert model.training
    assert torch.equal(torch.rand(1), expected)


def test_weights_that_cannot_be_made_equal_are_named():
    def first(tokens, mask):
        return ModelOutput(torch.zeros(len(tokens), 2), torch.nn.functional.one_hot(tokens[:, 0] * 0, 3).float())

    check_contract(SPEC, Returning(first), SPACE, torch.device("cpu"))
    with pytest.raises(BadInput, match=r"does not compute its weights with layers\.masked_softmax"):
        check_contract(SPEC, Returning(first), SPACE, torch.device("cpu"), uniform=True)
