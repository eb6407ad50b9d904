"""The model keeps the contract; its maps agree with the attention of its training; frozen states are stored once."""

import json

import numpy as np
import pytest
import torch
from tmeattn_transformers import Config, attention, states, tmeattn_models
from tmeattn_transformers.frozen import LowerLayer
from tmeattn_transformers.model import build

import tmeattn
from tmeattn import layers
from tmeattn.api import Model
from tmeattn.data.encoding.batches import collate
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.run_config import resolve_run
from tmeattn.testing import check_model, check_onnx, sandbox
from tmeattn.testing.toy import QUICK, dataset_name
from tmeattn.training import checkpoint as checkpoints
from tmeattn.training.session import start

(SPEC,) = tmeattn_models()
IDS = [np.array([7, 8, 9, 10, 11, 12]), np.array([9, 1]), np.array([20, 21, 22])]


def options(checkpoint, **more):
    return {**QUICK, "dataset": dataset_name(2), "checkpoint": str(checkpoint), "lr": 0.01, "encoder_lr": 0.01, **more}


def model_of(checkpoint, **more):
    torch.manual_seed(0)
    space = tmeattn.Space(vocabulary_size=80, num_classes=2, vector_size=4)
    return build(Config(checkpoint=str(checkpoint), **more), space).eval()


@pytest.mark.parametrize(
    "more",
    [{}, {"freeze_encoder": True}, {"tune_layers": 1, "pool": "cls"}],
    ids=["all", "frozen", "one layer, cls"],
)
def test_the_contract_holds(checkpoint, more):
    check_model(SPEC, options={"checkpoint": str(checkpoint), **more})


@pytest.mark.parametrize(
    "more",
    [{}, {"freeze_encoder": True, "pool": "mean"}, {"tune_layers": 1, "pool": "cls"}],
    ids=["all", "frozen, mean", "one layer, cls"],
)
def test_the_onnx_file_gives_the_same(checkpoint, more):
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    check_onnx(SPEC, options={"checkpoint": str(checkpoint), "lr": 0.01, "encoder_lr": 0.01, **more})


@pytest.mark.parametrize("pool", ["attention", "mean", "cls"])
@torch.no_grad()
def test_maps_agree_with_the_attention_of_the_training(checkpoint, pool):
    """Eager attention, which has maps, gives the logits of SDPA, and the maps are those that transformers computes."""
    model = model_of(checkpoint, pool=pool)
    tokens, mask = collate(IDS, 40)
    plain, mapped = model(tokens, mask), model(tokens, mask, need_maps=True)
    assert plain.maps is None
    assert model.encoder.config._attn_implementation == "sdpa"
    torch.testing.assert_close(plain.logits_BC, mapped.logits_BC, atol=1e-5, rtol=1e-5)
    assert mapped.read_from_prefix == (pool == "cls")
    model.encoder.set_attn_implementation("eager")
    own = torch.tensor([[2, *(IDS[1] - 2).clip(0), 3]])
    own[0, 2] = 1  # UNKNOWN
    theirs = model.encoder(
        inputs_embeds=torch.nn.functional.embedding(own, model.encoder.get_input_embeddings().weight),
        output_attentions=True,
    ).attentions
    order = [0, 3, 1, 2]  # [CLS] [SEP] pieces
    for own_map, their_map in zip(mapped.maps, theirs, strict=True):
        torch.testing.assert_close(own_map[1, :, :4, :4], their_map[0][:, order][:, :, order], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_value_vectors_make_the_output_of_attention(checkpoint):
    """Weighted by the map and summed over positions and heads, they are the layer's output without its bias."""
    model = model_of(checkpoint, pool="cls")
    tokens, mask = collate(IDS[:1], 40)
    caught = {}
    attend = model.encoder.encoder.layer[0].attention.output.dense
    attend.register_forward_hook(lambda module, inputs, output: caught.setdefault("output", output - module.bias))
    output = model(tokens, mask, need_maps=True)
    summed = torch.einsum("bhqk,bhkd->bqd", output.maps[0], output.values[0])
    inner = caught["output"]
    order = [0, inner.shape[1] - 1, *range(1, inner.shape[1] - 1)]
    torch.testing.assert_close(summed, inner[:, order], atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_changed_weights_reach_the_encoder(checkpoint):
    """Tests of attention change the maps through `layers.final_weights`."""
    model = model_of(checkpoint, pool="mean")
    batch = collate(IDS, 40)
    with layers.changed_weights(lambda weights: torch.zeros_like(weights)):
        changed = model(*batch, need_maps=True)
    assert all(not map_BHSS.any() for map_BHSS in changed.maps)
    assert not torch.allclose(changed.logits_BC, model(*batch).logits_BC)


def test_only_what_is_trained_has_gradients_and_is_saved(checkpoint):
    model = model_of(checkpoint, tune_layers=1).train()
    trained = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    assert trained == set(model.state_dict())
    assert {name.split(".")[3] for name in trained if name.startswith("encoder.")} == {"1"}
    assert not model.encoder.embeddings.dropout.training
    assert model.encoder.encoder.layer[1].output.dropout.training
    assert set(model_of(checkpoint, freeze_encoder=True).state_dict()) == {
        "attend.query_D", "classify.linear.weight", "classify.linear.bias"
    }  # fmt: skip


def test_layers_have_learning_rates_of_their_own(checkpoint):
    rates = model_of(checkpoint, encoder_lr=1e-2, layer_decay=0.5).learning_rates(1.0)
    of = {name.removeprefix("encoder."): rate for name, rate in rates.items()}
    assert of["encoder.layer.1.output.dense.weight"] == 1e-2
    assert of["encoder.layer.0.output.dense.weight"] == 5e-3
    assert of["embeddings.word_embeddings.weight"] == 2.5e-3


@pytest.mark.parametrize(
    "more", [{"freeze_encoder": True}, {"freeze_encoder": True, "pool": "mean"}, {"tune_layers": 1}]
)
def test_stored_states_give_the_run_without_them(checkpoint, monkeypatch, more):
    """A run on stored states has the weights of one that computes them in every step, and computes each text once."""
    computed = []
    original = states._compute
    monkeypatch.setattr(states, "_compute", lambda *a: (computed.append(a[1]), original(*a)))
    with sandbox(SPEC):
        stored = start("encoder", options(checkpoint, **more))
        again = start("encoder", options(checkpoint, **more, alpha=0.01 if "pool" not in more else 0.0))
        assert len(computed) == 1  # another run of the same texts finds them
        whole = start("encoder", options(checkpoint, **more, cache_states=False))
        assert len(computed) == 1
        one, other = (checkpoints.load(run.checkpoints, "last").tensors for run in (stored, whole))
        assert one.keys() == other.keys()
        for name in one:
            if name.startswith("model.") and "key.bias" not in name:  # whose gradient is zero but for rounding
                # The states are stored in half precision, and Adam makes full steps of gradients near zero.
                assert (one[name] - other[name]).norm() <= 0.02 * other[name].norm(), name
        assert again.is_finished()
        texts = ["a splendid film", "dreadful"]
        np.testing.assert_allclose(
            TrainedClassifier(stored).probabilities(texts), TrainedClassifier(whole).probabilities(texts), atol=1e-3
        )


def store_of(tmp_path, monkeypatch, compute, lines):
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path))
    monkeypatch.setattr(states, "BATCH_TOKENS", 4)
    ids = [np.arange(2, 2 + length) for length in (3, 1, 4, 2, 2)]
    texts = states.Texts(ids, {states.digest(one): place for place, one in enumerate(ids)})
    key = states.Key("a", 0, "all", "float32", 2)
    return states.open_store(key, texts, lambda length: length, compute, lines.append)


def test_a_killed_computation_of_states_continues(tmp_path, monkeypatch):
    read = []

    def compute(tokens_BT, mask_BT):
        if len(read) == 2:
            read.append("killed")
            raise KeyboardInterrupt
        read.extend(mask_BT.sum(dim=1).tolist())
        return torch.stack([tokens_BT.float(), -tokens_BT.float()], dim=-1)

    lines = []
    with pytest.raises(KeyboardInterrupt):
        store_of(tmp_path, monkeypatch, compute, lines)
    store = store_of(tmp_path, monkeypatch, compute, lines)
    assert [one for one in read if one != "killed"] == [4, 3, 2, 2, 1]  # each once, the longest first
    assert any("2 of 5 texts are in the cache" in line for line in lines)
    tokens, mask = collate([np.arange(2, 6), np.arange(2, 3)], 10)
    rows = store.of(tokens, mask, 4)
    assert rows[0, :, 0].tolist() == [2, 3, 4, 5]
    assert rows[1].tolist() == [[2, -2], [0, 0], [0, 0], [0, 0]]
    assert store.of(*collate([np.array([9, 9])], 10), 2) is None
    (folder,) = (tmp_path / "cache").iterdir()
    (folder / "states.f16").write_bytes(b"torn")
    assert store_of(tmp_path, monkeypatch, compute, lines).of(tokens, mask, 4).equal(rows)
    assert json.loads((folder / "done.json").read_text()).keys() == {"texts", "cpu_seconds"}


@torch.no_grad()
def test_one_vector_for_each_text_is_made_of_the_stored_states(checkpoint, tmp_path, monkeypatch):
    """The encoder reads nothing for another pooling of frozen states, and the vectors are those that it would give."""
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path))
    texts = states.Texts(IDS, {states.digest(one): place for place, one in enumerate(IDS)})
    batch = collate(IDS, 40)
    arguments = texts, "float32", torch.device("cpu"), lambda line: None
    model_of(checkpoint, freeze_encoder=True)._open_store(*arguments)
    for pool in ("mean", "cls"):
        model = model_of(checkpoint, freeze_encoder=True, pool=pool)
        computed = model(*batch).logits_BC
        monkeypatch.setattr(model, "_read", None)
        model.store = model._open_store(*arguments)
        assert model.store.of(*batch, 1).shape == (3, 1, 16)
        torch.testing.assert_close(model(*batch).logits_BC, computed, atol=2e-3, rtol=2e-3)


def test_a_disk_that_is_too_small_is_reported_first(tmp_path, monkeypatch):
    monkeypatch.setattr(states, "LEFT_FREE", 2**62)
    with pytest.raises(tmeattn.EnvironmentProblem, match="are free in"):
        store_of(tmp_path, monkeypatch, None, [])


def test_methods_see_the_pooling_and_the_maps(checkpoint):
    """Pooling weights by default; the maps of the encoder with --layer, rollout and norms."""
    with sandbox(SPEC):
        run = start("encoder", options(checkpoint, epochs=1))
        model = Model(TrainedClassifier(run))
        text = "a splendid film with unbelievable light"
        pooled = model.explain(text)
        assert pooled.method == "attention"
        assert sum(word.score for word in pooled.words) == pytest.approx(1, abs=1e-3)
        assert [text[word.start : word.end] for word in pooled.words][-2:] == ["unbelievable", "light"]
        for method in (
            "rollout", "norm-weighted-attention", "attention-x-value-norm", "leave-one-out", "gradient",
            "integrated-gradients", "lime",
        ):  # fmt: skip
            assert len(model.explain(text, method=method).words) == 6, method
        layer = model.explain(text, layer=1)
        assert [word.score for word in layer.words] != [word.score for word in pooled.words]


def test_the_kind_of_attention_follows_the_options(checkpoint):
    from tmeattn.run_config import spec_of

    for pool, kind in (("attention", "pool"), ("mean", "self"), ("cls", "self")):
        assert (
            spec_of(resolve_run("encoder", {"checkpoint": str(checkpoint), "max_length": 16, "pool": pool})).attention
            == kind
        )


def test_a_head_alone_has_a_recipe_of_its_own(checkpoint):
    own = {"checkpoint": str(checkpoint), "max_length": 20}

    def recipe(**more):
        train = resolve_run("encoder", {**own, **more}).train
        return train.lr, train.epochs

    assert recipe(freeze_encoder=True) == (0.03, 6)
    assert recipe(freeze_encoder=True, lr=0.3, epochs=2) == (0.3, 2)
    assert recipe() == recipe(tune_layers=1) == recipe(freeze_encoder=False) == (0.001, 4)
    assert resolve_run("encoder", {**own, "recipe": "report", "freeze_encoder": True}).train.lr == 0.001


def test_a_lower_layer_shows_what_its_layer_has():
    inner = torch.nn.Linear(2, 2)
    inner.attention_type = "full"
    assert LowerLayer(inner, True).attention_type == "full"
    assert attention.NAME
