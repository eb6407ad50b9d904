"""A reader of texts that needs no torch: what it answers can be worked out in one's head.

A word counts 3 if it is planted (good, great, bad, dull), else 1. Attention is a word's count over the sum of all. The
log-odds of positive are the planted words' balance. `oracle` is a signed method; `maps` cannot serve any model.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from tmeattn.errors import BadInput
from tmeattn.explain.explanation import Explanation, Word
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ExplainerSpec
from tmeattn.tui.reading import Abilities, Question, Reader, _weights, blanked

CLASSES = ("negative", "positive")
PLANTED = {"good": 1, "great": 1, "bad": -1, "dull": -1}
UNKNOWN = "xyzzy"
MOST_WORDS = 60


def _spec(name: str, **fields: Any) -> ExplainerSpec:
    return ExplainerSpec(name, f"The method {name}", "nowhere:nothing", **{"signed": False, **fields})


METHODS = (
    (_spec("attention", selects_heads=True), None),
    (_spec("oracle", signed=True), None),
    (_spec("maps"), "the model 'mean' has no self-attention"),
)


class ScriptedReader(Reader):
    """questions: what it was asked to explain, in order. heads: of every run. gate: answers wait until it is set."""

    def __init__(self, heads: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.heads = heads
        self.questions: list[Question] = []
        self.read: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    async def explain(self, run: RunDirectory, question: Question) -> Explanation:
        self.questions.append(question)
        return await self._ask(run, lambda classifier: self._explanation(run, question))

    async def abilities(self, run: RunDirectory) -> Abilities:
        return await self._ask(run, lambda classifier: Abilities(CLASSES, METHODS, self.heads))

    async def probabilities(self, run: RunDirectory, texts: Sequence[str]) -> np.ndarray:
        self.read.extend(texts)
        return await self._ask(run, lambda classifier: np.array([self._probabilities(text) for text in texts]))

    async def count_parameters(self, spec: object) -> int:
        return 12_345

    def _classifier(self, run: RunDirectory) -> Any:
        _weights(run)
        return SimpleNamespace(classes=CLASSES)

    @staticmethod
    def _probabilities(text: str) -> list[float]:
        positive = 1 / (1 + math.exp(-sum(PLANTED.get(word, 0) for word in re.findall(r"\w+", text.lower()))))
        return [1 - positive, positive]

    def _explanation(self, run: RunDirectory, question: Question) -> Explanation:
        assert self.gate.wait(10)
        text = blanked(question.text, question.dropped)
        found = list(re.finditer(r"\w+", text))
        if not found:
            raise BadInput("The text has no words to explain.")
        read = found[:MOST_WORDS]
        tokens = [match.group().lower() for match in read]
        sizes = [3 if token in PLANTED else 1 for token in tokens]
        signed = question.method == "oracle"
        scores = [
            PLANTED.get(token, 0) if signed else size / sum(sizes) for token, size in zip(tokens, sizes, strict=True)
        ]
        probabilities = self._probabilities(text)
        predicted = int(probabilities[1] >= 0.5)
        return Explanation(
            text=text,
            words=tuple(
                Word(match.start(), match.end(), token, token != UNKNOWN, float(score))
                for match, token, score in zip(read, tokens, scores, strict=True)
            ),
            tokens_total=len(found),
            run=run.id,
            model=run.config["model"],
            method=question.method or "attention",
            signed=signed,
            classes=CLASSES,
            probabilities=tuple(probabilities),
            predicted=predicted,
            target=CLASSES.index(question.target) if question.target else predicted,
            entropy=None if signed else 2.5,
            normalized_entropy=None if signed else 0.6,
            true_label=question.true_label,
            layer=question.layer,
            head=question.head,
        )
