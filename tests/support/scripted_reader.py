"""A reader of texts that needs no torch: what it answers can be worked out in one's head.

A word counts 3 if it is planted (good, great, bad, dull), else 1, and always 1 for a run of `mean`. Attention is a
word's count over the sum of all. The log-odds of positive are the planted words' balance. `oracle` is a signed method;
`maps` cannot serve any model.
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static
from textual.worker import WorkerCancelled

from support.attention_maps import drawn_map, drawn_overview
from tmeattn.errors import BadInput
from tmeattn.explain.attention_map import AttentionMap, HeadOverview
from tmeattn.explain.explanation import ExplainRequest, Explanation, Word, without_words
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ExplainerSpec
from tmeattn.tui import keys, themes
from tmeattn.tui.messages import GoBack, OpenExplain, OpenNewRun, ShowProblem
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services.reader import ModelCapabilities, TextReader, _weights
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.session import Session, TextToExplain
from tmeattn.tui.widgets.choice import Choice

STYLES = [Path(keys.__file__).with_name(name) for name in ("app.tcss", "widgets.tcss")]
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


class Host(App[None]):
    """The app as far as Explain, Data and Models know it, without the screens of the runs, which take time to mount."""

    BINDINGS: ClassVar = keys.bindings("app")
    CSS_PATH: ClassVar = STYLES

    def __init__(self, screen: type[BaseScreen], reader: TextReader) -> None:
        super().__init__()
        self.session = Session(SavedState(), reader)
        self.tested: Any = screen(self.session)
        self.modes: list[str] = []
        self.models: list[str | None] = []
        self.opened: list[OpenExplain] = []
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DEFAULT

    def on_mount(self) -> None:
        self.push_screen(self.tested)

    def on_unmount(self) -> None:
        self.session.reader.close()

    async def action_mode(self, mode: str) -> None:
        self.modes.append(mode)

    def on_go_back(self, message: GoBack) -> None:
        self.modes.append("runs")

    def on_open_explain(self, message: OpenExplain) -> None:
        self.opened.append(message)
        self.session.selected_run = message.run or self.session.selected_run

    def explain(self, text: str, true_label: str | None = None) -> None:
        self.session.text_to_explain = TextToExplain(text, true_label)
        self.tested.update_from_session()

    def on_open_new_run(self, message: OpenNewRun) -> None:
        self.models.append(message.model)

    def on_show_problem(self, message: ShowProblem) -> None:
        self.notify(message.problem, severity="warning", markup=False)


async def seen(pilot: Pilot[Any], what: str) -> bool:
    """Whether a text, its lines joined, comes to be on the screen, however busy the machine is."""
    for _ in range(100):
        lines = "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())
        if what in " ".join(lines.replace("│", " ").split()):
            return True
        await pilot.pause(0.02)
    return False


class Driver:
    """A pilot on one screen of a `Host`, and what can be read on it."""

    def __init__(self, pilot: Pilot[None], app: Host, reader: ScriptedReader) -> None:
        self.pilot, self.app, self.reader = pilot, app, reader
        self.screen: Any = app.tested

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settle()

    async def settle(self) -> None:
        """Until every worker has answered; one may start another."""
        await self.pilot.pause()
        while running := [worker for worker in self.app.workers if not worker.is_finished]:
            for worker in running:
                with suppress(WorkerCancelled):
                    await worker.wait()
            await self.pilot.pause()

    async def explain(self, text: str, true_label: str | None = None) -> None:
        self.app.explain(text, true_label)
        await self.settle()

    async def choose(self, choice: str, value: object) -> None:
        self.screen.query_one(f"#{choice}", Choice).choose(value)
        await self.pilot.pause()
        await self.settle()

    def said(self, of: str) -> str:
        return str(self.screen.query_one(of, Static).render())


@asynccontextmanager
async def opened(
    screen: type[BaseScreen], size: tuple[int, int] = (80, 24), heads: tuple[int, ...] = ()
) -> AsyncIterator[Driver]:
    """A screen in a `Host` of this size, after it has settled."""
    reader = ScriptedReader(heads)
    app = Host(screen, reader)
    async with app.run_test(size=size) as pilot:
        driver = Driver(pilot, app, reader)
        await pilot.pause()
        await driver.settle()
        yield driver


class ScriptedReader(TextReader):
    """questions: what it was asked to explain, in order. heads: of every run. gate: answers wait until it is set."""

    def __init__(self, heads: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.heads = heads
        self.questions: list[ExplainRequest] = []
        self.read: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    async def explain(self, run: RunDirectory, question: ExplainRequest) -> Explanation:
        self.questions.append(question)
        return await self._submit(run, lambda classifier: self._explanation(run, question))

    async def attention_map(self, run: RunDirectory, question: ExplainRequest) -> AttentionMap:
        self.questions.append(question)
        return await self._submit(run, lambda classifier: self._map(run, question))

    async def head_overview(self, run: RunDirectory, question: ExplainRequest) -> HeadOverview:
        return await self._submit(run, lambda classifier: drawn_overview(sum(self.heads)))

    async def own_text(self, run: RunDirectory, index: int = 0) -> tuple[str, str | None]:
        return "a dull film", "positive"

    def _map(self, run: RunDirectory, question: ExplainRequest) -> AttentionMap:
        if run.config["model"] == "mean":
            raise BadInput("The model 'mean' has no attention, so there is no map of it.")
        words, at = question.text.split(), (question.layer, question.head)
        if not self.heads:
            return drawn_map(words, weights=[[1 / len(words)] * len(words)], heads=(), run=run.id)
        return drawn_map(words, 1, heads=self.heads, layer=at[0], head=at[1], run=run.id)

    async def capabilities(self, run: RunDirectory) -> ModelCapabilities:
        return await self._submit(run, lambda classifier: ModelCapabilities(CLASSES, METHODS, self.heads))

    async def probabilities(self, run: RunDirectory, texts: Sequence[str]) -> np.ndarray:
        self.read.extend(texts)
        return await self._submit(run, lambda classifier: np.array([self._probabilities(text) for text in texts]))

    async def count_parameters(self, spec: object) -> int:
        return 12_345

    def _classifier(self, run: RunDirectory) -> Any:
        _weights(run)
        return SimpleNamespace(classes=CLASSES)

    @staticmethod
    def _probabilities(text: str) -> list[float]:
        positive = 1 / (1 + math.exp(-sum(PLANTED.get(word, 0) for word in re.findall(r"\w+", text.lower()))))
        return [1 - positive, positive]

    def _explanation(self, run: RunDirectory, question: ExplainRequest) -> Explanation:
        assert self.gate.wait(10)
        text = without_words(question.text, question.dropped)
        found = list(re.finditer(r"\w+", text))
        if not found:
            raise BadInput("The text has no words to explain.")
        read = found[:MOST_WORDS]
        tokens = [match.group().lower() for match in read]
        sizes = [3 if token in PLANTED and run.config["model"] != "mean" else 1 for token in tokens]
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
            deleted=question.deleted_words,
        )
