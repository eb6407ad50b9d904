"""A text with each word's background coloured by what the word is worth to the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.palette import LEVELS, heat_style, shows_heat
from tmeattn.render.tables import count, decimal, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.explain.explanation import Explanation, Word

STRONGEST = 8
_BAR = 20
_FAINT = 0.1  # words below this share of the largest score stay plain: boxes around all of them would be noise
_UNKNOWN = Style(dim=True, underline=True)
_UNREAD = Style(dim=True)


@dataclass(frozen=True)
class Heatmap:
    """What `heatmap` returns. `details` off leaves the text alone, without what stands around it."""

    explanation: Explanation
    details: bool = True

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(20, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        scale = _Scale.of(self.explanation, shows_heat(console))
        if self.details:
            yield from _header(self.explanation)
            yield Text()
        yield from _paragraphs(self.explanation, scale, options.max_width)
        if self.details and self.explanation.words:
            yield Text()
            yield from _legend(self.explanation, scale)
            yield Text()
            yield from _strongest(self.explanation, scale, options.max_width)


def heatmap(explanation: Explanation, *, details: bool = True) -> Heatmap:
    """The user's own text as a heatmap, with the prediction, a legend and the strongest words around it.

    Colour is the score over the largest absolute score. Without at least 256 colours the strongest words stand in
    brackets instead, with a sign where the method has one, and words outside the vocabulary between tildes.
    """
    return Heatmap(explanation, details)


@dataclass(frozen=True)
class _Scale:
    """How scores turn into marks: `peak` is the largest |score|, `threshold` the least that earns brackets."""

    peak: float
    threshold: float
    signed: bool
    colour: bool

    @classmethod
    def of(cls, explanation: Explanation, colour: bool) -> _Scale:
        sizes = sorted((abs(word.score) for word in explanation.words), reverse=True)
        peak = sizes[0] if sizes else 0.0
        if not math.isfinite(peak):
            peak = 0.0
        rank = min(len(sizes), max(STRONGEST, len(sizes) // 10)) - 1
        return cls(peak, max(sizes[rank] if sizes else 0.0, _FAINT * peak), explanation.signed, colour)

    def level(self, score: float) -> int:
        """Heat from -LEVELS to LEVELS, 0 for what is too weak to colour."""
        share = score / self.peak if self.peak and math.isfinite(score) else 0.0
        if abs(share) < _FAINT:
            return 0
        level = max(1, round(abs(share) * LEVELS))
        return -level if self.signed and share < 0 else level

    def brackets(self, score: float) -> bool:
        return not self.colour and self.peak > 0 and abs(score) >= self.threshold


def _header(explanation: Explanation) -> Iterator[Text]:
    predicted = explanation.classes[explanation.predicted]
    line = Text("Prediction: ")
    line.append(safe(predicted), style="bold")
    line.append(f" {percent(explanation.probabilities[explanation.predicted])}")
    if explanation.true_label is not None:
        right = explanation.true_label == predicted
        line.append("   ✓ right" if right else "   ✗ wrong", style="green" if right else "bold red")
        line.append(f", the label is {safe(explanation.true_label)}")
    yield line
    about = Text(f"{safe(explanation.method)} of {safe(explanation.model)}")
    if explanation.run:
        about.append(f" (run {safe(explanation.run)})")
    if explanation.target != explanation.predicted or explanation.signed:
        about.append(f", for the class {safe(explanation.classes[explanation.target])}")
    yield about
    if explanation.entropy is not None:
        entropy = f"attention entropy {decimal(explanation.entropy, 2)} nats"
        if explanation.normalized_entropy is not None:
            entropy += f", {percent(explanation.normalized_entropy, 0)} of uniform"
        yield Text(entropy)
    if explanation.note:
        yield Text(f"Note: {safe(explanation.note)}", style="italic")


def _paragraphs(explanation: Explanation, scale: _Scale, width: int) -> Iterator[Text]:
    """The text line by line: wrapping many short texts is much faster than wrapping one with many styles."""
    text = safe(explanation.text)
    line = Text(overflow="fold")
    position = 0
    for word in explanation.words:
        if word.start < position:
            continue
        *ended, rest = text[position : word.start].split("\n")
        for end in ended:
            yield line.append(end) if end else line
            line = Text(overflow="fold")
        line.append(rest)
        _append_word(line, text[word.start : word.end].replace("\n", " "), word, scale)
        position = word.end
    hidden = explanation.tokens_total - len(explanation.words)
    rest = text[position:]
    if hidden > 0:
        yield from _unread(line, rest, hidden, len(explanation.words), width)
        return
    if not explanation.words:
        yield Text("There is no word in this text.", style="italic")
        return
    for piece in rest.rstrip("\n").split("\n"):
        yield line.append(piece) if piece else line
        line = Text(overflow="fold")


def _append_word(line: Text, shown: str, word: Word, scale: _Scale) -> None:
    style = heat_style(scale.level(word.score)) if scale.colour else Style()
    if not word.known:
        style += _UNKNOWN
        shown = shown if scale.colour else f"~{shown}~"
    if scale.brackets(word.score):
        sign = ("+" if word.score > 0 else "-") if scale.signed else ""
        shown, style = f"[{sign}{shown}]", style + Style(bold=True)
    line.append(shown, style=style or None)


def _unread(line: Text, rest: str, hidden: int, read: int, width: int) -> Iterator[Text]:
    """Two lines of what the model did not read, and how much more there is."""
    tail = " ".join(rest[: 4 * width].split())
    shown = tail[: 2 * width - 2].rsplit(" ", 1)[0] if len(tail) > 2 * width - 2 else tail
    gap = " " if rest[:1].isspace() else ""
    line.append(f"{gap}{shown} …" if shown else " …", style=_UNREAD)
    yield line
    if read:
        more = f"… {count(hidden)} more {'word' if hidden == 1 else 'words'} not read by the model"
        yield Text(f"{more} (its length is {count(read)})", style="italic")
    else:
        yield Text("The model read no word of this text.", style="italic")


def _legend(explanation: Explanation, scale: _Scale) -> Iterator[Text]:
    unknown = sum(not word.known for word in explanation.words)
    target = safe(explanation.classes[explanation.target])
    line = Text("Legend: ", style="dim", overflow="fold") if not scale.colour else Text()
    if not scale.peak:
        line.append("all scores are zero: no word bears on the prediction")
    elif scale.colour:
        first = -LEVELS if scale.signed else 0
        line.append(f"against {target} " if scale.signed else "0 ")
        for level in range(first, LEVELS + 1, 2 if scale.signed else 1):
            line.append("  ", style=heat_style(level))
        line.append(f" for {target}" if scale.signed else f" {scale.peak:.3g}")
        line.append(f"   colour = score / {scale.peak:.3g}, the largest", style="dim")
    elif scale.signed:
        line.append(f"[+word] speaks strongly for {target}, [-word] against; largest score {scale.peak:.3g}")
    else:
        line.append(f"[word] is among the strongest; largest score {scale.peak:.3g}")
    yield line
    if unknown:
        mark = ("word", _UNKNOWN) if scale.colour else "~word~"
        yield Text.assemble(mark, f" is not in the vocabulary ({count(unknown)} of {count(len(explanation.words))})")


def _strongest(explanation: Explanation, scale: _Scale, width: int) -> Iterator[Text]:
    ranked = sorted(explanation.words, key=lambda word: -abs(word.score))[:STRONGEST]
    ranked = [word for word in ranked if word.score]
    if not ranked:
        return
    shown = [" ".join(safe(explanation.text[word.start : word.end]).split()) for word in ranked]
    room = min(max(map(_cells, shown)), 24, max(4, width - _BAR - 12))
    yield Text("Strongest words", style="bold")
    for label, word in zip(shown, ranked, strict=True):
        line = Text(label, no_wrap=True)
        line.truncate(room, overflow="ellipsis", pad=True)
        value = f"{word.score:+.3f}" if scale.signed else f"{word.score:.3f}"
        line.append(f"  {value}  ")
        share = abs(word.score) / scale.peak if scale.peak else 0.0
        level = math.copysign(LEVELS, word.score) if scale.signed else LEVELS
        line.append(_bar(share), style=_bar_style(int(level), scale))
        line.truncate(width)
        yield line


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _bar_style(level: int, scale: _Scale) -> Style:
    return Style(color=heat_style(level).bgcolor) if scale.colour else Style()


def _cells(text: str) -> int:
    return Text(text).cell_len
