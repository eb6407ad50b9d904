"""The evidence of n-grams is cross-fitted and shared among words; without the learned part it is the whole logit."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tmeattn_ngram_attn import Config, tmeattn_models
from tmeattn_ngram_attn.evidence import prepare
from tmeattn_ngram_attn.model import NgramAttention, shared

import tmeattn
from tmeattn.data.encoding.batches import collate
from tmeattn.data.encoding.encode import EncodedSplit
from tmeattn.testing import check_model, check_onnx

WORDS = 30


@pytest.fixture(scope="module")
def corpus():
    """40 texts of 2 to 12 words; those of class 1 contain the word 7."""
    random = np.random.default_rng(0)
    texts = [random.integers(8, WORDS, random.integers(1, 12)) for _ in range(40)]
    labels = np.arange(40) % 2
    texts = [np.append(text, 7 - label) for text, label in zip(texts, 1 - labels, strict=True)]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    split = EncodedSplit(np.concatenate(texts).astype(np.int32), offsets, labels, np.arange(40))
    return SimpleNamespace(splits={"train": split}, classes=("no", "yes"), vocabulary=range(WORDS)), texts


@pytest.fixture(scope="module")
def model(corpus):
    config = Config(min_texts=1, hidden_size=4)
    torch.manual_seed(0)
    return NgramAttention(config, tmeattn.Space(WORDS, 2, 6, prepared=prepare(config, corpus[0])))


def test_the_contract_holds():
    check_model(tmeattn_models()[0], options={"hidden_size": 8, "min_texts": 1})


def test_the_onnx_file_gives_the_same():
    pytest.importorskip("onnxscript", reason="the extra onnx is not installed")
    check_onnx(tmeattn_models()[0], options={"hidden_size": 8, "min_texts": 1, "lr": 0.05})


def test_the_weights_of_a_fold_do_not_depend_on_the_labels_of_its_texts(corpus):
    config = Config(min_texts=1)
    prepared = prepare(config, corpus[0])
    split = corpus[0].splits["train"]
    parts = np.array([text.sum() % config.folds for text in corpus[1]])
    for part in set(parts.tolist()):
        changed = split.labels.copy()
        changed[parts == part] = 1 - changed[parts == part]
        other = prepare(
            config,
            SimpleNamespace(
                **{
                    **vars(corpus[0]),
                    "splits": {"train": EncodedSplit(split.tokens, split.offsets, changed, split.source)},
                }
            ),
        )
        assert np.array_equal(prepared["weights"][:, part], other["weights"][:, part])
        assert not np.array_equal(prepared["weights"], other["weights"])


def test_in_training_a_text_uses_the_weights_of_its_fold(model, corpus):
    tokens, mask = collate(corpus[1][:8], 100)
    evidence, bias = model.train().evidence(tokens, mask)
    fold = tokens.sum(dim=1) % 4
    assert torch.equal(bias[:, 1], model.evidence.bias_KE[fold, 0] / 2)
    mean = model.eval().evidence(tokens, mask)[0]
    assert not torch.allclose(evidence, mean)


def test_shares_go_to_all_words_of_an_n_gram():
    evidence = torch.tensor([0.0, 0.0, 6.0, 0.0]).view(1, 4, 1)
    assert shared(evidence, 3).flatten().tolist() == [2.0, 2.0, 2.0, 0.0]
    assert shared(torch.zeros(1, 1, 1), 3).shape == (1, 1, 1)


def test_without_query_and_classifier_it_is_logistic_regression(model, corpus):
    """The evidence of all words sums to that of all distinct n-grams, and attention keeps all of it."""
    tokens, mask = collate(corpus[1][:8], 100)
    model = model.eval()
    with torch.no_grad():
        for parameter in (model.query_D, model.classify.linear.weight, model.classify.linear.bias):
            parameter.zero_()
        logits = model(tokens, mask).logits_BC
        prepared = {
            key: value.mean(1)[:, 0] for key, value in zip(("w",), [model.evidence.weights_GKE[:, :-1]], strict=True)
        }
    known = dict(zip(model.evidence.keys_G.tolist(), prepared["w"].tolist(), strict=True))
    for row, text in enumerate(corpus[1][:8]):
        ids = text.tolist()
        grams = {tuple(ids[i : i + n]) for n in (1, 2, 3) for i in range(len(ids) - n + 1)}
        keys = [int(sum(word * WORDS ** (len(gram) - 1 - i) for i, word in enumerate(gram))) for gram in grams]
        total = sum(known.get(key, 0.0) for key in keys) + model.evidence.bias_KE[-1, 0].item()
        assert (logits[row, 1] - logits[row, 0]).item() == pytest.approx(total, abs=1e-4)


def test_attention_prefers_words_that_agree_with_the_prediction_of_the_text(model):
    """Of two words with equal evidence, the one for the predicted class gets more weight, by exp(2 * agreement)."""
    evidence = torch.tensor([[[-2.0, 2.0], [-2.0, 2.0], [1.5, -1.5], [-1.5, 1.5]]])
    bias = torch.zeros(1, 2)
    agreement = (torch.softmax(torch.tensor([-4.0, 4.0]), 0) * torch.tensor([-1.0, 1.0])).sum().item()
    ratio = (model.prior(evidence, bias)[0, 3] - model.prior(evidence, bias)[0, 2]).item()
    assert ratio == pytest.approx(2 * model.agreement * agreement * 1.5 / (1.5 + model.floor), rel=1e-4)
    assert ratio > 1.9
