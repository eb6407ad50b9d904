"""One classifier in several threads: what one of them does changes nothing of what another computes."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tmeattn
from tmeattn.errors import BadInput
from tmeattn.explain.compatibility import methods_with_reasons
from tmeattn.explain.explain import attribute
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.inference.embedding_hooks import replaced
from tmeattn.inference.thread_models import ThreadModels
from tmeattn.models.building import build_model
from tmeattn.models.layers import uniform_weights
from tmeattn.run_config import resolve_run
from tmeattn.specs import ModelSpec, Space

TEXTS = ["the film was good and the plot of this story", "a bad film", "bad " * 8, "the actor was light", "xyzzy"]

PLUGIN = '''
import torch
from torch import nn
import tmeattn
from tmeattn import layers

class Config(tmeattn.ModelConfig):
    """A model that keeps its states in itself."""

class Keeping(nn.Module):
    def __init__(self, config, space):
        super().__init__()
        self.words = layers.WordEmbedding(space)
        self.classify = nn.Linear(space.vector_size, space.num_classes)
        self.uncopied = UNCOPIED

    def forward(self, tokens_BT, mask_BT, need_maps=False):
        self.states_BTD = self.words(tokens_BT)
        return tmeattn.ModelOutput(self.classify(layers.masked_mean(self.states_BTD, mask_BT)))

@tmeattn.hookimpl
def tmeattn_models():
    return [tmeattn.ModelSpec(name="keeping", summary="", config=f"{__name__}:Config", build=f"{__name__}:Keeping",
                              attention="none")]
'''


def in_another_thread(work: Callable[[], Any]) -> Any:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()


@pytest.fixture
def busy_switches() -> Iterator[None]:
    """Threads take turns after every few instructions."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("family", ["simple-attn", "lstm-attn", "transformer"])
def test_another_thread_predicts_while_the_word_vectors_are_replaced(
    zoo: dict[str, TrainedClassifier], family: str
) -> None:
    classifier = zoo[family]
    before = classifier.probabilities(TEXTS)
    assert classifier.embedding is not None
    nothing = torch.zeros(len(TEXTS), 10, classifier.embedding.embedding_dim)
    with replaced(classifier.embedding, nothing):
        assert np.array_equal(in_another_thread(lambda: classifier.probabilities(TEXTS)), before)
        assert not np.allclose(classifier.probabilities(TEXTS), before)


def test_the_search_for_the_embedding_does_not_see_the_calls_of_other_threads(
    zoo: dict[str, TrainedClassifier], busy_switches: None
) -> None:
    for _ in range(5):
        classifier = TrainedClassifier(zoo["simple-attn"].run)
        together = threading.Barrier(4)

        def found(classifier: TrainedClassifier = classifier, together: threading.Barrier = together) -> bool:
            together.wait()
            return classifier.embedding is not None

        with ThreadPoolExecutor(4) as pool:
            assert all(future.result() for future in [pool.submit(found) for _ in range(4)])


@pytest.mark.parametrize("family", ["simple-attn", "lstm-attn", "transformer-cls"])
def test_all_methods_and_predictions_at_the_same_time(
    zoo: dict[str, TrainedClassifier], family: str, busy_switches: None
) -> None:
    classifier = zoo[family]
    encoded = [classifier.encode(text) for text in TEXTS]
    methods = [spec for spec, reason in methods_with_reasons(classifier) if reason is None]

    def scores(spec: tmeattn.ExplainerSpec) -> list[np.ndarray]:
        return [one.scores_T for one in attribute(classifier, spec, encoded)]

    expected = {spec.name: scores(spec) for spec in methods}
    predicted = classifier.probabilities(TEXTS)
    done = threading.Event()

    def predict() -> int:
        wrong = 0
        while not done.is_set():
            wrong += not np.allclose(classifier.probabilities(TEXTS), predicted, atol=1e-6)
        return wrong

    random_state = torch.get_rng_state()
    with ThreadPoolExecutor(len(methods) + 1) as pool:
        predicting = pool.submit(predict)
        try:
            found = {spec.name: pool.submit(scores, spec) for spec in methods for _ in range(2)}
            for name, future in found.items():
                for one, other in zip(future.result(), expected[name], strict=True):
                    assert np.allclose(one, other, atol=1e-5), name
        finally:
            done.set()
        assert predicting.result() == 0
    assert torch.equal(torch.get_rng_state(), random_state)


def test_the_copies_of_a_plugins_model_share_weights_and_nothing_else(
    planted: dict[str, Any], install: Callable[..., None], fresh_registry: tmeattn.registry.Registry
) -> None:
    model, other = two_copies(install, "None")
    assert model is not other
    assert all(one is two for one, two in zip(model.parameters(), other.parameters(), strict=True))
    tokens = torch.tensor([[1, 1]])
    model(tokens, tokens > 0)
    assert not hasattr(other, "states_BTD")  # also through the wrapper that names the plugin in errors
    other(tokens, tokens > 0)
    assert other.states_BTD is not model.states_BTD


def two_copies(install: Callable[..., None], uncopied: str) -> tuple[Any, Any]:
    install("keeping", PLUGIN.replace("UNCOPIED", uncopied))
    spec = tmeattn.registry.registry().get(ModelSpec, "keeping")
    model = build_model(resolve_run(spec.name, {}), Space(3, 2, 4))
    models = ThreadModels(model, "Model 'keeping'")
    return models.of_this_thread(), in_another_thread(models.of_this_thread)


def test_a_model_that_cannot_be_copied_is_refused_in_a_second_thread(install: Callable[..., None]) -> None:
    with pytest.raises(BadInput, match="cannot be used by a second thread") as refusal:
        two_copies(install, "__import__('threading').Lock()")
    assert "pickle" in str(refusal.value)


def test_a_twin_with_uniform_weights_has_them_in_every_thread(planted: dict[str, Any]) -> None:
    run = resolve_run("simple-attn", {**planted, "uniform_attention": True})
    models = ThreadModels(build_model(run, Space(9, 2, 8)), "Model 'simple-attn'")
    tokens = torch.tensor([[2, 3, 4, 5]])

    def weights() -> torch.Tensor:
        return models.of_this_thread()(tokens, tokens > 0).attention_BT

    assert torch.equal(weights(), in_another_thread(weights))
    assert torch.equal(weights(), torch.full((1, 4), 0.25))
    with uniform_weights():
        assert isinstance(in_another_thread(models.of_this_thread), nn.Module)


def test_the_weights_of_a_copied_lstm_are_put_into_one_piece_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU would do so in every call, and torch would warn of it."""
    flattened: list[nn.Module] = []
    monkeypatch.setattr(nn.LSTM, "flatten_parameters", lambda lstm: flattened.append(lstm))
    models = ThreadModels(nn.Sequential(nn.Linear(2, 2), nn.LSTM(2, 2)), "Model 'lstm'")
    flattened.clear()
    copied = models.new_copy()
    assert flattened == [copied[1]]  # type: ignore[index]
