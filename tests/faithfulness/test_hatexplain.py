"""What most annotators marked, as HateXplain's `dataset.json` has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tmeattn.errors import BadInput
from tmeattn.faithfulness.rationales import read_rationales

TOKENS = ["<user>", "you", "awful", "thing"]


def post(labels: str, *rationales: list[int], tokens: list[str] = TOKENS) -> dict[str, Any]:
    names = {"h": "hatespeech", "o": "offensive", "n": "normal"}
    annotators = [{"label": names[one], "annotator_id": at, "target": ["None"]} for at, one in enumerate(labels)]
    return {"post_id": "x", "annotators": annotators, "rationales": list(rationales), "post_tokens": tokens}


def write(folder: Path, posts: dict[str, Any], **options: Any) -> Path:
    path = folder / "dataset.json"
    path.write_text(json.dumps(posts, **options), encoding="utf-8")
    return path


def test_rationales_and_labels_of_the_majority(tmp_path: Path) -> None:
    posts = {
        "1": post("hho", [0, 1, 1, 0], [0, 0, 1, 1], [0, 0, 1, 1]),
        "2": post("oon", [0, 0, 1, 1], [0, 1, 1, 0]),
        "3": post("hon", [0, 0, 1, 0]),
        "4": post("nnn"),
        "5": post("ooo"),
        "6": post("hhh", [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]),
    }
    annotations = read_rationales(write(tmp_path, posts, indent=2))
    assert annotations.source == "HateXplain"
    assert [(one.label, [one.text[start:end] for start, end in one.marked]) for one in annotations.rationales] == [
        ("hatespeech", ["awful", "thing"]),
        ("offensive", ["awful"]),
    ]
    assert annotations.rationales[0].text == "<user> you awful thing"
    assert annotations.notes == (
        "Labels (hatespeech 2, offensive 2, normal 1) and rationales are those of the majority of the annotators.",
        "1 post without a majority label is left out.",
        "1 post is normal, so it has no rationale.",
        "1 other post has no rationale and is left out.",
        "1 post is left out, because no word was marked by most of those who marked any.",
        "2 words were marked by exactly half of them and do not count.",
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"post_tokens": "words"}, "the field 'post_tokens' is not a list of words."),
        ({"annotators": []}, "the field 'annotators' is not a list."),
        ({"annotators": [{"label": "x" * 500}]}, "an annotator's label is 'xxx"),
        ({"rationales": None}, "the field 'rationales' is not a list."),
        ({"rationales": [[0, 1]]}, "a rationale has 2 marks, but the post has 4 tokens."),
        ({"rationales": [[0, 1, 2, 0]]}, "a rationale is not a list of 0 and 1."),
    ],
)
def test_what_does_not_fit_is_said_with_its_line_and_post(tmp_path: Path, wrong: dict[str, Any], said: str) -> None:
    path = tmp_path / "dataset.json"
    good, bad = json.dumps(post("ooo", [0, 1, 0, 0])), json.dumps(post("ooo", [0, 1, 0, 0]) | wrong)
    path.write_text(f'{{\n"first": {good},\n"second": {bad}\n}}')
    with pytest.raises(BadInput) as refusal:
        read_rationales(path)
    assert f"line 3, post 'second': {said}" in str(refusal.value)
    assert len(refusal.value.message) < 500


def test_a_file_that_is_no_json_or_has_no_rationale(tmp_path: Path) -> None:
    path = write(tmp_path, {"1": post("nnn")})
    with pytest.raises(BadInput, match=r"no post with a rationale\. 1 post is normal"):
        read_rationales(path)
    path.write_text('{\n"1": {"post_tokens": ["a"],\n}')
    with pytest.raises(BadInput, match=r"line 3: this is not JSON.*ERASER's \.jsonl files and the dataset\.json"):
        read_rationales(path)
    path.write_bytes(b'{"1": {"post_tokens": ["a"],\n"x": "\xe9"}}')
    with pytest.raises(BadInput, match="line 2: not UTF-8"):
        read_rationales(path)
