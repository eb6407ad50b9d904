"""Consoles that remember what they printed, and examples of what is rendered."""

from __future__ import annotations

import io
import re
from typing import Any

from rich.console import Console, RenderableType
from rich.style import Style

from tmeattn.explain.explanation import Explanation, Word

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def draw(renderable: RenderableType, width: int = 80, *, colour: bool = False) -> str:
    """What a console of `width` columns prints, with escape codes only if `colour`."""
    Style._add.cache_clear()  # Rich keeps the escape codes of a sum of styles, even for a console of fewer colours
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]


def explain(
    text: str, scores: list[float] | None = None, *, unknown: tuple[int, ...] = (), **fields: Any
) -> Explanation:
    """An explanation of `text`, word by word as far as there are scores."""
    found = list(re.finditer(r"\S+", text))
    scores = [1.0 / (index + 1) for index in range(len(found))] if scores is None else scores
    words = tuple(
        Word(match.start(), match.end(), match.group().lower(), index not in unknown, score)
        for index, (match, score) in enumerate(zip(found, scores, strict=False))
    )
    values: dict[str, Any] = {
        "text": text,
        "words": words,
        "tokens_total": len(found),
        "run": "k3f9",
        "model": "lstm-attn",
        "method": "attention",
        "signed": False,
        "classes": ("negative", "positive"),
        "probabilities": (0.027, 0.973),
        "predicted": 1,
        "target": 1,
    }
    return Explanation(**(values | fields))


def epoch_event(number: int, *, attention: bool = True, best: bool = False) -> dict[str, Any]:
    """An event such as training emits at the end of an epoch."""
    part = {
        "loss": 0.7 / number,
        "cross_entropy": 0.7 / number,
        "accuracy": 1 - 0.4 / number,
        "entropy": 4.0 / number if attention else None,
        "normalized_entropy": 0.8 / number if attention else None,
        "histogram": {"low": 0.0, "high": 5.99, "counts": [number * (i % 7) for i in range(64)]} if attention else None,
    }
    return {
        "kind": "epoch",
        "epoch": number,
        "step": 100 * number,
        "seconds": 65.2,
        "alpha": 0.0,
        "learning_rate": 1e-3,
        "best": best,
        "train": part,
        "validation": part,
    }
