"""Explanations of texts by a trained classifier."""

import numpy as np
import pytest

import tmeattn
from tmeattn.errors import BadInput, UnknownName
from tmeattn.explain.explain import explain
from tmeattn.explain.explanation import ExplainRequest
from tmeattn.explain.methods import leave_one_out, log_odds
from tmeattn.inference.classifier import TrainedClassifier
from tmeattn.render.console import stdout_console
from tmeattn.render.heatmap import heatmap


@pytest.fixture
def classifier(trained):
    return TrainedClassifier(trained)


def test_attention_sums_to_one_over_the_users_own_words(classifier):
    found = explain(classifier, ExplainRequest("The film was GOOD, and the light"))
    assert found.method == "attention"
    assert sum(word.score for word in found.words) == pytest.approx(1, abs=1e-5)
    assert [found.text[word.start : word.end] for word in found.words][3:5] == ["GOOD", ","]
    assert 0 <= found.normalized_entropy <= 1


def test_leave_one_out_finds_the_planted_words_and_their_sign(classifier):
    found = explain(classifier, ExplainRequest("the good and the bad", "leave-one-out", "positive"))
    scores = {word.token: word.score for word in found.words}
    assert max(scores, key=lambda token: scores[token]) == "good"
    assert min(scores, key=lambda token: scores[token]) == "bad"
    assert scores["bad"] < 0 < scores["good"]


def test_leave_one_out_equals_the_naive_loop(classifier):
    text = classifier.encode("the film was bad and the plot of this story")
    (scores,) = leave_one_out(classifier, [text], 0)

    def odds(ids):
        (reading,) = classifier.read([ids])
        return log_odds(reading.logits_C, 0)

    naive = [odds(text.ids_T) - odds(np.delete(text.ids_T, i)) for i in range(len(text.ids_T))]
    assert scores == pytest.approx(naive, abs=1e-4)


def test_log_odds_do_not_overflow():
    assert log_odds(np.array([1000.0, -1000.0]), 0) == pytest.approx(2000)


def test_a_class_can_be_asked_for(classifier):
    for_good = explain(classifier, ExplainRequest("a good film", "leave-one-out", "positive"))
    for_bad = explain(classifier, ExplainRequest("a good film", "leave-one-out", "negative"))
    assert [w.score for w in for_good.words] == pytest.approx([-w.score for w in for_bad.words], abs=1e-4)


@pytest.mark.parametrize("text", ["", "   \n", '"""'])
def test_a_text_without_words_is_refused(classifier, text):
    with pytest.raises(BadInput, match="no words to explain"):
        explain(classifier, ExplainRequest(text))


def test_only_unknown_words_are_marked_and_said(classifier):
    found = explain(classifier, ExplainRequest("xyzzy plugh"))
    assert not any(word.known for word in found.words)
    assert "vocabulary" in found.note


def test_a_single_word_works_with_every_method(classifier):
    for method in ("attention", "leave-one-out"):
        assert len(explain(classifier, ExplainRequest("good", method)).words) == 1


def test_a_text_of_100000_words_is_read_to_the_models_length(classifier):
    found = explain(classifier, ExplainRequest("good film " * 50_000))
    assert found.tokens_total == 100_000
    assert len(found.words) == classifier.max_length


def test_unknown_names(classifier):
    with pytest.raises(UnknownName, match="attention"):
        explain(classifier, ExplainRequest("good", "atention"))
    with pytest.raises(BadInput, match="negative, positive"):
        explain(classifier, ExplainRequest("good", None, "neutral"))


@pytest.mark.parametrize("text", ["[red]good[/red]", "good \x1b[31m film", "good\u202e film", "<script>good</script>"])
def test_hostile_text_is_only_text(classifier, text, capsys):
    stdout_console(width=80).print(heatmap(explain(classifier, ExplainRequest(text))))
    out = capsys.readouterr().out
    assert "\x1b[31m" not in out
    assert "\u202e" not in out


def test_a_model_without_attention_is_explained_by_leave_one_out_and_says_so(planted):
    model = tmeattn.train("mean", **{**planted, "epochs": 20, "lr": 0.05})
    found = model.explain("a good film")
    assert found.method == "leave-one-out"
    assert "leave-one-out" in found.note
    with pytest.raises(BadInput, match=r"has no attention.*Choose one of gradient, .*leave-one-out"):
        model.explain("a good film", method="attention")


def test_nearly_uniform_attention_is_said(classifier):
    import torch

    with torch.no_grad():
        classifier.model.attend.query_D.zero_()
    found = explain(classifier, ExplainRequest("a good film of light"))
    assert found.normalized_entropy == pytest.approx(1)
    assert "nearly uniform" in found.note


def test_the_entropy_of_one_word_is_zero_and_no_share_of_uniform(classifier):
    found = explain(classifier, ExplainRequest("good"))
    assert str(found.entropy) == "0.0"
    assert found.normalized_entropy is None
