"""Words of several pieces: scored, summed and erased as a whole; special tokens are no words."""

import itertools
import json

import numpy as np
import pytest
from support import pieces as plugin

from tmeattn.data.encoding.vocabulary import Vocabulary
from tmeattn.errors import BadInput
from tmeattn.explain.compatibility import methods_with_reasons
from tmeattn.explain.explain import attribute, explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.explain.methods import log_odds
from tmeattn.faithfulness.assessment import Measures, assess, choose_methods
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.plugin import Plugin
from tmeattn.registry import registry
from tmeattn.render.explanation_texts import entropy_text
from tmeattn.run_config import resolve_run
from tmeattn.specs import FIRST_OWN_ID, ExplainerSpec
from tmeattn.training.session import resume, start

TEXT = "A wonderful film, Camera!"
WORDS = ["A", "wonderful", "film", "Camera"]
SIZES = [1, 3, 2, 2]


@pytest.fixture
def options(planted):
    registry().register(Plugin("pieces", "tmeattn-pieces", "1.0", plugin.__name__), plugin)
    return planted


def word_level(classifier):
    text = classifier.encode(TEXT)
    assert [TEXT[start:end] for start, end, _ in text.word_spans] == WORDS
    return text


def test_a_fixed_vocabulary_keeps_its_ids_and_scores_are_of_words(options):
    run = start("simple-attn", {**options, "tokenizer": "thirds", "min_count": 5})
    assert Vocabulary.load(run.vocabulary_path).words[FIRST_OWN_ID:] == plugin.VOCABULARY
    classifier = TrainedClassifier(run)
    text = word_level(classifier)
    assert text.ids_T.tolist()[1] == FIRST_OWN_ID + plugin.VOCABULARY.index("won")
    assert text.word_spans[1] == (2, 11, "won ##der ##ful")
    weights_T = classifier.word_attention([text.ids_T])[0]
    found = explain(classifier, ExplainRequest(TEXT, method="attention"))
    assert [found.word_text(word) for word in found.words] == WORDS
    summed = [sum(group) for group in np.split(weights_T, np.cumsum(SIZES)[:-1])]
    assert np.allclose([word.score for word in found.words], summed)
    assert (found.tokens_read, found.tokens_total, found.special_attention) == (8, 8, None)
    assert [word.known for word in found.words] == [True, True, True, True]
    long = explain(classifier, ExplainRequest("film " * 10, method="attention"))
    assert (len(long.words), long.tokens_read, long.tokens_cut, long.unit) == (6, 12, 8, "piece")


def test_leaving_a_word_out_leaves_out_all_its_pieces(options):
    classifier = TrainedClassifier(start("simple-attn", {**options, "tokenizer": "thirds"}))
    text = word_level(classifier)
    (found,) = attribute(classifier, registry().get(ExplainerSpec, "leave-one-out"), [text])
    logits = classifier.logits(
        [TEXT, "wonderful film camera", "a film camera", "a wonderful camera", "a wonderful film"]
    )
    odds = log_odds(logits, int(logits[0].argmax()))
    assert np.allclose(found.scores_T, odds[0] - odds[1:])


def test_every_method_and_measure_has_one_score_for_each_word(options, monkeypatch):
    classifier = TrainedClassifier(start("marked", options))
    text = word_level(classifier)
    for spec, against in methods_with_reasons(classifier):
        if against is None:
            (found,) = attribute(classifier, spec, [text])
            assert found.scores_T.shape == (4,), spec.name
            assert (found.special is None) == (not spec.needs_attention), spec.name
    words = {tuple(group.tolist()) for group in np.split(text.ids_T, np.cumsum(SIZES)[:-1])}
    read, whole = (
        classifier.probabilities,
        {sum(chosen, ()) for n in range(5) for chosen in itertools.permutations(words, n)},
    )

    def checked(sequences, **more):
        for one in sequences:
            ids = tuple(int(x) for x in getattr(one, "ids_T", one))
            assert ids in whole or 1 in ids, ids
        return read(sequences, **more)

    monkeypatch.setattr(classifier, "probabilities", checked)
    methods, _ = choose_methods(classifier, ["attention", "leave-one-out"])
    found = assess(classifier, methods, [text], measures=Measures(1, ("delete", "unknown"), 1, 3, 0.5))
    assert found.lengths == [4]
    assert len(found.against_random) == 2


def test_a_model_with_its_own_tokenizer(options):
    with pytest.raises(BadInput, match="--tokenizer whitespace: the model 'marked' has a tokenizer of its own"):
        resolve_run("marked", {**options, "tokenizer": "whitespace"})
    with pytest.raises(BadInput, match="--tokenizer model: the model 'mean' has no tokenizer of its own"):
        resolve_run("mean", {**options, "tokenizer": "model"})
    assert resolve_run("marked", {**options, "recipe": "report"}).train.tokenizer == "model"
    run = resume(start("marked", options))
    assert json.loads((run.path / "run.json").read_text())["config"]["train"]["tokenizer"] == "model"
    found = explain(TrainedClassifier(run), ExplainRequest(TEXT, method="attention"))
    assert [found.word_text(word) for word in found.words] == WORDS
    assert sum(word.score for word in found.words) == pytest.approx(1)
    assert 0 < found.special_attention < 1
    assert f"{100 * found.special_attention:.0f} % of the attention is on special tokens" in entropy_text(found)
