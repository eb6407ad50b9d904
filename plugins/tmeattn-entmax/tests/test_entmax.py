"""Sparse weights: masked, normalised, and equal to their definitions."""

import pytest
import torch

from tmeattn.testing import check_model, check_onnx

entmax = pytest.importorskip("entmax")

from tmeattn_entmax import tmeattn_models  # noqa: E402
from tmeattn_entmax.model import masked_sparse  # noqa: E402

FUNCTIONS = [entmax.sparsemax, entmax.entmax15]
SPEC = tmeattn_models()[0]


@pytest.mark.parametrize("weights", ["entmax15", "sparsemax", "softmax"])
def test_the_contract_holds(weights):
    check_model(SPEC, options={"weights": weights, "hidden_size": 8})


@pytest.mark.parametrize("weights", ["entmax15", "sparsemax", "softmax"])
def test_the_onnx_file_gives_the_same(weights):
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    check_onnx(SPEC, options={"weights": weights, "hidden_size": 8, "lr": 0.05})


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 1e4])
def test_padding_gets_zero_weight_and_changes_no_other_weight(function, scale):
    torch.manual_seed(0)
    scores = torch.randn(5, 9) * scale
    lengths = torch.tensor([9, 6, 3, 2, 1])
    mask = torch.arange(9) < lengths[:, None]
    weights = masked_sparse(function, scores, mask)
    assert torch.equal(weights[~mask], torch.zeros(int((~mask).sum())))
    assert torch.allclose(weights.sum(dim=1), torch.ones(5), atol=1e-5)
    for row, length in enumerate(lengths):
        alone = function(scores[row : row + 1, :length], dim=1)
        assert torch.allclose(weights[row, :length], alone[0], atol=1e-5)


@pytest.mark.parametrize(("function", "exponent", "factor"), [(entmax.sparsemax, 1, 1.0), (entmax.entmax15, 2, 0.5)])
def test_weights_follow_the_formula(function, exponent, factor):
    """a_t = max(factor * s_t - c, 0) ** exponent, with one c for all words of the text."""
    torch.manual_seed(1)
    scores = torch.randn(1, 12)
    weights = masked_sparse(function, scores, torch.ones(1, 12, dtype=torch.bool))
    support = weights > 0
    assert 1 < support.sum() < 12
    threshold = (factor * scores - weights ** (1 / exponent))[support]
    assert torch.allclose(threshold, threshold[0].expand_as(threshold), atol=1e-5)
    assert (factor * scores[~support] <= threshold[0] + 1e-5).all()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_gradients_are_finite_and_never_reach_padding(function):
    torch.manual_seed(2)
    scores = torch.randn(3, 6).requires_grad_()
    mask = torch.arange(6) < torch.tensor([6, 3, 1])[:, None]
    (masked_sparse(function, scores, mask) * torch.arange(6.0)).sum().backward()
    assert scores.grad.isfinite().all()
    assert scores.grad[:2].abs().sum() > 0
    assert torch.allclose(scores.grad[~mask], torch.zeros(int((~mask).sum())), atol=1e-6)
