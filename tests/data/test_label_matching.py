"""Labels of other data and the classes of a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmeattn.data.label_matching import match_labels
from tmeattn.errors import BadInput, UnknownName

CLASSES = ("negative", "positive")


def test_equal_names_match_and_say_nothing() -> None:
    found = match_labels({"positive": 3, "negative": 2}, CLASSES)
    assert (dict(found.classes), found.notes) == ({"positive": 1, "negative": 0}, ())


def test_case_and_outer_spaces_are_ignored_and_said() -> None:
    found = match_labels({" Positive": 3, "NEGATIVE": 2}, CLASSES)
    assert dict(found.classes) == {" Positive": 1, "NEGATIVE": 0}
    assert found.notes == (
        "Labels are matched without regard to case and outer spaces: ' Positive' as 'positive', "
        "'NEGATIVE' as 'negative'.",
    )


def test_case_counts_where_two_classes_differ_only_in_it() -> None:
    found = match_labels({"IT": 3, "It": 2, "it": 1}, ("IT", "it"))
    assert dict(found.classes) == {"IT": 0, "It": None, "it": 1}
    assert "2 texts are left out" in found.notes[0]


def test_labels_that_match_no_class_are_named_with_their_texts() -> None:
    found = match_labels({"positive": 3, "neutral": 1, "": 4}, CLASSES)
    assert dict(found.classes) == {"positive": 1, "neutral": None, "": None}
    assert found.notes[0] == (
        "5 texts are left out, because no class of the run matches the label: no label (4), 'neutral' (1). A label is "
        "matched with --map-label neutral=negative."
    )
    assert found.notes[1] == "No text has the class 'negative'."


def test_several_labels_may_mean_one_class() -> None:
    mapped = ["good=positive", "great=positive", "bad=negative"]
    found = match_labels({"good": 1, "great": 1, "bad": 1}, CLASSES, mapped)
    assert dict(found.classes) == {"good": 1, "great": 1, "bad": 0}


def test_the_option_comes_before_the_name() -> None:
    found = match_labels({"positive": 1, "negative": 1}, CLASSES, ["positive=negative", "negative=positive"])
    assert dict(found.classes) == {"positive": 0, "negative": 1}


def test_names_may_have_an_equals_sign() -> None:
    found = match_labels({"a=b": 1, "c": 1}, ("x", "y=z"), ["a=b=x", "c=y=z"])
    assert dict(found.classes) == {"a=b": 0, "c": 1}


@pytest.mark.parametrize(
    ("mapped", "kind", "message"),
    [
        (["good=positiv"], UnknownName, "There is no class of the run named 'positiv'. Did you mean positive?"),
        (["goood=positive"], UnknownName, "There is no label of the data named 'goood'. Did you mean good?"),
        (["good"], BadInput, "--map-label 'good' has no =."),
        (["good=positive", "good=negative"], BadInput, "--map-label gives the label 'good' two classes."),
    ],
)
def test_a_wrong_option_is_refused(mapped: list[str], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as caught:
        match_labels({"good": 1, "bad": 1}, CLASSES, mapped)
    assert str(caught.value).startswith(message)


def test_no_match_at_all_is_an_error_with_both_sides() -> None:
    with pytest.raises(BadInput) as caught:
        match_labels({"1": 5, "0": 7}, CLASSES, data="mine.csv")
    assert str(caught.value) == (
        "No label of mine.csv is a class of the run: its labels are '0' (7), '1' (5); the classes are 'negative', "
        "'positive'. Say which is which: --map-label 1=negative"
    )


@pytest.mark.parametrize("label", ["a b", "a&b", "$5", "*", "(x)"])
def test_the_example_can_be_pasted_into_a_shell(label: str) -> None:
    with pytest.raises(BadInput) as caught:
        match_labels({label: 5}, CLASSES)
    assert str(caught.value).endswith(f" --map-label '{label}=negative'")


@given(
    st.dictionaries(st.text(max_size=6), st.integers(1, 9), min_size=1, max_size=6),
    st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=5, unique=True),
)
def test_every_label_has_a_class_of_the_run_or_none(counts: dict[str, int], classes: list[str]) -> None:
    try:
        found = match_labels(counts, classes)
    except BadInput:
        assert not set(counts) & set(classes)
        return
    assert list(found.classes) == list(counts)
    for label, index in found.classes.items():
        assert index is None or classes[index].strip().casefold() == label.strip().casefold()
        assert label not in classes or classes[index or 0] == label
