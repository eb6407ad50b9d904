"""Labels that are left out, and labels that become one class."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tmeattn.data.label_edits import LabelEdits, edits_of
from tmeattn.errors import BadInput, UnknownName

COUNTS = {"good": 10, "Good": 3, "GOOD": 1, "bad": 7, "n/a": 2, "?": 1}


def classes(
    drop: tuple[str, ...] = (), merge: tuple[str, ...] = (), counts: Mapping[str, int] = COUNTS
) -> dict[str, str | None]:
    return dict(LabelEdits(drop, merge).resolve(counts).classes)


@pytest.mark.parametrize("drop", [("n/a", "?"), ("n/a,?",), ("n/a , ?",), ("N/A", "?")])
def test_labels_are_left_out(drop: tuple[str, ...]) -> None:
    found = LabelEdits(drop).resolve(COUNTS)
    assert found.dropped == ["n/a", "?"]
    assert found.class_counts() == {"good": 10, "Good": 3, "GOOD": 1, "bad": 7}
    assert found.notes() == ["3 of 24 texts are left out by --drop-label: 'n/a' (2), '?' (1)."]


@pytest.mark.parametrize(
    "merge",
    [
        ("Good,GOOD=good",),
        ("Good, GOOD =good",),
        ("Good=good", "GOOD=good"),
        ("Good=good,GOOD=good",),
        ("Good,GOOD,good=good",),
    ],
)
def test_labels_become_one_class(merge: tuple[str, ...]) -> None:
    found = LabelEdits(merge=merge).resolve(COUNTS)
    assert found.class_counts() == {"good": 14, "bad": 7, "n/a": 2, "?": 1}
    assert found.merged == {"good": ["Good", "GOOD"]}
    assert found.notes() == ["Merged 'Good' (3), 'GOOD' (1) into the class 'good' (10), which now has 14 texts."]
    assert found.record() == {
        "dropped": [],
        "merged": [{"label": "Good", "class": "good", "texts": 3}, {"label": "GOOD", "class": "good", "texts": 1}],
    }


def test_labels_may_get_new_names() -> None:
    assert classes(merge=("0=negative,1,2=positive",), counts={"0": 1, "1": 2, "2": 3}) == {
        "0": "negative",
        "1": "positive",
        "2": "positive",
    }


def test_all_labels_that_look_alike_become_the_most_frequent_one() -> None:
    counts = {"good": 2, "Good ": 5, "bad": 3, "bad.": 1, "n/a": 9, "N/A": 1}
    found = classes(("n/a",), ("alike",), counts)
    assert found == {"good": "Good ", "Good ": "Good ", "bad": "bad", "bad.": "bad", "n/a": None, "N/A": "N/A"}
    assert classes(merge=("alike",), counts={"a": 1, "b": 1}) == {"a": "a", "b": "b"}
    assert classes(merge=("alike=x",), counts={"alike": 1, "b": 1}) == {"alike": "x", "b": "b"}


def test_a_class_given_by_name_comes_before_the_likeness() -> None:
    counts = {"good": 2, "Good": 1, "GOOD": 1, "bad": 3}
    assert classes(merge=("alike", "GOOD=loud"), counts=counts) == {
        "good": "good",
        "Good": "good",
        "GOOD": "loud",
        "bad": "bad",
    }


NAMES = st.text(alphabet="ab=, é", min_size=1, max_size=6).filter(lambda name: name == name.strip() and name)


@settings(max_examples=40)
@given(st.lists(NAMES, min_size=3, max_size=6, unique=True), st.data())
def test_the_labels_of_the_data_decide_where_names_end(labels: list[str], data: st.DataObject) -> None:
    """A single label, with commas and equals signs, is merged into any class and dropped. Where another label is a part
    of the text, the text has two meanings, and the longest label counts."""
    counts = dict.fromkeys(labels, 1)
    label, name = data.draw(st.sampled_from(labels)), data.draw(st.sampled_from(["neu", *labels]))
    ambiguous = any(
        other != label and f"{label}={name}".startswith(other) and len(other) > len(label) for other in labels
    )
    if ambiguous or label == name:
        return
    assert classes(merge=(f"{label}={name}",), counts=counts)[label] == name
    assert classes((label,), counts=counts)[label] is None


@settings(max_examples=40)
@given(st.text(max_size=12), st.text(max_size=12))
def test_no_text_makes_it_fail_in_another_way(drop: str, merge: str) -> None:
    for edits in (LabelEdits((drop,)), LabelEdits(merge=(merge,))):
        try:
            found = edits.resolve({"a": 1, "b": 2, "a,b": 1, "c=d": 1})
        except BadInput:
            continue
        assert sum(found.class_counts().values()) + sum(found.counts[label] for label in found.dropped) == 5


@pytest.mark.parametrize(
    ("drop", "merge", "message"),
    [
        (("god",), (), "There is no label of the data (--drop-label) named 'god'. Did you mean good"),
        ((), ("god=x",), "There is no label of the data (--merge-labels) named 'god'. Did you mean good"),
        ((), ("good",), "--merge-labels 'good' has no = behind 'good'"),
        ((), ("good=",), "has no class behind the ="),
        ((), (" ",), "--merge-labels has no label"),
        ((" ",), (), "--drop-label has no label"),
        (("Good",), ("Good=good",), "--drop-label leaves 'Good' out, and --merge-labels makes it 'good'"),
        (("good",), ("Good=good",), "makes 'Good' the class 'good', which --drop-label leaves out"),
        ((), ("Good=good", "Good=bad"), "gives the label 'Good' two classes, 'good' and 'bad'"),
        ((), ("Good=good", "good=bad"), "makes 'Good' the class 'good', and that the class 'bad'"),
        (("good,Good,GOOD,n/a,?",), (), "--drop-label leaves one class, 'bad', of the 6 labels of the data"),
        (("good,Good,GOOD,n/a,?,bad",), (), "--drop-label leaves no text: all 6 labels of the data are dropped"),
        (
            ("n/a,?",),
            ("Good,GOOD,bad=good",),
            "--drop-label and --merge-labels leave one class, 'good', of the 6 labels",
        ),
    ],
)
def test_wrong_values_are_one_line(drop: tuple[str, ...], merge: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        LabelEdits(drop, merge).resolve(COUNTS)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_label_with_control_characters_is_made_visible() -> None:
    counts = {"a\x1b[31m": 1, "b\u202e": 2, "x" * 300: 3, "c": 1, "d": 1}
    note = LabelEdits(("a\x1b[31m", "b\u202e", "x" * 300)).resolve(counts).notes()[0]
    assert "\x1b" not in note
    assert "\u202e" not in note
    assert len(note) < 200
    with pytest.raises(UnknownName, match="no label"):
        LabelEdits(("q" * 500,)).resolve(counts)


def test_missing_options_edit_nothing() -> None:
    assert not edits_of(None, None)
    assert not edits_of((), ())
