"""What is measured does not depend on how the texts were put into batches."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.data.encoding.batches import SequentialBatches
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.evaluation import evaluate as module
from tmeattn.evaluation.evaluate import evaluate, evaluate_split
from tmeattn.models.building import build_model
from tmeattn.run_config import resolve_run
from tmeattn.specs import Space

NAMES = ("mean", "simple-attn", "query-attn", "lstm", "lstm-attn", "transformer")
MODELS = {name: build_model(resolve_run(name, {}), Space(20, 3, 8)) for name in NAMES}
MAX_LENGTH = 9


def split_of(texts):
    offsets = np.cumsum([0, *map(len, texts)])
    tokens = np.concatenate([np.array(text, dtype=np.int32) for text in texts])
    return EncodedSplit(tokens, offsets, np.arange(len(texts)) % 3, np.arange(len(texts)))


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(
    texts=st.lists(st.lists(st.integers(1, 19), min_size=1, max_size=12), min_size=1, max_size=8),
    size=st.integers(1, 8),
)
def test_batch_size_changes_nothing(name, texts, size):
    def measured(batch_size):
        batches = SequentialBatches(split_of(texts), batch_size, MAX_LENGTH)
        return evaluate(MODELS[name], batches, max_length=MAX_LENGTH, alpha=0.1, device=torch.device("cpu"))

    one, other = measured(size), measured(len(texts))
    order, other_order = np.argsort(one.indices_N), np.argsort(other.indices_N)
    assert np.allclose(one.probabilities_NC[order], other.probabilities_NC[other_order], atol=1e-5)
    assert (one.entropy_N is None) == (name in ("mean", "lstm", "transformer"))
    if one.entropy_N is not None:
        assert np.allclose(one.entropy_N[order], other.entropy_N[other_order], atol=1e-5)
    for key in ("cross_entropy", "accuracy", "loss"):
        assert one.means[key] == pytest.approx(other.means[key], abs=1e-5)


@pytest.mark.parametrize("count", [3, 4, 11])
def test_quick_measures_are_the_same_and_each_text_is_read_once(monkeypatch, count):
    monkeypatch.setattr(module, "ATTENTION_SAMPLE", 4)
    split = split_of([[at % 19 + 1, *range(1, 2 + at % 5)] for at in range(count)])
    read = []

    def measured(*, quick):
        read.clear()
        return evaluate_split(
            MODELS["transformer"], split, max_length=MAX_LENGTH, alpha=0.0, device=torch.device("cpu"),
            attention="sample", progress=read.append, quick=quick,
        )  # fmt: skip

    whole, quick = measured(quick=False), measured(quick=True)
    assert sum(read) == count
    assert sorted(quick.indices_N) == list(range(count))
    assert quick.confusion().tolist() == whole.confusion().tolist()
    order, other_order = np.argsort(quick.indices_N), np.argsort(whole.indices_N)
    assert np.allclose(quick.probabilities_NC[order], whole.probabilities_NC[other_order], atol=1e-5)
    assert quick.means.keys() == whole.means.keys()
    assert quick.means["attention_texts"] == min(count, 4)
    for key in ("cross_entropy", "loss", "accuracy", "entropy", "normalized_entropy"):
        assert quick.means[key] == pytest.approx(whole.means[key], abs=1e-6), key
    assert np.allclose(quick.means["heads"], whole.means["heads"], atol=1e-6)
