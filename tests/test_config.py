"""What a run is made of: which option wins, what is converted, what is refused and how it is said."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field

from tmeattn.config import REPORT, ModelConfig, Recipes, TrainOptions
from tmeattn.errors import BadInput, UnknownName
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.registry import Registry
from tmeattn.run_config import RunConfig, config_class, model_config, resolve_run
from tmeattn.specs import ModelSpec


class ToyConfig(ModelConfig):
    """A model with every type of option."""

    recipes: ClassVar[Recipes] = {
        "modern": {"width": 7, "lr": 0.5},
        "report": {"width": 9, "max_length": 123},
    }

    width: int = Field(3, ge=1, description="Width.")
    share: float = Field(0.5, ge=0, lt=1, description="Share.")
    deep: bool = Field(False, description="Deep.")
    label: str = Field("x", description="Label.")
    activation: Literal["relu", "tanh"] = Field("relu", description="Activation.")
    heads: Literal[1, 2, 4] = Field(1, description="Heads.")
    hidden: tuple[int, ...] = Field((), description="Hidden layers.")


class Clashing(ModelConfig):
    batch_size: int = 3
    as_json: bool = False


class Demanding(ModelConfig):
    depth: int = Field(description="No default.")


@pytest.fixture
def toy(fresh_registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Registers `toy` (self-attention) and models whose configuration is wrong."""
    module = types.ModuleType("toy_plugin")
    for found in (ToyConfig, Clashing, Demanding):
        setattr(module, found.__name__, found)
    module.NoConfig = dict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "toy_plugin", module)
    targets = {
        "toy": "ToyConfig",
        "clashing": "Clashing",
        "wrong": "NoConfig",
        "gone": "Gone",
        "demanding": "Demanding",
    }

    @hookimpl
    def tmeattn_models() -> list[ModelSpec]:
        return [
            ModelSpec(name, "A toy", f"toy_plugin:{target}", "toy_plugin:build", "self")
            for name, target in targets.items()
        ]

    module.tmeattn_models = tmeattn_models  # type: ignore[attr-defined]
    fresh_registry.register(Plugin("toy", "tmeattn-toy", "1.0", "toy_plugin"), module)
    return "toy"


def refused(model: str, **options: Any) -> str:
    with pytest.raises(BadInput) as caught:
        resolve_run(model, options)
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Precedence


def test_default_recipe_model_recipe_given(toy: str) -> None:
    modern, report = resolve_run(toy, {}).flat(), resolve_run(toy, {"recipe": "report"}).flat()
    assert modern["weight_decay"] == TrainOptions.model_fields["weight_decay"].default  # nobody says otherwise
    assert report["weight_decay"] == REPORT["weight_decay"]  # the recipe
    assert (modern["lr"], report["lr"]) == (0.5, REPORT["lr"])  # the model's recipe, of that name only
    assert (modern["width"], report["width"]) == (7, 9)
    assert report["max_length"] == 123 != REPORT["max_length"]  # the model's recipe over the recipe
    given = {"width": 1, "lr": 0.25, "max_length": 5, "weight_decay": 0.125}
    for recipe in ("modern", "report"):
        flat = resolve_run(toy, {"recipe": recipe, **given}).flat()
        assert {key: flat[key] for key in given} == given
        assert flat["recipe"] == recipe


def test_report_recipe_is_the_reports() -> None:
    flat = resolve_run("lstm-attn", {"recipe": "report"}).flat()
    assert (flat["optimizer"], flat["lr"], flat["tokenizer"], flat["max_length"]) == ("sgd", 0.01, "whitespace", 200)
    assert flat["tune_embeddings"] is False
    assert flat["momentum"] == 0.9
    assert resolve_run("lstm", {"recipe": "report", "momentum": 0}).train.momentum == 0  # the letter of the report
    assert (flat["epochs"], flat["patience"]) == (200, 15)  # as many epochs as needed


def test_the_momentum_of_a_recipe_is_that_of_its_optimizer() -> None:
    assert resolve_run("mean", {"recipe": "report", "optimizer": "adamw"}).train.momentum == 0
    assert resolve_run("mean", {}).train.momentum == 0
    assert resolve_run("mean", {"optimizer": "sgd", "momentum": 0.5}).train.momentum == 0.5


@pytest.mark.parametrize("recipe", ["modern", "report"])
def test_momentum_needs_sgd(recipe: str) -> None:
    message = refused("mean", momentum=0.9, optimizer="adamw", recipe=recipe)
    assert message.startswith("--momentum 0.9 is an option of SGD, and the optimizer is adamw.")


def test_none_is_as_if_not_given(toy: str) -> None:
    assert resolve_run(toy, {"lr": None, "width": None}) == resolve_run(toy, {})


def test_options_are_sorted_to_model_and_training(toy: str) -> None:
    run = resolve_run(toy, {"width": 2, "epochs": 4})
    assert run.model_options["width"] == 2
    assert "epochs" not in run.model_options
    assert run.train.epochs == 4
    config = model_config(run)
    assert isinstance(config, ToyConfig)
    assert config.width == 2


# Conversion


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        ("epochs", "5", 5),
        ("lr", "1e-3", 1e-3),
        ("lr", "2", 2.0),
        ("seed", "0", 0),
        ("threads", "auto", "auto"),
        ("threads", "2", 2),
        ("vector_size", "30", 30),
        ("limit", "400", 400),
        ("tune_embeddings", "false", False),
        ("width", "12", 12),
        ("share", ".25", 0.25),
        ("deep", "true", True),
        ("label", "5", "5"),
        ("activation", "tanh", "tanh"),
        ("heads", "4", 4),
        ("heads", 4, 4),
        ("hidden", "256,128", [256, 128]),
        ("hidden", "256, 128", [256, 128]),
        ("hidden", "64", [64]),
        ("hidden", "", []),
        ("hidden", [3, 4], [3, 4]),
        ("hidden", (3, 4), [3, 4]),
    ],
)
def test_text_is_converted(toy: str, option: str, text: Any, value: Any) -> None:
    found = resolve_run(toy, {option: text}).flat()[option]
    assert found == value
    assert type(found) is type(value)


# Refusal


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("lr", float("nan"), "--lr: nan is not a finite number."),
        ("lr", "nan", "--lr: 'nan' is not a finite number."),
        ("lr", float("inf"), "--lr: inf is not a finite number."),
        ("alpha", "inf", "--alpha: 'inf' is not a finite number."),
        ("share", float("nan"), "--share: nan is not a finite number."),
        ("lr", 0, "--lr: must be greater than 0, got 0."),
        ("alpha", -0.1, "--alpha: must be at least 0"),
        ("epochs", 0, "--epochs: must be at least 1"),
        ("epochs", "2.5", "--epochs: '2.5' is not a whole number."),
        ("batch_size", "many", "--batch-size: 'many' is not a whole number."),
        ("seed", "abc", "--seed: 'abc' is not a whole number."),
        ("lr", "fast", "--lr: 'fast' is not a number."),
        ("seed", -1, "--seed: must be at least 0"),
        ("seed", 2**63, "--seed: must be less than"),
        ("limit", 1, "--limit: must be at least 2"),
        ("threads", 0, "--threads: must be at least 1"),
        ("threads", 10**5, "--threads: must be at most 1024"),
        ("max_length", 10**20, "--max-length: must be at most"),
        ("batch_size", 10**20, "--batch-size: must be at most"),
        ("optimizer", "adam", "--optimizer: must be 'adamw' or 'sgd', got 'adam'."),
        ("recipe", "best", "--recipe: must be 'modern' or 'report'"),
        ("recipe", ["modern"], "--recipe: must be 'modern' or 'report'"),
        ("tune_embeddings", "perhaps", "--tune-embeddings: 'perhaps' is neither true nor false."),
        ("dataset", 5, "--dataset: 5 is not a text."),
        ("width", 0, "--width: must be at least 1"),
        ("share", 1, "--share: must be less than 1"),
        ("heads", "3", "--heads: must be 1, 2 or 4, got '3'."),
        ("hidden", "256,,128", "--hidden: '' is not a whole number."),
        ("hidden", "wide", "--hidden: 'wide' is not a whole number."),
        ("hidden", 5, "--hidden: 5 is not a list of values."),
    ],
)
def test_bad_value(toy: str, option: str, value: Any, said: str) -> None:
    assert refused(toy, **{option: value}).startswith(said)


def test_unknown_option_gets_a_suggestion(toy: str) -> None:
    assert refused(toy, widht=3) == "--widht is no option of the model 'toy'. Did you mean --width?"
    assert refused(toy, batchsize=3) == "--batchsize is no option of the model 'toy'. Did you mean --batch-size?"
    assert refused(toy, zzzzzz=3) == "--zzzzzz is no option of the model 'toy'. See: tmeattn train toy --help"
    assert refused("mean", hidden_size=3).startswith("--hidden-size is no option of the model 'mean'.")


def test_unknown_model() -> None:
    with pytest.raises(UnknownName, match="Did you mean lstm"):
        resolve_run("lstmm", {})


def test_clashing_model_is_rejected_by_name(toy: str) -> None:
    said = refused("clashing")
    assert said.startswith("Model 'clashing': its option --as-json, --batch-size clashes with an option of train.")
    assert "toy_plugin:Clashing" in said


def test_model_without_a_usable_configuration(toy: str) -> None:
    assert refused("wrong") == "Model 'wrong': toy_plugin:NoConfig is no subclass of tmeattn.config.ModelConfig."
    assert refused("gone").startswith("Model 'gone': toy_plugin:Gone cannot be loaded: AttributeError")
    assert refused("demanding") == "--depth must be given: the model 'demanding' has no default for it."
    assert resolve_run("demanding", {"depth": 2}).model_options == {"depth": 2}


@pytest.mark.parametrize("model", ["mean", "lstm"])
def test_alpha_needs_attention(model: str) -> None:
    assert refused(model, alpha=0.1).startswith(f"--alpha penalises attention entropy, and the model '{model}' has no")
    assert resolve_run(model, {"alpha": 0}).train.alpha == 0


@pytest.mark.parametrize("model", ["simple-attn", "lstm-attn", "toy"])
def test_alpha_with_attention(toy: str, model: str) -> None:
    assert resolve_run(model, {"alpha": "0.1"}).train.alpha == 0.1


# Warm-up


def test_warmup_longer_than_the_run() -> None:
    said = refused("simple-attn", alpha=0.1, alpha_warmup=4, epochs=3)
    assert said.startswith("--alpha-warmup 4 is longer than the run of 3 epochs.")
    assert resolve_run("simple-attn", {"alpha": 0.1, "alpha_warmup": 3, "epochs": 3}).train.alpha_warmup == 3
    assert resolve_run("simple-attn", {"alpha_warmup": 4, "epochs": 3}).train.alpha_warmup == 4  # no alpha, no matter


@pytest.mark.parametrize(("epochs", "warmup"), [(1, 0.5), (2, 1.0), (3, 1.5), (4, 2.0), (20, 2.0)])
def test_default_warmup_leaves_a_short_run_half_its_epochs(epochs: int, warmup: float) -> None:
    assert resolve_run("lstm-attn", {"alpha": 0.1, "epochs": epochs}).train.alpha_warmup == warmup


def test_report_has_no_warmup() -> None:
    assert resolve_run("lstm-attn", {"alpha": 0.1, "recipe": "report"}).train.alpha_warmup == 0


# Storage


@pytest.mark.parametrize("options", [{}, {"hidden": "3,4", "threads": "auto", "limit": 8}, {"recipe": "report"}])
def test_round_trip(toy: str, options: dict[str, Any]) -> None:
    run = resolve_run(toy, options)
    stored = json.loads(json.dumps(run.model_dump(mode="json"), allow_nan=False))
    read = RunConfig.model_validate(stored)
    assert read == run
    assert model_config(read) == model_config(run)
    assert resolve_run(toy, run.flat()) == run  # what --from does


def test_options_are_immutable_and_know_no_others() -> None:
    options = TrainOptions()
    with pytest.raises(ValueError, match="frozen"):
        options.lr = 1.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="Extra inputs"):
        TrainOptions(nothing=1)  # type: ignore[call-arg]


def test_every_option_has_a_description(toy: str) -> None:
    assert all(info.description for info in TrainOptions.model_fields.values())
    for model in ("mean", "simple-attn", "lstm", "lstm-attn"):
        from tmeattn.registry import registry

        fields = config_class(registry().get(ModelSpec, model)).model_fields
        assert all(info.description for info in fields.values())


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("mean", {}, "--uniform-attention makes the weights of pooling equal, and the model 'mean' does not pool by"),
        ("transformer", {}, "--uniform-attention makes the weights of pooling equal"),
        ("simple-attn", {"alpha": 0.1}, "--uniform-attention leaves --alpha nothing to penalise."),
    ],
)
def test_uniform_attention_needs_pooling(model: str, options: dict[str, float], said: str) -> None:
    assert refused(model, uniform_attention=True, **options).startswith(said)
    assert resolve_run("simple-attn", {"uniform_attention": True}).train.uniform_attention


def test_options_that_are_valid_already_are_taken_as_they_are() -> None:
    options = TrainOptions(dataset="imdb", epochs=3)
    assert TrainOptions.model_validate(options) == options
    with pytest.raises(ValueError, match="valid dictionary"):
        TrainOptions.model_validate("epochs")


def test_a_file_of_vectors_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vectors.txt").write_text("a 1\n")
    monkeypatch.chdir(tmp_path)
    assert resolve_run("mean", {"vectors": "vectors.txt"}).train.vectors == str(tmp_path / "vectors.txt")
    assert resolve_run("mean", {"vectors": "glove-50d"}).train.vectors == "glove-50d"


@pytest.mark.parametrize("digits", [20, 4000])
def test_a_number_of_more_than_64_bits_is_refused(digits):
    for option in ("epochs", "seed", "patience"):
        for value in (10**digits, f"1{'0' * digits}"):
            with pytest.raises(BadInput) as caught:
                resolve_run("mean", {option: value})
            assert caught.value.message.startswith(f"--{option}: ")
            assert len(caught.value.message) < 500
