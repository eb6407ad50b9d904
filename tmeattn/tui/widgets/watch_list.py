"""The watch list: a few texts with the prediction and attention of the model before, in and after each epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich.console import Group
from rich.text import Text
from textual import events, on, work
from textual.app import ComposeResult
from textual.message import Message
from textual.widgets import Static

from tmeattn.data.encoding.words import word_sums
from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import Explanation, Word
from tmeattn.plurals import counted
from tmeattn.render.console import safe, safe_line
from tmeattn.render.heatmap import HeatmapKey, heatmap
from tmeattn.render.numbers import count, percent
from tmeattn.render.palette import BLUE, foreground
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.event_types import WatchedText
from tmeattn.runs.watched_texts import added_texts, stamp
from tmeattn.tui.themes import heat_colours
from tmeattn.tui.widgets.panes import Pane
from tmeattn.tui.widgets.scroll_pane import ItemsPane
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_history import Watched
from tmeattn.watching.run_state import RunState

SIGNS = "✓ ✗: right, wrong; ▁▄█: probability of the label"
Key = int | str
"""What tells the texts apart: the position in the validation split, or a text of the user itself."""


@dataclass(frozen=True)
class WatchedSource:
    """A watched text. `words` are the words that the model reads: (start, end, token, known).

    label:   the name of its true class; None where it is not known.
    word_of: the index of the word of each piece that the model reads.   tokens_total: the pieces of the whole text.
    """

    text: str
    label: str | None
    words: tuple[tuple[int, int, str, bool], ...]
    word_of: tuple[int, ...]
    tokens_total: int


def read_watched_texts(run: RunDirectory, indices: Sequence[int]) -> dict[Key, WatchedSource]:
    """Read the watched texts of a run's dataset, keyed by their index in the validation split.

    Raises:
        TmeattnError: the dataset is not installed, or has changed since.
    """
    from tmeattn.data.sources import dataset_of
    from tmeattn.errors import BadInput
    from tmeattn.run_config import stored_config

    dataset = dataset_of(stored_config(run.id, run.config).train)
    if dataset.fingerprint != run.data["fingerprint"]:
        raise BadInput(f"The dataset {dataset.name} has changed since the run started, so its texts cannot be shown.")
    split = dataset.read()["validation"]
    labels = {split.texts[index]: dataset.classes[split.labels[index]] for index in indices}
    found = split_into_words(run, labels)
    return {index: found[split.texts[index]] for index in indices}


def split_into_words(run: RunDirectory, texts: Mapping[str, str | None]) -> dict[str, WatchedSource]:
    """Texts as the model reads them. texts: the true class of each.

    Raises:
        TmeattnError: the vocabulary or the tokenizer of the run cannot be read.
    """
    from tmeattn.data.encoding.vocabulary import Vocabulary
    from tmeattn.data.encoding.words import known_words
    from tmeattn.data.sources import run_tokenizer
    from tmeattn.run_config import stored_config

    config = stored_config(run.id, run.config)
    vocabulary, tokenizer = Vocabulary.load(run.vocabulary_path), run_tokenizer(config)
    found = {}
    for text, label in texts.items():
        pieces = tokenizer.pieces(text, config.train.max_length)
        words = known_words(pieces, vocabulary)
        found[text] = WatchedSource(text, label, words, tuple(pieces.words), pieces.total)
    return found


def explanation(run: RunDirectory, source: WatchedSource, watched: WatchedText) -> Explanation:
    """The explanation of a watched text after a measurement; without attention weights, all scores are zero."""
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
        def __init__(self, source: WatchedSource) -> None:
            super().__init__()
            self.source = source

    def __init__(self, source: WatchedSource, key: Key) -> None:
        super().__init__("", markup=False)
        self.source, self.key = source, key

    def on_click(self) -> None:
        self.post_message(self.Opened(self.source))

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            self.post_message(self.Opened(self.source))

    def show(self, about: Explanation, history: Sequence[float]) -> None:
        """history: the probability of the true class, or else of the predicted one, in each measurement so far."""
        right = self.source.label is None or about.predicted_label == self.source.label
        sign = "  " if self.source.label is None else "✓ " if right else "✗ "
        line = Text.assemble((sign, "green" if right else "bold red"), (safe(about.predicted_label), "bold"))
        line.append(f" {percent(about.confidence)}")
        line.append(
            "" if right or self.source.label is None else f", label {safe_line(self.source.label)}", style="dim"
        )
        line.append(f"  {run_wording.trend(history, 16)}", style=foreground(BLUE))
        self.update(Group(line, heatmap(about, details=False, colours=heat_colours(self.app.theme))))


class WatchPane(Pane):
    """The watched texts after the last measurement, or after an earlier one, and the meaning of the colours."""

    name_, title = "watch", "3 Watch list"

    def __init__(self) -> None:
        super().__init__()
        self.sources: dict[Key, WatchedSource] = {}
        self.problem = ""
        self.back = 0
        self._asked: set[Key] = set()

    def compose(self) -> ComposeResult:
        with ItemsPane():
            yield Static("", id="note", markup=False)
        yield Static("", id="key", markup=False)

    def state_of(self, run_state: RunState) -> object:
        last = _moment(run_state.watched[-1]) if run_state.watched else None
        return (last, self.back, len(self.sources), self.problem, run_state.state, stamp(run_state.run))

    def draw(self, run_state: RunState) -> None:
        if not run_state.watched:
            self._note(_nothing(run_state))
            return
        at = max(len(run_state.watched) - 1 - self.back, 0)
        event = run_state.watched[at]
        self.border_title = f"{self.title}, {_when(event, run_state.epochs_planned)}"
        self._read_new(run_state.run, event["texts"])
        found = {_key(text): text for text in event["texts"] if _key(text) in self.sources}
        if not found:
            self._note(self.problem or "Loading the texts …")
            return
        abouts = {key: explanation(run_state.run, self.sources[key], text) for key, text in found.items()}
        for widget in self._widgets_of(list(found)):
            text = found[widget.key]
            cls = abouts[widget.key].predicted if text["label"] is None else text["label"]
            seen = (_of(earlier["texts"], widget.key) for earlier in run_state.watched[: at + 1])
            widget.show(abouts[widget.key], [one[cls] for one in seen if one is not None])
        without = any(text["scores"] is None for text in found.values())
        lines = ["This model has no attention weights. Only its predictions are shown."] if without else []
        lines += [self.problem] if self.problem else []
        self._note("\n".join([*lines, *_added_since(run_state)]))
        key = HeatmapKey(tuple(abouts.values()), heat_colours(self.app.theme))
        self.query_one("#key", Static).update(Group(key, Text(SIGNS)))

    def _note(self, text: str) -> None:
        note = self.query_one("#note", Static)
        note.display = bool(text)
        note.update(text)

    def _widgets_of(self, keys: Sequence[Key]) -> list[WatchedTextView]:
        """The widgets of these texts, in their order; those of other texts are hidden."""
        by_key = {widget.key: widget for widget in self.query(WatchedTextView)}
        for key, widget in by_key.items():
            widget.display = key in keys
        return [by_key[key] for key in keys if key in by_key]

    def _read_new(self, run: RunDirectory, texts: Sequence[WatchedText]) -> None:
        """Read the texts that were not read yet, on another thread."""
        new = {_key(text): text for text in texts if _key(text) not in self._asked}
        if not new:
            return
        self._asked |= set(new)
        classes = run.data["classes"]
        own = {key: None if (at := text["label"]) is None else classes[at] for key, text in new.items()}
        self._read(
            run, [key for key in new if isinstance(key, int)], {k: v for k, v in own.items() if isinstance(k, str)}
        )

    @work(thread=True, exit_on_error=False)
    def _read(self, run: RunDirectory, indices: list[int], own: dict[str, str | None]) -> None:
        found: dict[Key, WatchedSource] = {}
        try:
            if own:
                found.update(split_into_words(run, own))
            if indices:
                found.update(read_watched_texts(run, indices))
        except (TmeattnError, OSError, IndexError, KeyError) as error:
            self.post_message(self.Read(found, f"Cannot read the texts: {error}"))
        else:
            self.post_message(self.Read(found))

    class Read(Message):
        """The texts that the thread has read."""

        def __init__(self, found: dict[Key, WatchedSource], problem: str = "") -> None:
            super().__init__()
            self.found, self.problem = found, problem

    @on(Read)
    async def _have(self, event: Read) -> None:
        self.sources |= event.found
        self.problem = event.problem or self.problem
        scroll = self.query_one(ItemsPane)
        first = next(iter(self.query(WatchedTextView)), None)
        views = [WatchedTextView(source, key) for key, source in event.found.items()]
        await scroll.mount_all([view for view in views if isinstance(view.key, str)], before=first)
        await scroll.mount_all([view for view in views if isinstance(view.key, int)])
        self.post_message(self.Ready())

    class Ready(Message):
        """The texts are mounted, so the pane can be drawn."""

    def step(self, run_state: RunState, by: int) -> None:
        """Move to an earlier or a later measurement."""
        self.back = min(max(self.back - by, 0), max(len(run_state.watched) - 1, 0))


def _key(text: WatchedText) -> Key:
    index = text["index"]
    return text.get("text", "") if index is None else index


def _of(texts: Sequence[WatchedText], key: Key) -> Sequence[float] | None:
    """The probabilities of a text in one measurement; None where it was not on the list."""
    return next((text["probabilities"] for text in texts if _key(text) == key), None)


def _moment(event: Watched) -> object:
    return event["kind"], event["epoch"], event.get("step")


def _when(event: Watched, epochs: int) -> str:
    """The moment of a measurement: after an epoch, or within one."""
    if event["kind"] == "watched":
        return f"epoch {event['epoch']} of {epochs}"
    if not event["step"]:
        return "before training"
    return f"in epoch {event['epoch'] + 1} of {epochs}, step {count(event['step'])}"


def _added_since(run_state: RunState) -> list[str]:
    """What becomes of the texts that were added since the last measurement."""
    if not run_wording.watchable(run_state):
        return []
    try:
        added = {each["text"] for each in added_texts(run_state.run)}
    except TmeattnError as error:
        return [str(error)]
    new = len(added - {_key(text) for text in run_state.watched[-1]["texts"]})
    if not new:
        return []
    when = "within ten steps" if run_state.state == "running" else "when the run is resumed"
    return [f"{counted(new, 'text')} of yours will be measured {when}."]


def _nothing(run_state: RunState) -> str:
    if run_state.epochs:
        return "This run has no watch list: an older version of tmeattn trained it."
    return "Before the first step, the watched texts appear here, coloured by their attention weights."
