"""A CUDA GPU computes the built-in models like the CPU. On a computer without one, all of it is skipped."""

from __future__ import annotations

import copy

import pytest
import torch
from support.gpu_models import CUDA, MODELS, UNTRAINED, assert_close, batch, built, on_gpu
from torch import nn

from tmeattn.models.building import check_contract, choose_device
from tmeattn.models.layers import WordConvolution

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")


@pytest.mark.parametrize("lengths", [(1, 7, 60, 150), (12, 12, 12)], ids=["padded", "unpadded"])
@pytest.mark.parametrize("name", MODELS)
@torch.inference_mode()
def test_logits_attention_maps_and_values_are_those_of_the_cpu(name, lengths):
    spec, model, _ = built(name)
    model = model.eval()
    other, (tokens, mask) = on_gpu(model), batch(lengths)
    for need_maps in (False, True):
        here, there = model(tokens, mask, need_maps=need_maps), other(tokens.cuda(), mask.cuda(), need_maps=need_maps)
        assert here.logits_BC.std() > 0.01
        assert_close(there.logits_BC, here.logits_BC)
        assert (here.attention_BT is None) == (there.attention_BT is None)
        if here.attention_BT is not None:
            assert_close(there.attention_BT, here.attention_BT)
            assert (there.attention_BT[~mask.cuda()] == 0).all()
        assert len(here.maps or ()) == len(there.maps or ()) == (2 if need_maps and spec.attention == "self" else 0)
        for own, reference in zip(there.maps or (), here.maps or (), strict=True):
            assert_close(own, reference)
        for own, reference in zip(there.values or (), here.values or (), strict=True):
            assert_close(own, reference)


@pytest.mark.parametrize("name", [name for name in MODELS if name not in UNTRAINED])
def test_gradients_are_those_of_the_cpu(name):
    _, model, _ = built(name, dropout=0.0, input_dropout=0.0)
    other, (tokens, mask) = on_gpu(model), batch((3, 20, 40, 40))
    labels = torch.tensor([0, 1, 2, 0])
    for each, device in ((model, "cpu"), (other, CUDA)):
        each.train()
        logits = each(tokens.to(device), mask.to(device)).logits_BC
        nn.functional.cross_entropy(logits, labels.to(device)).backward()
    own = dict(other.named_parameters())
    for parameter, value in model.named_parameters():
        if value.grad is not None:
            scale = value.grad.abs().max().clamp_min(1e-6).item()
            assert_close(own[parameter].grad, value.grad, atol=1e-4 * scale, rtol=0)


@pytest.mark.parametrize("name", MODELS)
def test_the_contract_is_checked_on_the_gpu_and_draws_nothing(name):
    spec, model, space = built(name)
    other = on_gpu(model)
    before = torch.cuda.get_rng_state()
    check_contract(spec, other, space, torch.device(CUDA))
    assert torch.equal(torch.cuda.get_rng_state(), before)


@torch.inference_mode()
def test_recurrent_layers_and_convolutions_are_not_rounded_to_tf32():
    choose_device(CUDA)
    torch.manual_seed(0)
    x = torch.randn(4, 50, 256)
    lstm, convolution = nn.LSTM(256, 256, batch_first=True).eval(), WordConvolution(256, 256, 3).eval()
    for here, run in (
        (lstm, lambda module, given: module(given)[0]),
        (convolution, lambda module, given: module(given)),
    ):
        exact = run(copy.deepcopy(here).double(), x.double())
        there = run(copy.deepcopy(here).cuda(), x.cuda()).double().cpu()
        assert (there - exact).abs().max() < 2e-5  # TF32 is wrong by 1e-4 to 1e-3
