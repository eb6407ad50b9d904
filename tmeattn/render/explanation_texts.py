"""What is said of an explanation beside its heatmap: prediction, method, attention entropy, deleted words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from tmeattn.plurals import plural
from tmeattn.render.console import safe, safe_line
from tmeattn.render.numbers import count, decimal, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tmeattn.explain.explanation import Explanation

METHOD_NAMES = {"lime": "LIME"}
"""How a method is written where its name is not a word."""
_MOST_DELETED = 8
"""Deleted words that are named."""


def entropy_text(explanation: Explanation) -> str:
    """ "attention entropy 3.21 nats, 62 % of uniform", and the share of special tokens; empty if the scores are not
    attention weights."""
    parts = []
    if explanation.entropy is not None and explanation.method in ("attention", "rollout"):
        share = explanation.normalized_entropy
        uniform = "" if share is None else f", {percent(share, 0)} of uniform"
        parts.append(f"attention entropy {decimal(explanation.entropy, 2)} nats{uniform}")
    if explanation.special_attention is not None:
        parts.append(f"{percent(explanation.special_attention, 0)} of the attention is on special tokens, no words")
    return "; ".join(parts)


def confidence_text(explanation: Explanation) -> str:
    """The probability of the predicted class: "87.7 %", or "87.7 % without the deleted word"."""
    deleted = len(explanation.deleted)
    without = f" without {plural(deleted, 'the deleted word', 'the deleted words')}" if deleted else ""
    return f"{percent(explanation.confidence)}{without}"


def deleted_text(explanation: Explanation) -> str:
    """ "Deleted: dull. Prediction of the whole text: negative 54.2 %"; empty where no word is deleted."""
    if not explanation.deleted:
        return ""
    words = [" ".join(safe(gone.word).split()) for gone in explanation.deleted]
    more = f" and {count(len(words) - _MOST_DELETED)} more" if len(words) > _MOST_DELETED else ""
    line = f"Deleted: {', '.join(words[:_MOST_DELETED])}{more}"
    if whole := explanation.whole_probabilities:
        at = max(range(len(whole)), key=lambda index: whole[index])
        line += f". Prediction of the whole text: {safe_line(explanation.classes[at])} {percent(whole[at])}"
    return line


def method_text(explanation: Explanation, *, model: bool = True) -> str:
    """ "attention, transformer, layer 2, head 1"; layer and head only where they were chosen. model: whether to name
    the model."""
    parts = [METHOD_NAMES.get(explanation.method, explanation.method), *([explanation.model] if model else [])]
    if explanation.layer:
        parts.append(f"layer {explanation.layer}")
    if explanation.head:
        parts.append(f"head {explanation.head}")
    return ", ".join(parts)


def heatmap_header(explanation: Explanation) -> Iterator[Text]:
    """The prediction, the method with the model, the attention entropy and the note, each on its own line."""
    predicted = explanation.predicted_label
    line = Text("Prediction: ")
    line.append(safe_line(predicted), style="bold")
    line.append(f" {confidence_text(explanation)}")
    if explanation.true_label is not None:
        correct = explanation.is_correct
        line.append("   ✓ correct" if correct else "   ✗ wrong", style="green" if correct else "bold red")
        line.append(f", the label is {safe_line(explanation.true_label)}")
    yield line
    if deleted := deleted_text(explanation):
        yield Text(deleted)
    about = Text(safe(method_text(explanation)))
    if explanation.run:
        about.append(f" (run {safe(explanation.run)})")
    if explanation.names_target:
        about.append(f", for the class {safe_line(explanation.target_label)}")
    yield about
    if entropy := entropy_text(explanation):
        yield Text(entropy)
    if explanation.note:
        yield Text(f"Note: {safe(explanation.note)}", style="italic")
