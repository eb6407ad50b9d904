"""On a CUDA GPU, explanations and their measures are those of the CPU. Without a GPU, all of it is skipped."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from support import keywords
from support.zoo import FAMILIES

from tmeattn.explain.compatibility import methods_with_reasons
from tmeattn.explain.explain import attribute
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.explain.maps import attention_map, head_overview
from tmeattn.faithfulness.adversarial_attention import adversarial_attention
from tmeattn.faithfulness.assessment import assess, choose_methods, summarize
from tmeattn.faithfulness.weights import AttendedText, reason_against_changes
from tmeattn.inference.classifier import TrainedClassifier

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")

CUDA = "cuda"
TEXTS = [*keywords.texts(10, 7).texts, "good", "xyzzy good xyzzy bad"]


@pytest.fixture(scope="module")
def on_gpu(zoo):
    """The classifiers of the zoo, loaded once more, on the GPU."""
    return {name: on_device(classifier) for name, classifier in zoo.items()}


def on_device(classifier):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMEATTN_HOME", str(classifier.run.path.parent.parent))
        found = TrainedClassifier(classifier.run, device=CUDA)
    assert next(found.model.parameters()).device.type == CUDA
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_every_method_gives_what_it_gives_on_the_cpu(zoo, on_gpu, family):
    used, reasons = [], {spec.name: why for spec, why in methods_with_reasons(on_gpu[family])}
    for spec, reason in methods_with_reasons(zoo[family]):
        assert reasons[spec.name] == reason
        if reason is not None:
            continue
        used.append(spec.name)
        for target in (None, 2):
            here, there = (
                attribute(classifier, spec, [classifier.encode(text) for text in TEXTS], target)
                for classifier in (zoo[family], on_gpu[family])
            )
            for one, other in zip(here, there, strict=True):
                scale = max(float(np.abs(one.scores_T).max()), 0.1)
                limit = 5e-3 if spec.name == "lime" else 1e-3  # the Lasso stops within a tolerance
                assert np.abs(one.scores_T - other.scores_T).max() < limit * scale, spec.name
                assert (one.note, one.special is None) == (other.note, other.special is None)
    assert {"gradient", "integrated-gradients", "leave-one-out", "lime", "random"} <= set(used)


@pytest.mark.parametrize("family", ["lstm-attn", "transformer", "transformer-cls"])
def test_maps_and_entropies_are_those_of_the_cpu(zoo, on_gpu, family):
    request = ExplainRequest(TEXTS[0])
    here, there = (attention_map(classifier, request) for classifier in (zoo[family], on_gpu[family]))
    assert np.abs(here.weights_RS - there.weights_RS).max() < 1e-4
    if zoo[family].heads:
        here, there = (head_overview(classifier, request) for classifier in (zoo[family], on_gpu[family]))
        for one, other in zip(here.heads, there.heads, strict=True):
            assert np.abs(one.cells_BB - other.cells_BB).max() < 1e-4
            assert one.entropy == pytest.approx(other.entropy, abs=1e-4)


@pytest.mark.parametrize("family", ["simple-attn", "lstm-attn", "transformer"])
def test_faithfulness_is_that_of_the_cpu(zoo, on_gpu, family):
    found = {}
    for device, classifier in (("cpu", zoo[family]), (CUDA, on_gpu[family])):
        methods, _ = choose_methods(classifier, None)
        texts = [classifier.encode(text) for text in TEXTS]
        assessment = assess(classifier, methods, texts)
        found[device] = {row.method: row.measures for row in summarize(assessment, methods)}
    assert found["cpu"].keys() == found[CUDA].keys()
    for method, measures in found["cpu"].items():
        for metric in ("comprehensiveness", "sufficiency"):
            assert found[CUDA][method][metric].mean == pytest.approx(measures[metric].mean, abs=0.02), method


@pytest.mark.parametrize("family", ["simple-attn", "query-attn", "lstm-attn", "transformer"])
def test_attention_weights_are_changed_on_the_gpu(zoo, on_gpu, family):
    classifier, other = zoo[family], on_gpu[family]
    assert reason_against_changes(other) is None
    ids_T = classifier.encode(TEXTS[0]).ids_T
    here, there = AttendedText(classifier, ids_T), AttendedText(other, ids_T)
    keep_KT = np.random.default_rng(0).random((12, len(ids_T))) < 0.6
    keep_KT[:, 0] = True
    assert np.abs(here.logits_without(keep_KT) - there.logits_without(keep_KT)).max() < 1e-3
    assert np.abs(here.gradient() - there.gradient()).max() < 1e-3
    if classifier.spec.attention == "pool":
        one, two = here.linear(), there.linear()
        assert np.abs(one.effect_TC - two.effect_TC).max() < 1e-3


@pytest.mark.filterwarnings("error:RNN module weights")
@pytest.mark.parametrize("family", ["simple-attn", "lstm-attn"])
def test_the_adversary_is_trained_on_the_gpu(on_gpu, family, monkeypatch):
    monkeypatch.setattr("tmeattn.faithfulness.adversarial_attention.STEPS", 5)
    classifier = on_gpu[family]
    texts = [classifier.encode(text) for text in TEXTS]
    before = classifier.weights_hash()
    found = adversarial_attention(classifier, texts, [text.ids_T for text in texts])
    assert found is not None
    assert len(found.adversaries) == 6
    assert all(np.isfinite([one.tvd, one.jsd]).all() for one in found.adversaries)
    assert classifier.weights_hash() == before


def test_masked_vectors_are_those_of_the_cpu(zoo, on_gpu):
    drawn = np.random.default_rng(0)
    ids = [zoo["lstm"].encode(text).ids_T for text in TEXTS]
    for dtype in (np.float32, bool):
        masks = [(drawn.random((len(one), 8)) < 0.5).astype(dtype) for one in ids]
        here, there = (each["lstm"].masked_probabilities(ids, masks) for each in (zoo, on_gpu))
        assert np.abs(here - there).max() < 1e-4
