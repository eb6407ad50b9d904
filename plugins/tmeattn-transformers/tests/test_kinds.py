"""Encoders of other kinds than BERT: each with a random checkpoint of two layers.

The tokenizer is that of the random BERT: the numbers of its special tokens are those of the configurations.
"""

import numpy as np
import pytest
import torch
from tmeattn_transformers import Config
from tmeattn_transformers.checkpoints import find
from tmeattn_transformers.model import build
from tmeattn_transformers.random_bert import KINDS, make_checkpoint

import tmeattn
from tmeattn.data.encoding.batches import collate

IDS = [np.array([7, 8, 9, 10, 11, 12]), np.array([9, 1]), np.array([20, 21, 22])]


@pytest.fixture(scope="module", params=sorted(KINDS))
def folder(request, tmp_path_factory):
    return make_checkpoint(tmp_path_factory.mktemp(request.param), kind=request.param)


def model_of(folder, **more):
    torch.manual_seed(0)
    space = tmeattn.Space(vocabulary_size=80, num_classes=2, vector_size=4)
    return build(Config(checkpoint=str(folder), **more), space).eval()


def test_maps_agree_with_the_attention_of_the_training(folder):
    model = model_of(folder)
    batch = collate(IDS, 40)
    with torch.no_grad():
        plain, mapped, alone = model(*batch), model(*batch, need_maps=True), model(*collate(IDS[1:2], 40))
    torch.testing.assert_close(plain.logits_BC, mapped.logits_BC, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(plain.logits_BC[1:2], alone.logits_BC, atol=1e-5, rtol=1e-5)  # padding has no effect
    assert len(mapped.maps) == 2
    assert mapped.maps[0].shape == (3, 2, 8, 8)
    torch.testing.assert_close(mapped.maps[1].sum(dim=-1), torch.ones(3, 2, 8), atol=1e-5, rtol=1e-5)
    assert not mapped.maps[0][1, :, :4, 4:].any()


def test_one_layer_is_trained_alone(folder):
    model = model_of(folder, tune_layers=1).train()
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    of_encoder = [name for name in trained if name.startswith("encoder.")]
    assert of_encoder
    assert all(".1." in name for name in of_encoder)
    model(*collate(IDS, 40)).logits_BC.sum().backward()
    rates = model.learning_rates(1.0)
    assert {rates[name] for name in of_encoder} == {1e-4}


def test_the_most_pieces_have_positions(folder):
    most = find(str(folder)).most_pieces
    model = model_of(folder)
    long = np.arange(most) % 40 + 10
    with torch.no_grad():
        assert model(*collate([long], most)).logits_BC.isfinite().all()
