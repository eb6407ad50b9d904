"""A text with each word's background coloured by what the word is worth to the model."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.heat_scale import MOST, HeatScale
from tmeattn.render.numbers import count, decimal, percent
from tmeattn.render.palette import HEAT, LEVELS, HeatColours, heat_style, shows_heat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.explain.explanation import Explanation, Word

STRONGEST = 8
_BAR = 20
_STOP = "┃"  # where the model stopped reading
_UNKNOWN = Style(dim=True, underline=True)
_UNREAD = Style(dim=True)
_STOPPED = Style(bold=True)


@dataclass(frozen=True)
class Heatmap:
    """What `heatmap` returns. `details` off leaves the text alone, without what stands around it; `top` is how many of
    the strongest words are listed."""

    explanation: Explanation
    details: bool = True
    top: int = STRONGEST

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(20, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = Marks.of(self.explanation, shows_heat(console))
        if self.details:
            yield from heatmap_header(self.explanation)
            yield Text()
        yield from _paragraphs(self.explanation, marks, options.max_width)
        if self.details and self.explanation.words:
            yield Text()
            yield from legend(self.explanation, marks)
            yield Text()
            yield from strongest(self.explanation, marks, options.max_width, self.top)


def heatmap(explanation: Explanation, *, details: bool = True, top: int = STRONGEST) -> Heatmap:
    """The user's own text as a heatmap, with the prediction, a legend and the strongest words around it.

    Colour is the score over the largest absolute score. Without at least 256 colours the strongest words stand in
    brackets instead, with a sign where the method has one, and words outside the vocabulary between tildes.
    """
    return Heatmap(explanation, details, top)


def entropy_text(explanation: Explanation) -> str:
    """ "attention entropy 3.21 nats, 62 % of uniform"; nothing where what is shown is not attention."""
    if explanation.entropy is None or explanation.method not in ("attention", "rollout"):
        return ""
    share = explanation.normalized_entropy
    uniform = "" if share is None else f", {percent(share, 0)} of uniform"
    return f"attention entropy {decimal(explanation.entropy, 2)} nats{uniform}"


@dataclass(frozen=True)
class HeatmapKey:
    """One line on what the colours and marks of several heatmaps mean; it names only those that occur."""

    explanations: tuple[Explanation, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = shows_heat(console)
        scales = [HeatScale.of(one) for one in self.explanations if one.words]
        parts = []
        if any(not scale.signed for scale in scales):
            parts.append(_sample("orange", heat_style(LEVELS)) if colour else Text("[word]"))
            strong = ": has much of the attention" if self._attention_alone() else ": has a high score"
            parts[-1].append(strong if colour else ": among the strongest of its text")
        if any(scale.signed for scale in scales):
            parts.append(_sample("orange", heat_style(LEVELS)) if colour else Text("[+word]"))
            parts[-1].append(": speaks for the class, ")
            parts[-1].append_text(_sample("blue", heat_style(-LEVELS)) if colour else Text("[-word]"))
            parts[-1].append(": against it")
        if any(scale.uniform for scale in scales):
            more = f" (full colour: {MOST:g} times it or more)" if colour else ""
            parts.append(Text(f"in nearly uniform texts only what exceeds an equal share{more}"))
        if any(not word.known for one in self.explanations for word in one.words):
            parts.append(_sample("dim, underlined", _UNKNOWN) if colour else Text("~word~"))
            parts[-1].append(": not in the vocabulary")
        if any(one.words and one.tokens_total > len(one.words) for one in self.explanations):
            parts.append(Text(f"{_STOP}: the model stopped reading"))
        if parts:
            yield Text("; ").join(parts)

    def _attention_alone(self) -> bool:
        return all(one.signed or one.method == "attention" for one in self.explanations)


@dataclass(frozen=True)
class Marks:
    """How scores turn into colours, or into brackets from the score `threshold` on."""

    scale: HeatScale
    peak: float
    threshold: float
    colour: bool
    colours: HeatColours = HEAT

    @classmethod
    def of(cls, explanation: Explanation, colour: bool, colours: HeatColours = HEAT) -> Marks:
        sizes = sorted((abs(word.score) for word in explanation.words), reverse=True)
        peak = sizes[0] if sizes and math.isfinite(sizes[0]) else 0.0
        # In a short text at most half of the words, so that the weakest never pass for strong.
        rank = min(-(-len(sizes) // 2), max(STRONGEST, len(sizes) // 10)) - 1
        threshold = sizes[rank] if sizes else 0.0
        equal = sum(sizes) / max(len(sizes), 1)
        if not explanation.signed and math.isfinite(equal):  # less than an equal share is not strong either
            threshold = max(threshold, equal * (1 - 1e-9))  # so that equal scores are not below it by rounding
        return cls(HeatScale.of(explanation), peak, threshold, colour, colours)

    @property
    def signed(self) -> bool:
        return self.scale.signed

    def level(self, score: float) -> int:
        """Heat from -LEVELS to LEVELS, 0 for what is too weak to colour."""
        share = self.scale.share(score)
        level = max(1, round(min(1.0, abs(share)) * LEVELS)) if share else 0
        return -level if self.signed and share < 0 else level

    def brackets(self, score: float) -> bool:
        return not self.colour and self.scale.share(score) != 0 and abs(score) >= self.threshold

    def word(self, shown: str, word: Word) -> tuple[str, Style]:
        """How a word that reads `shown` is put on the screen."""
        style = heat_style(self.level(word.score), self.colours) if self.colour else Style()
        if not word.known:
            style += _UNKNOWN
            shown = shown if self.colour else f"~{shown}~"
        if self.brackets(word.score):
            sign = ("+" if word.score > 0 else "-") if self.signed else ""
            shown, style = f"[{sign}{shown}]", style + Style(bold=True)
        return shown, style


def method_text(explanation: Explanation) -> str:
    """ "attention of transformer, layer 2, head 1"; layer and head only where they were chosen."""
    parts = [f"{explanation.method} of {explanation.model}"]
    parts += [
        f"{what} {number}" for what, number in (("layer", explanation.layer), ("head", explanation.head)) if number
    ]
    return ", ".join(parts)


def heatmap_header(explanation: Explanation) -> Iterator[Text]:
    """The prediction; method and model; entropy and note, where there are any. A line each."""
    predicted = explanation.classes[explanation.predicted]
    line = Text("Prediction: ")
    line.append(safe(predicted), style="bold")
    line.append(f" {percent(explanation.probabilities[explanation.predicted])}")
    if explanation.true_label is not None:
        right = explanation.true_label == predicted
        line.append("   ✓ right" if right else "   ✗ wrong", style="green" if right else "bold red")
        line.append(f", the label is {safe(explanation.true_label)}")
    yield line
    about = Text(safe(method_text(explanation)))
    if explanation.run:
        about.append(f" (run {safe(explanation.run)})")
    if explanation.target != explanation.predicted or explanation.signed:
        about.append(f", for the class {safe(explanation.classes[explanation.target])}")
    yield about
    if entropy := entropy_text(explanation):
        yield Text(entropy)
    if explanation.note:
        yield Text(f"Note: {safe(explanation.note)}", style="italic")


def _paragraphs(explanation: Explanation, marks: Marks, width: int) -> Iterator[Text]:
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
        shown, style = marks.word(text[word.start : word.end].replace("\n", " "), word)
        line.append(shown, style=style or None)
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


def _unread(line: Text, rest: str, hidden: int, read: int, width: int) -> Iterator[Text]:
    """A mark where reading stopped, two lines of what the model did not read, and how much of it there is."""
    tail = " ".join(rest[: 4 * width].split())
    cut = len(tail) > 2 * width - 2
    shown = tail[: 2 * width - 2].rsplit(" ", 1)[0] if cut else tail
    if cut or rest[4 * width :].strip():
        shown += " …"
    if read:
        line.append(f"{' ' if rest[:1].isspace() else ''}{_STOP} ", style=_STOPPED)
    line.append(shown, style=_UNREAD)
    yield line
    if read:
        more = Text().append(f"{_STOP} ", style=_STOPPED)
        more.append(f"{count(hidden)} more {'word' if hidden == 1 else 'words'} not read by the model", style="italic")
        yield more.append(f" (its length is {count(read)})", style="italic")
    else:
        yield Text("The model read no word of this text.", style="italic")


def legend(explanation: Explanation, marks: Marks) -> Iterator[Text]:
    """What the colours or brackets mean, and how words outside the vocabulary look."""
    unknown = sum(not word.known for word in explanation.words)
    target = safe(explanation.classes[explanation.target])
    line = Text("Legend: ", style="dim", overflow="fold") if not marks.colour else Text()
    if not marks.peak:
        line.append("all scores are zero: no word bears on the prediction")
    elif marks.colour:
        first = -LEVELS if marks.signed else 0
        line.append(f"against {target} " if marks.signed else f"{marks.scale.base:.3g} ")
        for level in range(first, LEVELS + 1, 2 if marks.signed else 1):
            line.append("  ", style=heat_style(level, marks.colours))
        line.append(f" for {target}" if marks.signed else f" {marks.scale.full:.3g}")
        largest = f"colour = score / {marks.peak:.3g}, the largest"
        line.append(f"   {'colour = what exceeds an equal share' if marks.scale.uniform else largest}", "dim")
    elif marks.signed:
        line.append(f"[+word] speaks strongly for {target}, [-word] against; largest score {marks.peak:.3g}")
    else:
        equal = f" and well above an equal share, {marks.scale.base:.3g}" if marks.scale.uniform else ""
        line.append(f"[word] is among the strongest{equal}; largest score {marks.peak:.3g}")
    yield line
    if unknown:
        mark = ("word", _UNKNOWN) if marks.colour else "~word~"
        yield Text.assemble(mark, f" is not in the vocabulary ({count(unknown)} of {count(len(explanation.words))})")


def strongest(explanation: Explanation, marks: Marks, width: int, top: int = STRONGEST) -> Iterator[Text]:
    """The words with the largest scores, with bars."""
    ranked = sorted(explanation.words, key=lambda word: -abs(word.score))[:top]
    ranked = [word for word in ranked if word.score]
    if not ranked:
        return
    shown = [" ".join(safe(explanation.text[word.start : word.end]).split()) for word in ranked]
    room = min(max(map(_cells, shown)), 24, max(4, width - _BAR - 12))
    yield Text("Strongest words", style="bold")
    for label, word in zip(shown, ranked, strict=True):
        line = Text(label, no_wrap=True)
        line.truncate(room, overflow="ellipsis", pad=True)
        value = f"{word.score:+.3f}" if marks.signed else f"{word.score:.3f}"
        line.append(f"  {value}  ")
        share = abs(word.score) / marks.peak if marks.peak else 0.0
        level = math.copysign(LEVELS, word.score) if marks.signed else LEVELS
        line.append(_bar(share), style=_bar_style(int(level), marks))
        line.truncate(width)
        yield line


def _bar(share: float) -> str:
    eighths = max(1, round(share * _BAR * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _bar_style(level: int, marks: Marks) -> Style:
    return Style(color=heat_style(level, marks.colours).bgcolor) if marks.colour else Style()


def _sample(word: str, style: Style) -> Text:
    return Text().append(word, style=style)


def _cells(text: str) -> int:
    return Text(text).cell_len
