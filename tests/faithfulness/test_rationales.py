"""What people marked, as ERASER's files have it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tmeattn.data.encoding.tokenizers import TOKENIZERS
from tmeattn.errors import BadInput
from tmeattn.faithfulness.eraser import eraser_tokens
from tmeattn.faithfulness.rationales import classes_of_labels, read_rationales

DOCUMENT = "A bad film .\nThe plot wasn't good , at all !"


def evidence(start: int, end: int, **fields: Any) -> dict[str, Any]:
    return {"docid": "one", "start_token": start, "end_token": end, "start_sentence": -1, "end_sentence": -1} | fields


def write(folder: Path, *records: Any, documents: dict[str, str] | None = None) -> Path:
    (folder / "docs").mkdir()
    for name, text in (documents or {"one": DOCUMENT}).items():
        (folder / "docs" / name).write_text(text, encoding="utf-8")
    path = folder / "val.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in records), encoding="utf-8")
    return path


def test_marked_tokens_become_the_models_words(tmp_path: Path) -> None:
    record = {"annotation_id": "one", "evidences": [[evidence(1, 3, text="bad film")], [evidence(6, 8)]]}
    annotations = read_rationales(write(tmp_path, record, {"annotation_id": "none", "evidences": []}))
    (found,) = annotations.rationales
    assert annotations.notes == ("1 annotation without evidence is left out.",)
    assert [DOCUMENT[start:end] for start, end in found.marked] == ["bad film", "wasn't good"]
    spans = tuple(TOKENIZERS["basic_english"].spans(found.text))
    marked = [token for (*_, token), human in zip(spans, found.words(spans), strict=True) if human]
    assert marked == ["bad", "film", "wasn", "'", "t", "good"]


def test_documents_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "docs.jsonl").write_text(json.dumps({"docid": "one", "document": DOCUMENT}) + "\n")
    path = tmp_path / "val.jsonl"
    path.write_text(json.dumps({"annotation_id": "a", "evidences": [[evidence(0, 1)]]}))
    assert read_rationales(path).rationales[0].text == DOCUMENT


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"evidences": [[evidence(8, 99)]]}, "line 1: evidence up to token 99, but the document 'one' has 12 tokens."),
        (
            {"evidences": [[evidence(1, 3, text="good film")]]},
            "the text of the evidence is 'good film', but the document 'one' has",
        ),
        ({"evidences": [[evidence(1, 3, docid="two")]]}, "line 1: there is no document 'two' in"),
        ({"evidences": [[evidence(1, 3, docid="../val.jsonl")]]}, "line 1: there is no document '../val.jsonl' in"),
        ({"evidences": [[evidence(1, 3, docid="a\0")]]}, "line 1: there is no document 'a\\x00' in"),
        ({"evidences": [[evidence(1, 3, docid="x" * 5000)]]}, "line 1: there is no document 'xxx"),
        ({"evidences": [[evidence(3, 1)]]}, "line 1: a piece of evidence has no 'start_token' below its 'end_token'."),
        (
            {"evidences": [["words"]]},
            "line 1: a piece of evidence has no 'start_token' below its 'end_token'.",
        ),
        (
            {"evidences": [[evidence(0, 1), evidence(0, 1, docid="two")]]},
            "line 1: there is no document 'two' in",
        ),
        ({"text": "a bad film"}, "line 1: the field 'evidences' is missing."),
        ("no json", "line 1: this is not JSON."),
        ("[1]", "line 1: this is not a JSON object."),
        ({"evidences": []}, "has no annotation with evidence."),
    ],
)
def test_what_does_not_fit_is_said_with_its_line(tmp_path: Path, record: Any, said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_rationales(write(tmp_path, record))
    assert said in str(refusal.value)


def test_a_review_of_eraser_with_its_class_and_empty_pieces(tmp_path: Path) -> None:
    review = {
        "annotation_id": "one",
        "classification": "NEG",
        "docids": None,
        "evidences": [[evidence(1, 3, text="bad film")], [evidence(9, 9, text="")], [], [evidence(-1, -1, text="")]],
        "query": "What is the sentiment of this review?",
        "query_type": None,
    }
    only_empty = review | {"evidences": [[evidence(0, 0, text="")]]}
    annotations = read_rationales(write(tmp_path, review, only_empty))
    (found,) = annotations.rationales
    assert (annotations.source, found.label) == ("ERASER", "NEG")
    assert [found.text[start:end] for start, end in found.marked] == ["bad film"]
    assert annotations.notes == (
        "3 pieces of evidence have no token and are left out.",
        "1 annotation without evidence is left out.",
    )


def test_a_text_of_several_documents_as_in_esnli(tmp_path: Path) -> None:
    documents = {"1_premise": "A man sleeps .", "1_hypothesis": "A man is awake ."}
    record = {
        "annotation_id": "1",
        "classification": "contradiction",
        "docids": ["1_premise", "1_hypothesis"],
        "evidences": [[evidence(3, 4, docid="1_hypothesis", text="awake"), evidence(2, 3, docid="1_premise")]],
        "query": "",
    }
    annotations = read_rationales(write(tmp_path, record, documents=documents))
    (found,) = annotations.rationales
    assert found.text == "A man sleeps .\nA man is awake ."
    assert sorted(found.text[start:end] for start, end in found.marked) == ["awake", "sleeps"]
    assert annotations.notes == ("1 text has several documents, one after the other.",)


def test_queries_are_no_part_of_the_text(tmp_path: Path) -> None:
    records = [{"evidences": [[evidence(0, 1)]], "query": query} for query in ("Is it a film?", "Is it a book?")]
    annotations = read_rationales(write(tmp_path, *records))
    assert any("have queries, which are no part of the texts" in note for note in annotations.notes)


def test_tokens_are_what_eraser_divides_at_spaces(tmp_path: Path) -> None:
    text = "a\tb  c\u00a0d \r\n \u00a0 e f"
    assert [text[start:end] for start, end in eraser_tokens(text)] == ["a\tb", "c\u00a0d", "e", "f"]
    record = {"evidences": [[evidence(1, 3, text="c\u00a0d e")]]}
    (found,) = read_rationales(write(tmp_path, record, documents={"one": text})).rationales
    ((start, end),) = found.marked
    assert text[start:end].split() == ["c", "d", "e"]
    (tmp_path / "val.jsonl").write_text(json.dumps({"evidences": [[evidence(2, 5, text="c d e")]]}))
    ((start, end),) = read_rationales(tmp_path / "val.jsonl").rationales[0].marked  # counted at any white space
    assert text[start:end].split() == ["c", "d", "e"]


def test_labels_are_matched_with_the_classes_of_a_run() -> None:
    classes = ("negative", "positive")
    assert classes_of_labels(["NEG", "POS", "NEG"], classes) == (
        {"NEG": 0, "POS": 1},
        ["Labels of the file: NEG is read as negative, POS is read as positive."],
    )
    assert classes_of_labels(["positive"], classes) == ({"positive": 1}, [])
    assert classes_of_labels(["normal", "", "p"], ("pear", "plum")) == ({}, [])


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_rationales(tmp_path / "val.jsonl")
    (tmp_path / "val.jsonl").write_text("{}")
    with pytest.raises(BadInput, match=r"neither a folder docs nor a file docs\.jsonl"):
        read_rationales(tmp_path / "val.jsonl")
    (tmp_path / "docs").mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        read_rationales(tmp_path / "other.jsonl")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes")
def test_no_pipe_is_waited_for(tmp_path: Path) -> None:
    path = write(tmp_path, {"evidences": [[evidence(0, 1, docid="pipe")]]})
    os.mkfifo(tmp_path / "docs" / "pipe")
    with pytest.raises(BadInput, match="line 1: there is no document 'pipe'"):
        read_rationales(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BadInput, match="cannot be read: it is not a regular file"):
        read_rationales(path)


def test_long_lines_and_documents_are_refused_by_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMEATTN_MAX_TEXT_MIB", "1")
    path = write(tmp_path, {"evidences": [[evidence(0, 1)]]}, documents={"one": "word " * 2**18})
    with pytest.raises(BadInput, match="line 1: the document 'one' is longer than 1 MiB") as refusal:
        read_rationales(path)
    assert "TMEATTN_MAX_TEXT_MIB" in str(refusal.value)
    path.write_text('{}\n{"evidences": "' + "x" * 2**20)
    with pytest.raises(BadInput, match="line 1: the field 'evidences' is missing"):
        read_rationales(path)
    path.write_text("\n" + '{"evidences": "' + "x" * 2**20)
    with pytest.raises(BadInput, match="line 2: it is longer than 1 MiB"):
        read_rationales(path)


def test_documents_without_a_text_and_files_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "val.jsonl"
    path.write_text(json.dumps({"annotation_id": "one", "evidences": []}))
    (tmp_path / "docs.jsonl").write_text(json.dumps({"docid": "one"}))
    with pytest.raises(BadInput, match=r"docs\.jsonl, line 1: the field 'document' is missing"):
        read_rationales(path)
    (tmp_path / "docs.jsonl").write_bytes(b'{"docid": "\xe9"}')
    with pytest.raises(BadInput, match=r"docs\.jsonl, line 1: not UTF-8 at byte 11\."):
        read_rationales(path)
