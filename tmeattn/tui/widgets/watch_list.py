"""The watch list: a few validation texts with the prediction and attention of the model after each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Group
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widgets import Static

from tmeattn.data.encoding.words import word_sums
from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import Explanation, Word
from tmeattn.render.console import safe, safe_line
from tmeattn.render.heatmap import heatmap
from tmeattn.render.numbers import percent
from tmeattn.render.palette import BLUE, foreground
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import WatchedText
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.widgets.panes import Pane
from tmeattn.tui.wording import runs as run_wording


@dataclass(frozen=True)
class ValidationText:
    """A watched text of the dataset. `words` are the words that the model reads: (start, end, token, known).

    word_of: the index of the word of each piece that the model reads.   tokens_total: the pieces of the whole text.
    """

    text: str
    label: str
    words: tuple[tuple[int, int, str, bool], ...]
    word_of: tuple[int, ...]
    tokens_total: int


def read_watched_texts(run: RunDirectory, indices: Sequence[int]) -> dict[int, ValidationText]:
    """Read the watched texts of a run, keyed by their index in the validation split.

    Raises:
        TmeattnError: the dataset is not installed, or has changed since.
    """
    from tmeattn.data.encoding.vocabulary import Vocabulary
    from tmeattn.data.encoding.words import known_words
    from tmeattn.data.sources import dataset_of, run_tokenizer
    from tmeattn.errors import BadInput
    from tmeattn.run_config import stored_config

    config = stored_config(run.id, run.config)
    dataset = dataset_of(config.train)
    if dataset.fingerprint != run.data["fingerprint"]:
        raise BadInput(f"The dataset {dataset.name} has changed since the run started, so its texts cannot be shown.")
    split = dataset.read()["validation"]
    vocabulary, tokenizer = Vocabulary.load(run.vocabulary_path), run_tokenizer(config)
    found = {}
    for index in indices:
        pieces = tokenizer.pieces(split.texts[index], config.train.max_length)
        words, label = known_words(pieces, vocabulary), dataset.classes[split.labels[index]]
        found[index] = ValidationText(split.texts[index], label, words, tuple(pieces.words), pieces.total)
    return found


def explanation(run: RunDirectory, source: ValidationText, watched: WatchedText) -> Explanation:
    """The explanation of a watched text after an epoch; all scores are zero if the model has no attention weights."""
    scores = word_sums(np.array(watched["scores"] or [0.0] * len(source.word_of)), source.word_of).tolist()
    probabilities = tuple(watched["probabilities"])
    predicted = max(range(len(probabilities)), key=probabilities.__getitem__)
    return Explanation(
        text=source.text,
        words=tuple(Word(*word, score) for word, score in zip(source.words, scores, strict=False)),
        tokens_total=source.tokens_total,
        tokens_read=len(source.word_of),
        run=run.id,
        model=run.config["model"],
        method="attention",
        signed=False,
        classes=tuple(run.data["classes"]),
        probabilities=probabilities,
        predicted=predicted,
        target=predicted,
        true_label=source.label,
    )


class WatchedTextView(Static, can_focus=True):
    """The heatmap of one text; Enter or a click opens the text in Explain."""

    class Opened(Message):
        def __init__(self, source: ValidationText) -> None:
            super().__init__()
            self.source = source

    def __init__(self, source: ValidationText) -> None:
        super().__init__("", markup=False)
        self.source = source

    def on_click(self) -> None:
        self.post_message(self.Opened(self.source))

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            self.post_message(self.Opened(self.source))

    def show(self, run: RunDirectory, watched: WatchedText, history: Sequence[float]) -> None:
        """history: the probability of the true class after each epoch so far."""
        about = explanation(run, self.source, watched)
        predicted = about.predicted_label
        right = predicted == self.source.label
        line = Text.assemble(("✓ " if right else "✗ ", "green" if right else "bold red"), (safe(predicted), "bold"))
        line.append(f" {percent(about.confidence)}")
        line.append("" if right else f", label {safe_line(self.source.label)}", style="dim")
        line.append(f"  {run_wording.trend(history, 16)}", style=foreground(BLUE))
        self.update(Group(line, heatmap(about, details=False)))


class WatchPane(Pane):
    """The watched texts after the last epoch, or after an earlier one."""

    name_, title = "watch", "3 Watch list"

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[int, ValidationText] = {}
        self.problem = ""
        self.back = 0
        self._asked = False

    def compose(self) -> ComposeResult:
        with VerticalScroll(can_focus=False):
            yield Static("", id="note", markup=False)

    def state_of(self, run_state: RunState) -> object:
        last = run_state.watched[-1]["epoch"] if run_state.watched else None
        return (last, self.back, len(self.sources), self.problem, run_state.state)

    def draw(self, run_state: RunState) -> None:
        note = self.query_one("#note", Static)
        if self.problem or not run_state.watched:
            note.update(self.problem or _nothing(run_state))
            return
        if not self._asked:
            self._asked = True
            note.update("Loading the texts …")
            self._read(run_state.run, [text["index"] for text in run_state.watched[-1]["texts"]])
        if not self.sources:
            return
        at = max(len(run_state.watched) - 1 - self.back, 0)
        self.border_title = f"{self.title}, epoch {run_state.watched[at]['epoch']}"
        note.update("")
        texts = run_state.watched[at]["texts"]
        for widget, text in zip(self._widgets(), texts, strict=False):
            history = [_of(event["texts"], text["index"])[text["label"]] for event in run_state.watched[: at + 1]]
            widget.show(run_state.run, text, history)
        if texts and texts[0]["scores"] is None:
            note.update("This model has no attention weights. Only its predictions are shown.")

    def _widgets(self) -> list[WatchedTextView]:
        return list(self.query(WatchedTextView))

    @work(thread=True, exit_on_error=False)
    def _read(self, run: RunDirectory, indices: list[int]) -> None:
        try:
            found = read_watched_texts(run, indices)
        except (TmeattnError, OSError, IndexError, KeyError) as error:
            self.post_message(self.Read({}, f"Cannot read the texts: {error}"))
        else:
            self.post_message(self.Read(found))

    class Read(Message):
        """The texts that the thread has read."""

        def __init__(self, found: dict[int, ValidationText], problem: str = "") -> None:
            super().__init__()
            self.found, self.problem = found, problem

    @on(Read)
    async def _have(self, event: Read) -> None:
        self.sources, self.problem = event.found, event.problem
        await self.query_one(VerticalScroll).mount_all([WatchedTextView(source) for source in event.found.values()])
        self.post_message(self.Ready())

    class Ready(Message):
        """The texts are mounted, so the pane can be drawn."""

    def step(self, run_state: RunState, by: int) -> None:
        """Move to an earlier or a later epoch."""
        self.back = min(max(self.back - by, 0), max(len(run_state.watched) - 1, 0))


def _of(texts: Sequence[WatchedText], index: int) -> Sequence[float]:
    probabilities: Sequence[float] = next(text["probabilities"] for text in texts if text["index"] == index)
    return probabilities


def _nothing(run_state: RunState) -> str:
    if run_state.epochs:
        return "This run has no watch list: an older version of tmeattn trained it."
    return "After the first epoch, six validation texts appear here, coloured by their attention weights."
