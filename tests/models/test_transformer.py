"""Self-attention blocks: two paths that agree, torch's own as a reference, and what positions and CLS change."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tmeattn.data.encoding.batches import collate
from tmeattn.errors import BadInput
from tmeattn.models.building import build_model
from tmeattn.models.layers import attention_entropy
from tmeattn.models.transformer import SelfAttention, sinusoidal
from tmeattn.run_config import resolve_run
from tmeattn.specs import Space

SPACE = Space(vocabulary_size=30, num_classes=3, vector_size=8)
VARIANTS = [
    {},
    {"layers": 1},
    {"heads": 4},
    {"heads": 4, "narrow_heads": True},
    {"pool": "cls"},
    {"positions": "sinusoidal"},
    {"positions": "learned", "max_positions": 12},
    {"heads": 2, "pool": "cls", "positions": "sinusoidal", "mlp_ratio": 2},
]
texts = st.lists(st.lists(st.integers(1, 29), min_size=1, max_size=12), min_size=1, max_size=5)


def make(**options):
    torch.manual_seed(0)
    return build_model(resolve_run("transformer", {"layers": 2, "max_length": 4, **options}), SPACE).eval()


MODELS = [make(**options) for options in VARIANTS]


@pytest.mark.parametrize("model", MODELS, ids=map(str, VARIANTS))
@settings(max_examples=20)
@given(batch=texts, data=st.data())
def test_padding_neighbours_and_order_change_neither_prediction_nor_maps(model, batch, data):
    sequences = [np.array(text) for text in batch]
    order = data.draw(st.permutations(range(len(batch))))
    prefix = int(model.config.pool == "cls")
    with torch.no_grad():
        together = model(*collate([sequences[i] for i in order], 100), need_maps=True)
        for row, index in enumerate(order):
            alone = model(*collate([sequences[index]], 100), need_maps=True)
            size = len(sequences[index]) + prefix
            assert torch.allclose(together.logits_BC[row], alone.logits_BC[0], atol=1e-5)
            assert len(together.maps) == model.config.layers
            for ours, reference in zip(together.maps, alone.maps, strict=True):
                assert reference.shape == (1, model.config.heads, size, size)
                assert torch.allclose(ours[row, :, :size, :size], reference[0], atol=1e-5)
                assert ours[row, :, :, size:].eq(0).all()


@pytest.mark.parametrize("model", MODELS, ids=map(str, VARIANTS))
def test_the_fused_path_and_the_maps_give_the_same(model):
    batch = collate([np.arange(1, 12), np.arange(5, 9), np.array([7])], 100)
    with torch.no_grad():
        fused, explicit = model(*batch), model(*batch, need_maps=True)
    assert fused.maps is None
    assert torch.allclose(fused.logits_BC, explicit.logits_BC, atol=1e-6)
    for map_BHSS in explicit.maps:
        assert torch.allclose(map_BHSS.sum(dim=-1), torch.ones(()), atol=1e-6)


def test_both_paths_have_the_same_gradients():
    tokens, mask = collate([np.arange(1, 12), np.arange(5, 9)], 100)
    gradients = []
    for need_maps in (False, True):
        model = make(heads=2, pool="cls", positions="sinusoidal")
        model(tokens, mask, need_maps=need_maps).logits_BC[:, 0].sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for fused, explicit in zip(*gradients, strict=True):
        assert torch.allclose(fused, explicit, atol=1e-5)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_narrow_heads_are_torchs_multihead_attention(heads):
    torch.manual_seed(1)
    ours, reference = SelfAttention(8, heads, narrow=True), nn.MultiheadAttention(8, heads, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(ours.query_key_value.weight)
        reference.in_proj_bias.copy_(ours.query_key_value.bias)
        reference.out_proj.weight.copy_(ours.project.weight)
        reference.out_proj.bias.copy_(ours.project.bias)
        x_BSD, mask_BS = torch.randn(3, 6, 8), torch.arange(6) < torch.tensor([[6], [2], [4]])
        wanted, weights = reference(x_BSD, x_BSD, x_BSD, key_padding_mask=~mask_BS, average_attn_weights=False)
        states, attended = ours(x_BSD, mask_BS, need_map=True)
        fused, _ = ours(x_BSD, mask_BS, need_map=False)
    assert torch.allclose(states, wanted, atol=1e-6)
    assert torch.allclose(fused, wanted, atol=1e-6)
    assert torch.allclose(attended.map_BHSS, weights, atol=1e-6)


def test_wide_heads_keep_the_full_width_and_one_alone_is_not_projected():
    wide = SelfAttention(8, 4, narrow=False)
    assert wide.query_key_value.weight.shape == (3 * 4 * 8, 8)
    assert wide.project.weight.shape == (8, 4 * 8)
    assert isinstance(SelfAttention(8, 1, narrow=False).project, nn.Identity)


def test_scores_are_scaled_by_the_square_root_of_the_heads_width():
    attention = SelfAttention(4, 1, narrow=False)
    with torch.no_grad():
        attention.query_key_value.bias.zero_()
        attention.query_key_value.weight.copy_(torch.cat([torch.eye(4)] * 3))
        x_BSD = torch.eye(4)[None, :2] * 2  # every word scores itself 4 and the other 0
        _, attended = attention(x_BSD, None, need_map=True)
    assert attended.map_BHSS[0, 0, 0, 0].item() == pytest.approx(math.exp(4 / 2) / (math.exp(4 / 2) + 1))


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(BadInput, match="--heads 3 does not divide the vector width 8"):
        make(heads=3, narrow_heads=True)


def test_a_text_longer_than_the_learned_positions_is_refused():
    model = make(positions="learned", max_positions=4)
    model(*collate([np.arange(1, 5)], 100))
    with pytest.raises(BadInput, match="A text of 5 words is longer than the 4 learned positions"):
        model(*collate([np.arange(1, 6)], 100))


@pytest.mark.parametrize(("positions", "order_matters"), [("none", False), ("sinusoidal", True), ("learned", True)])
@pytest.mark.parametrize("pool", ["mean", "cls"])
def test_without_positions_the_order_of_words_does_not_matter(positions, order_matters, pool):
    model = make(positions=positions, pool=pool)
    with torch.no_grad():
        logits = model(*collate([np.array([3, 4, 5, 6]), np.array([6, 3, 5, 4])], 100)).logits_BC
    assert torch.allclose(logits[0], logits[1], atol=1e-5) == (not order_matters)


def test_cls_is_a_fixed_vector_through_a_learned_map():
    model = make(pool="cls")
    assert "cls.fixed_D" in model.state_dict()
    assert "cls.fixed_D" not in dict(model.named_parameters())
    assert torch.equal(model.cls(), model.cls.linear.weight @ model.cls.fixed_D)


def test_the_prefix_counts_as_a_row_in_the_entropy():
    model = make(pool="cls", layers=1)
    tokens, mask = collate([np.array([3, 4, 5]), np.array([3])], 100)
    with torch.no_grad():
        output = model(tokens, mask, need_maps=True)
        found = attention_entropy(output, mask)
    rows = -(output.maps[0] * output.maps[0].clamp(min=1e-30).log()).sum(dim=-1)[:, 0]
    assert found[0].item() == pytest.approx(rows[0].mean().item(), abs=1e-5)
    assert found[1].item() == pytest.approx(rows[1, :2].mean().item(), abs=1e-5)  # CLS and one word


# positions


@given(st.integers(1, 40), st.integers(1, 12), st.sampled_from([1000.0, 10000.0]))
def test_sinusoidal_positions_follow_the_formula(count, width, base):
    encoded = sinusoidal(count, width, base)
    assert encoded.shape == (count, width)
    for t in {0, count // 2, count - 1}:
        for d in range(width):
            angle = t / base ** (2 * (d // 2) / width)
            assert encoded[t, d].item() == pytest.approx(math.cos(angle) if d % 2 else math.sin(angle), abs=1e-5)


def test_products_of_positions_depend_on_their_distance_alone():
    encoded = sinusoidal(30, 20, 1000.0).double()
    products = encoded @ encoded.T
    assert torch.allclose(products, products.T)
    for distance in range(5):
        diagonal = torch.diagonal(products, distance)
        assert torch.allclose(diagonal, diagonal[:1], atol=1e-5)
    assert products[0, 0] > products[0, 1] > products[0, 2] > products[0, 3]
