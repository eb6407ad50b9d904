"""Human rationales in the `dataset.json` of HateXplain (Mathew et al. 2021). No torch.

The file is one JSON object: by post, `post_tokens`, `annotators` (each with a `label`: hatespeech, offensive or normal)
and `rationales` (of each annotator who marked words, a list of 0 and 1 for each token).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, NoReturn

from tmeattn.errors import BadInput, shortened
from tmeattn.faithfulness.annotation_files import FORMATS_HINT, json_document
from tmeattn.faithfulness.annotations import Annotations, Rationale, note_of
from tmeattn.plurals import plural

LABELS = ("hatespeech", "offensive", "normal")
NORMAL = "normal"


LEFT_OUT = {
    "undecided": ("post without a majority label is left out.", "posts without a majority label are left out."),
    "normal": ("post is normal, so it has no rationale.", "posts are normal, so they have no rationale."),
    "without": ("other post has no rationale and is left out.", "other posts have no rationale and are left out."),
    "no majority": (
        "post is left out, because no word was marked by most of those who marked any.",
        "posts are left out, because no word was marked by most of those who marked any.",
    ),
    "tied words": (
        "word was marked by exactly half of them and does not count.",
        "words were marked by exactly half of them and do not count.",
    ),
}
"""What does not count, with its sentence for one and for several."""


def read_hatexplain(path: Path) -> Annotations:
    """Read the posts that have a rationale. Label and rationale are what most annotators say: a word counts if more
    than half of the rationales mark it, and a label if it has more votes than any other.

    Raises:
        BadInput: the file cannot be read or has another format; the message has the line and the post.
    """
    posts, text = json_document(path)
    if not isinstance(posts, dict):
        raise BadInput(f"--rationales: {path}, line 1: this is not a JSON object.", hint=FORMATS_HINT)
    labels: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    found = [_post(_Place(path, text, name), post, labels, left_out) for name, post in posts.items()]
    rationales = [one for one in found if one is not None]
    notes = [note for key, sentences in LEFT_OUT.items() for note in note_of(left_out[key], *sentences)]
    if not rationales:
        raise BadInput(f"--rationales: {path} has no post with a rationale.", hint=" ".join(notes) or None)
    classes = ", ".join(f"{label} {labels[label]:,}" for label in LABELS if labels[label])
    majority = f"Labels ({classes}) and rationales are those of the majority of the annotators."
    return Annotations(rationales, "HateXplain", (majority, *notes))


@dataclass(frozen=True)
class _Place:
    """Where a post stands."""

    path: Path
    text: str
    post: str

    def refuse(self, problem: str) -> NoReturn:
        """Raise the error about the post, with its line."""
        found = self.text.find(json.dumps(self.post))
        found = self.text.find(json.dumps(self.post, ensure_ascii=False)) if found < 0 else found
        line = self.text.count("\n", 0, max(found, 0)) + 1
        raise BadInput(f"--rationales: {self.path}, line {line}, post {shortened(self.post, 60)!r}: {problem}")


def _post(place: _Place, post: Any, labels: Counter[str], left_out: Counter[str]) -> Rationale | None:
    """A post with its majority rationale and label; None, counted in `left_out`, if it has none."""
    if not isinstance(post, dict):
        place.refuse("this is not a JSON object.")
    tokens = post.get("post_tokens")
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        place.refuse("the field 'post_tokens' is not a list of words.")
    label, rationales = _majority_label(place, post), _rationales(place, post, len(tokens))
    if label is None:
        left_out["undecided"] += 1
        return None
    labels[label] += 1
    if label == NORMAL or not rationales:
        left_out["normal" if label == NORMAL else "without"] += 1
        return None
    votes = [sum(column) for column in zip(*rationales, strict=True)]
    left_out["tied words"] += sum(2 * vote == len(rationales) for vote in votes)
    ends = list(accumulate(len(token) + 1 for token in tokens))
    marked = tuple(
        (end - 1 - len(token), end - 1)
        for token, end, vote in zip(tokens, ends, votes, strict=True)
        if 2 * vote > len(rationales) and token
    )
    if not marked:
        left_out["no majority"] += 1
        return None
    return Rationale(" ".join(tokens), marked, label)


def _majority_label(place: _Place, post: Mapping[str, Any]) -> str | None:
    """The label with more votes than any other; None if there is none."""
    annotators = post.get("annotators")
    if not isinstance(annotators, list) or not annotators:
        place.refuse("the field 'annotators' is not a list.")
    votes: Counter[str] = Counter()
    for annotator in annotators:
        label = annotator.get("label") if isinstance(annotator, dict) else None
        if not isinstance(label, str) or label.casefold() not in LABELS:
            place.refuse(f"an annotator's label is {shortened(label, 60)!r}, not one of {', '.join(LABELS)}.")
        votes[label.casefold()] += 1
    (label, most), *others = votes.most_common()
    return None if others and others[0][1] == most else label


def _rationales(place: _Place, post: Mapping[str, Any], tokens: int) -> list[list[int]]:
    """The rationales that mark a word."""
    rationales = post.get("rationales")
    if not isinstance(rationales, list):
        place.refuse("the field 'rationales' is not a list.")
    for one in rationales:
        if not isinstance(one, list) or any(type(mark) is not int or mark not in (0, 1) for mark in one):
            place.refuse("a rationale is not a list of 0 and 1.")
        if len(one) != tokens:
            marks, words = plural(len(one), "mark"), plural(tokens, "token")
            place.refuse(f"a rationale has {len(one)} {marks}, but the post has {tokens} {words}.")
    return [one for one in rationales if any(one)]
