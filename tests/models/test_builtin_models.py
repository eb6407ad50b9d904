"""The properties of every model, checked for the built-in ones."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.data.encoding.batches import collate
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.models.building import build_model, check_contract, count_parameters
from tmeattn.models.layers import entropy
from tmeattn.registry import discover, registry, resolve
from tmeattn.run_config import model_config, resolve_run
from tmeattn.specs import ModelSpec, Space

NAMES = [spec.name for spec in discover().all(ModelSpec) if discover().plugin_of(spec).distribution == "tmeattn"]
SPACE = Space(vocabulary_size=30, num_classes=3, vector_size=8)
texts = st.lists(st.lists(st.integers(1, 29), min_size=1, max_size=12), min_size=1, max_size=6)


def corpus() -> SimpleNamespace:
    """A corpus for `prepare`: 12 texts of 10 words of the vocabulary, in three classes."""
    tokens = np.random.default_rng(0).integers(1, 30, 120, dtype=np.int32)
    split = EncodedSplit(tokens, np.arange(0, 121, 10), np.arange(12) % 3, np.arange(12))
    return SimpleNamespace(splits={"train": split}, classes=("a", "b", "c"), vocabulary=range(30))


def make(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    spec, run = registry().get(ModelSpec, name), resolve_run(name, {})
    prepare = None if spec.prepare is None else resolve(spec.prepare, wanted_by=name)
    prepared = None if prepare is None else prepare(model_config(run), corpus())
    return build_model(run, replace(SPACE, prepared=prepared)).eval()


MODELS = {name: make(name) for name in NAMES}
TRAINED = [name for name in NAMES if any(parameter.requires_grad for parameter in MODELS[name].parameters())]


def test_the_reports_models_are_registered():
    assert {"mean", "simple-attn", "lstm", "lstm-attn"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_contract_holds(name):
    check_contract(registry().get(ModelSpec, name), MODELS[name], SPACE, torch.device("cpu"))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(batch=texts, data=st.data())
def test_neither_padding_nor_neighbours_nor_their_order_change_a_text(name, batch, data):
    sequences = [np.array(text) for text in batch]
    order = data.draw(st.permutations(range(len(batch))))
    with torch.no_grad():
        together = MODELS[name](*collate([sequences[i] for i in order], 100))
        for row, index in enumerate(order):
            alone = MODELS[name](*collate([sequences[index]], 100))
            length = len(sequences[index])
            assert torch.allclose(together.logits_BC[row], alone.logits_BC[0], atol=1e-5)
            if alone.attention_BT is not None:
                assert torch.allclose(together.attention_BT[row, :length], alone.attention_BT[0], atol=1e-5)
                assert together.attention_BT[row, length:].eq(0).all()
                assert alone.attention_BT[0].sum().item() == pytest.approx(1, abs=1e-5)
                entropies = [entropy(output.attention_BT)[at] for output, at in ((together, row), (alone, 0))]
                assert torch.allclose(*entropies, atol=1e-5)
                assert -1e-6 <= entropies[0] <= np.log(length) + 1e-5


def test_only_the_fitted_model_has_nothing_to_train():
    assert set(NAMES) - set(TRAINED) == {"nb-logreg"}
    assert count_parameters(registry().get(ModelSpec, "nb-logreg")) is None


@pytest.mark.parametrize("name", TRAINED)
def test_gradients_reach_every_parameter_and_never_the_padding_vector(name):
    model = make(name).train()
    tokens, mask = collate([np.arange(1, 30), np.array([3, 4])], 100)
    model(tokens, mask).logits_BC[:, 0].sum().backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.abs().sum() > 0, parameter_name
    embedding = next(module for module in model.modules() if isinstance(module, torch.nn.Embedding))
    assert embedding.weight.grad[0].eq(0).all()


def test_the_lstm_classifies_the_state_after_the_last_word_not_after_the_padding():
    model = MODELS["lstm"]
    tokens, mask = collate([np.array([5, 6])], 100)
    longer = torch.cat([tokens, torch.zeros(1, 3, dtype=torch.long)], dim=1)
    longer_mask = torch.cat([mask, torch.zeros(1, 3, dtype=torch.bool)], dim=1)
    with torch.no_grad():
        assert torch.allclose(model(tokens, mask).logits_BC, model(longer, longer_mask).logits_BC, atol=1e-6)
        longer_mask[0, 2] = True
        assert not torch.allclose(model(tokens, mask).logits_BC, model(longer, longer_mask).logits_BC, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("mean", 50 * 2 + 2),
        ("simple-attn", 50 + 50 * 2 + 2),
        ("lstm", 4 * 100 * (50 + 100 + 2) + 100 * 2 + 2),
        ("lstm-attn", 4 * 100 * (50 + 100 + 2) + 100 + 100 * 2 + 2),
    ],
)
def test_parameter_counts_follow_from_the_formulas(name, parameters):
    assert count_parameters(registry().get(ModelSpec, name)) == parameters


def test_frozen_vectors_do_not_change():
    vectors = torch.randn(30, 8)
    vectors[0] = 0
    space = Space(30, 2, 8, vectors=vectors, tune=False)
    model = build_model(resolve_run("mean", {}), space)
    assert not model.embedding.weight.requires_grad
    assert torch.equal(model.embedding.weight, vectors)
