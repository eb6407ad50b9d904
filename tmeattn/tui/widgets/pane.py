"""What one run makes of a text: its prediction, the heatmap, and what the colours mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.render.heatmap import legend, strongest, told_entropy
from tmeattn.render.tables import percent
from tmeattn.tui.widgets.heatmap import Heatmap

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation
    from tmeattn.tui.reading import Span
    from tmeattn.tui.widgets.words import Item

MOST_CLASSES = 3
ROOM_FOR_STRONGEST = 22
"""Lines from which on the strongest words are listed below the heatmap."""


class Pane(Vertical):
    """The prediction above, the text below it, or one line on why there is none."""

    DEFAULT_CSS = """
    Pane { width: 1fr; height: 1fr; padding: 0 1; }
    Pane > Static { height: auto; }
    Pane > .verdict { max-height: 6; }
    Pane > .strongest { display: none; margin-top: 1; }
    Pane > .said { display: none; padding: 1 0; }
    Pane.-silent > * { display: none; }
    Pane.-silent > .said { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.explanation: Explanation | None = None
        self.whole: Explanation | None = None

    def compose(self) -> ComposeResult:
        yield Static(classes="verdict")
        yield Heatmap()
        yield Static(classes="legend")
        yield Static(classes="strongest")
        yield Static(classes="said")

    @property
    def heatmap(self) -> Heatmap:
        return self.query_one(Heatmap)

    def show(self, text: str, explanation: Explanation, dropped: Sequence[Span]) -> None:
        """Show an explanation of `text` without the dropped words. One of the whole text is remembered beside it."""
        self.explanation = explanation
        if not dropped:
            self.whole = explanation
        elif self.whole is not None and self.whole.text != text:
            self.whole = None
        self.remove_class("-silent")
        self.query_one(".verdict", Static).update(verdict(explanation, self.whole, len(dropped)))
        self.heatmap.show(text, explanation, dropped)
        self._explain_colours()

    def say(self, what: str | TmeattnError) -> None:
        """Show a line in place of a heatmap: what is wrong, and what to do."""
        self.explanation = self.whole = None
        self.heatmap.clear()
        self.add_class("-silent")
        failed = isinstance(what, TmeattnError)
        self.query_one(".said", Static).update(Text(safe(str(what)), style="bold" if failed else ""))

    def on_resize(self) -> None:
        self.call_after_refresh(self._explain_colours)

    def _explain_colours(self) -> None:
        marks = self.heatmap.marks
        if self.explanation is None or marks is None:
            return
        self.query_one(".legend", Static).update(Group(*legend(self.explanation, marks)))
        below = self.query_one(".strongest", Static)
        below.display = self.size.height >= ROOM_FOR_STRONGEST
        if below.display:
            below.update(Group(*strongest(self.explanation, marks, self.size.width - 2)))


def verdict(explanation: Explanation, whole: Explanation | None = None, dropped: int = 0) -> Group:
    """The prediction, how far it moved without the dropped words, and what the scores are."""
    return Group(*_verdict(explanation, whole, dropped))


def _verdict(explanation: Explanation, whole: Explanation | None, dropped: int) -> Iterable[Text]:
    predicted = explanation.classes[explanation.predicted]
    line = Text()
    ranked = sorted(range(len(explanation.classes)), key=lambda index: -explanation.probabilities[index])
    for index in ranked[: MOST_CLASSES if len(ranked) > 2 else 1]:
        style = "bold" if index == explanation.predicted else "dim"
        line.append(f"{safe(explanation.classes[index])} {percent(explanation.probabilities[index])}  ", style=style)
    if explanation.true_label is not None:
        right = explanation.true_label == predicted
        line.append("✓ right" if right else "✗ wrong", style="" if right else "bold")
        line.append(f", the label is {safe(explanation.true_label)}")
    yield line
    if dropped:
        yield moved(explanation, whole, dropped)
    about = f"{safe(explanation.method)} of {safe(explanation.model)}, run {safe(explanation.run)}"
    if explanation.signed or explanation.target != explanation.predicted:
        about += f", for the class {safe(explanation.classes[explanation.target])}"
    if entropy := told_entropy(explanation):
        about += f"; {entropy}"
    yield Text(about, style="dim")
    if explanation.note:
        yield Text(safe(explanation.note), style="italic")


def moved(explanation: Explanation, whole: Explanation | None, dropped: int) -> Text:
    """ "without 2 words: positive 97.3 % -> 91.2 %, -6.1 points"."""
    line = Text(f"without {dropped} {'word' if dropped == 1 else 'words'}", style="bold")
    if whole is not None:
        line.append(f": {change(whole.classes[whole.predicted], whole, explanation.probabilities)}", style="not bold")
    return line


def change(name: str, whole: Explanation, after: Sequence[float]) -> str:
    """How the class that was predicted for the whole text fares: "positive 97.3 % → 91.2 % (-6.1 points)"."""
    before = whole.probabilities[whole.predicted]
    now = float(after[whole.predicted])
    flips = max(range(len(after)), key=lambda index: after[index]) != whole.predicted
    return (
        f"{safe(name)} {percent(before)} → {percent(now)} ({100 * (now - before):+.1f} points)"
        f"{', the prediction flips' if flips else ''}"
    )


def told_word(text: str, item: Item, explanation: Explanation) -> Text:
    """What is known of a word of `text`: its score and rank, and whether the model knows it."""
    line = Text(" ".join(safe(text[item.start : item.end]).split()), style="bold")
    if item.word is None:
        return line
    scores = sorted((abs(word.score) for word in explanation.words), reverse=True)
    rank = scores.index(abs(item.word.score)) + 1
    value = f"{item.word.score:+.4f}" if explanation.signed else f"{item.word.score:.4f}"
    line.append(f"  {value}, no. {rank} of {len(scores)}", style="not bold")
    if not item.word.known:
        line.append(", not in the vocabulary", style="not bold")
    return line
