"""The convolution over words equals torch's in training, with its gradients; runs of earlier versions keep torch's."""

from __future__ import annotations

import pytest
import torch

from tmeattn.models.arithmetic import arithmetic
from tmeattn.models.convolution import WordConvolution

X, TO_STATES = torch.randn(3, 7, 5, generator=torch.Generator().manual_seed(0)), 4


def results(convolution: WordConvolution, x: torch.Tensor) -> list[torch.Tensor]:
    """The states, and the gradients of input, weight and bias."""
    x = x.clone().requires_grad_()
    states = convolution(x)
    wanted = torch.randn(states.shape, generator=torch.Generator().manual_seed(1))
    return [states.detach(), *torch.autograd.grad(states, (x, convolution.weight, convolution.bias), wanted)]


@pytest.mark.parametrize("window", [1, 3, 5, 7])
@pytest.mark.parametrize("tokens", [1, 2, 7])
def test_in_training_it_equals_that_of_torch(window: int, tokens: int) -> None:
    convolution = WordConvolution(5, TO_STATES, window)
    ours = results(convolution.train(), X[:, :tokens])
    assert ours[0].shape == (3, tokens, TO_STATES)
    for one, other in zip(ours, results(convolution.eval(), X[:, :tokens]), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_fixed_vectors_get_no_gradient() -> None:
    convolution = WordConvolution(5, TO_STATES, 3).train()
    convolution(X).sum().backward()
    assert X.grad is None
    assert convolution.weight.grad is not None


def test_a_run_of_an_earlier_arithmetic_has_the_result_of_torch_bit_for_bit() -> None:
    convolution = WordConvolution(5, TO_STATES, 3).train()
    expected = torch.nn.functional.conv1d(X.transpose(1, 2), convolution.weight, convolution.bias, padding=1)
    with arithmetic(2):
        assert torch.equal(convolution(X), expected.transpose(1, 2))
    assert "Products" in convolution(X).grad_fn.name()


def test_a_text_does_not_reach_its_neighbours() -> None:
    convolution = WordConvolution(5, TO_STATES, 7).train()
    changed = X.clone()
    changed[1] += 100
    assert torch.equal(convolution(X)[[0, 2]], convolution(changed)[[0, 2]])
