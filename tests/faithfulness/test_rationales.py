"""What people marked, as ERASER's files have it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tmeattn.data.encoding.tokenizers import tokenizer
from tmeattn.errors import BadInput
from tmeattn.faithfulness.rationales import read_rationales

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
    (found,) = read_rationales(write(tmp_path, record, {"annotation_id": "none", "evidences": []}))
    assert [DOCUMENT[start:end] for start, end in found.marked] == ["bad film", "wasn't good"]
    spans = tuple(tokenizer("basic_english").spans(found.text))
    marked = [token for (*_, token), human in zip(spans, found.words(spans), strict=True) if human]
    assert marked == ["bad", "film", "wasn", "'", "t", "good"]


def test_documents_in_one_file(tmp_path: Path) -> None:
    (tmp_path / "docs.jsonl").write_text(json.dumps({"docid": "one", "document": DOCUMENT}) + "\n")
    path = tmp_path / "val.jsonl"
    path.write_text(json.dumps({"annotation_id": "a", "evidences": [[evidence(0, 1)]]}))
    assert read_rationales(path)[0].text == DOCUMENT


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
            "line 1: all its evidence must be in one document, but it names none.",
        ),
        (
            {"evidences": [[evidence(0, 1), evidence(0, 1, docid="two")]]},
            "all its evidence must be in one document",
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


def test_files_that_are_not_there(tmp_path: Path) -> None:
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
