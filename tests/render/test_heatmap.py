import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from support.explanations import CONTROL, draw, explain

from tmeattn.render.console import safe
from tmeattn.render.explanation_texts import method_text
from tmeattn.render.heatmap import HeatmapKey, Marks, heatmap
from tmeattn.render.palette import BLUE

PROSE = st.text(st.sampled_from("abcXYZ.,!? \n\t[]~é映😀\x1b\x9b\u202e"), max_size=200)


def escapes(output: str) -> set[str]:
    return set(re.findall("\x1b(?!\\[[0-9;]*m)", output))


@given(PROSE, st.integers(20, 120), st.booleans())
@settings(max_examples=60, deadline=None)
def test_words_are_kept_and_no_line_is_too_wide(text: str, width: int, signed: bool) -> None:
    output = draw(heatmap(explain(text, signed=signed)), width)
    assert all(cell_len(line) <= width for line in output.splitlines())
    assert not CONTROL.search(output)
    body = re.sub(r"[\s\[\]~+-]", "", output)
    assert re.sub(r"[\s\[\]~+-]", "", safe(text)) in body


def test_malicious_text_stays_text() -> None:
    text = "a [red]b[/red] \x1b[31mc \x9b31m \x1b]0;title\x07"
    for colour in (False, True):
        output = draw(heatmap(explain(text, note="\x1b[2J", true_label="\x1b[H")), colour=colour)
        assert "␛[31mc" in output
        assert not escapes(output)
        assert "\x9b" not in output
    assert "[red]b[/red]" in draw(heatmap(explain(text, [0.0] * 5)))


def test_colour_marks_the_strongest_word_most() -> None:
    output = draw(heatmap(explain("weak strong", [0.1, 0.9]), details=False), colour=True)
    assert re.search("48;2;245;139;0mstrong", output)
    assert "245;139;0mweak" not in output


def test_signed_colours_diverge() -> None:
    output = draw(heatmap(explain("bad good", [-0.9, 0.9], signed=True), details=False), colour=True)
    assert "48;2;43;140;245mbad" in output
    assert "48;2;245;139;0mgood" in output


def test_without_colour_brackets_and_tildes_say_it() -> None:
    output = draw(heatmap(explain("an awful GREAT film", [0.0, -0.5, 0.9, 0.01], unknown=(3,), signed=True)))
    assert "an [-awful] [+GREAT] ~film~" in output
    assert "~word~: not in the vocabulary (1 of 4 words)" in output
    assert "GREAT  +0.900" in output


def test_the_number_of_words_says_that_punctuation_is_counted() -> None:
    output = draw(heatmap(explain("a film .", [0.1, 0.5, 0.0], unknown=(1,))))
    assert "not in the vocabulary (1 of 3 words, with punctuation)" in output


def test_only_the_strongest_are_bracketed() -> None:
    output = draw(heatmap(explain("w " * 200, [1 + i**4 for i in range(200)]), details=False))
    assert output.count("[") == 20


def test_a_word_below_an_equal_share_is_not_among_the_strongest() -> None:
    output = draw(heatmap(explain("match team server onion shares", [0.141, 0.142, 0.184, 0.384, 0.149])))
    assert "match team server [onion] shares" in output


def test_legend_is_silent_about_unknown_words_if_there_are_none() -> None:
    assert "vocabulary" not in draw(heatmap(explain("all known")))


def test_header_tells_prediction_label_and_entropy() -> None:
    output = draw(heatmap(explain("good", true_label="negative", entropy=3.214, normalized_entropy=0.617)))
    assert "positive 97.3 %   ✗ wrong, the label is negative" in output
    assert "attention entropy 3.21 nats, 62 % of uniform" in output
    assert "✓ correct" in draw(heatmap(explain("good", true_label="positive")))


def test_the_entropy_of_attention_is_told_where_attention_is_shown() -> None:
    output = draw(heatmap(explain("good", method="leave-one-out", entropy=3.214, normalized_entropy=0.617)))
    assert "entropy" not in output


def test_unread_words_are_counted_and_cut() -> None:
    text = "read " * 10 + "unread " * 1000
    output = draw(heatmap(explain(text, [0.1] * 10)))
    assert "┃ 1,000 more words not read by the model (it reads at most 10)" in output
    assert len(output.splitlines()) < 25


@pytest.mark.parametrize(
    ("text", "scores"), [("", []), ("   \n", []), ("never read", []), ("one", [1.0]), ("all zero", [0.0, 0.0])]
)
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("signed", [False, True])
def test_edges(text: str, scores: list[float], colour: bool, signed: bool) -> None:
    output = draw(heatmap(explain(text, scores, unknown=(0, 1), signed=signed)), colour=colour)
    assert "Prediction" in output
    if scores == []:
        assert ("read no words" if text.strip() else "has no words") in output


def test_line_breaks_are_the_users() -> None:
    output = draw(heatmap(explain("one\n\n  two\nthree", [0.0] * 3), details=False))
    assert output == "one\n\n  two\nthree\n"


def test_a_very_long_text_is_no_trouble() -> None:
    explanation = explain("word " * 100_000, [0.1] * 400)
    started = time.perf_counter()
    output = draw(heatmap(explanation), colour=True)
    assert time.perf_counter() - started < 2  # a hundred times what it takes
    assert len(output.splitlines()) < 60


@pytest.mark.parametrize("colour", [False, True])
def test_the_place_where_reading_stopped_is_marked(colour: bool) -> None:
    def body(text: str) -> str:
        output = draw(heatmap(explain(text, [0.5, 0.5]), details=False), colour=colour)
        return re.sub("\x1b\\[[0-9;]*m", "", output).replace("[", "").replace("]", "")

    whole = body("read this not that.")
    assert whole == "read this ┃ not that.\n┃ 2 more words not read by the model (it reads at most 2)\n"
    assert "…" in body("read this " + "not that " * 100)
    assert "…" in body("read this not" + " " * 400 + "that")


def test_the_key_has_the_colours_of_the_heatmaps() -> None:
    explanations = (explain("a b c d", [0.9, 0.05, 0.03, 0.02]),)
    yellow = draw(HeatmapKey(explanations, (BLUE, (60, 60, 60), (255, 208, 0))), colour=True)
    assert "48;2;255;208;0mcolour" in yellow
    assert "48;2;245;139;0morange" in draw(HeatmapKey(explanations), colour=True)


def test_nearly_uniform_attention_is_not_painted_all_over() -> None:
    words = "w " * 50
    even = [0.02 + 0.001 * (index % 3) for index in range(50)]
    drawn = draw(heatmap(explain(words, even), details=False), colour=True)
    assert "\x1b[" not in drawn
    assert "[" not in draw(heatmap(explain(words, even), details=False))
    one = [0.02] * 49 + [0.06]
    drawn = draw(heatmap(explain(words, one)), colour=True)
    assert drawn.split("Strongest")[0].count("48;2;245;139;0m") == 2  # the word, and full colour in the legend
    assert "weight above uniform" in drawn


def test_in_a_short_text_the_weakest_words_do_not_pass_for_strong() -> None:
    output = draw(heatmap(explain("good film and more here", [0.6, 0.2, 0.05, 0.1, 0.05]), details=False))
    assert "[good] [film] and more here" in output


def test_the_method_is_named_with_the_layer_and_head_that_were_chosen() -> None:
    assert method_text(explain("a film")) == "attention, lstm-attn"
    chosen = explain("a film", model="transformer", method="rollout", layer=2, head=1)
    assert method_text(chosen) == "rollout, transformer, layer 2, head 1"
    assert method_text(explain("a film", method="lime")) == "LIME, lstm-attn"


def test_a_word_that_occurs_several_times_is_one_of_the_strongest_with_its_largest_score() -> None:
    drawn = draw(heatmap(explain("dull but Dull plot", [0.2, 0.2, 0.4, 0.3])))
    listed = drawn.split("Strongest words")[1].splitlines()[1:]
    assert [line.split()[:3] for line in listed[:2]] == [["Dull", "×2", "0.400"], ["plot", "0.300", "█" * 15]]
    signed = draw(heatmap(explain("dull dull", [0.4, -0.5], signed=True)))
    assert "-0.500" in signed


def test_an_unknown_word_is_dimmed_only_where_it_has_no_colour() -> None:
    marks = Marks.of(explain("a b", [1.0, 0.01], unknown=(0, 1)), colour=True)
    strong, weak = (marks.style(word) for word in explain("a b", [1.0, 0.01], unknown=(0, 1)).words)
    assert (strong.dim, strong.underline) == (None, True)
    assert (weak.dim, weak.underline) == (True, True)
