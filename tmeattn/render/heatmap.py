"""A text as a heatmap: the background of each word is coloured by the attribution score of the word."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

from tmeattn.explain.explanation import DeletedWord
from tmeattn.plurals import counted
from tmeattn.render.console import safe, safe_line
from tmeattn.render.explanation_texts import heatmap_header
from tmeattn.render.heat_scale import MOST, HeatScale
from tmeattn.render.numbers import count
from tmeattn.render.palette import HEAT, LEVELS, ORANGE, HeatColours, heat_style, shows_heat
from tmeattn.render.text_layout import Chunk, MarkedWord, chunks_of, lay_out, plain_chunks, shown_span, with_line_breaks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from tmeattn.explain.explanation import Explanation, Word

STRONGEST = 8
"""Words listed as the strongest of a text, unless another number is given."""
_BAR = 20
_STOP = "┃"  # where the model stopped reading
_UNKNOWN = Style(dim=True, underline=True)
_UNKNOWN_ON_HEAT = Style(underline=True)  # dimmed on a colour, a word would be hard to read
_UNREAD = Style(dim=True)
_STOPPED = Style(bold=True)
_ITALIC = Style(italic=True)
DELETED = Style(strike=True, dim=True)


@dataclass(frozen=True)
class Heatmap:
    """The renderable of `heatmap`. Without `details` only the text is drawn; `top` words are listed below it."""

    explanation: Explanation
    details: bool = True
    top: int = STRONGEST
    colours: HeatColours = HEAT

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(20, options.max_width), options.max_width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        marks = Marks.of(self.explanation, shows_heat(console), self.colours)
        if self.details:
            yield from heatmap_header(self.explanation)
            yield Text()
        yield from _text_lines(self.explanation, marks, options.max_width)
        if self.details and self.explanation.words:
            yield Text()
            yield from legend(self.explanation, marks)
            yield Text()
            yield from strongest(self.explanation, marks, options.max_width, self.top)


def heatmap(
    explanation: Explanation, *, details: bool = True, top: int = STRONGEST, colours: HeatColours = HEAT
) -> Heatmap:
    """The text as a heatmap, with the prediction above it, and the legend and the strongest words below it.

    The colours follow `HeatScale`. A console with fewer than 256 colours shows the strongest words in brackets instead,
    with a sign if the method is signed, and words outside the vocabulary between tildes.
    """
    return Heatmap(explanation, details, top, colours)


@dataclass(frozen=True)
class HeatmapKey:
    """A legend of one line for several heatmaps: the colours and marks that occur in them."""

    explanations: tuple[Explanation, ...]
    colours: HeatColours = HEAT

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = shows_heat(console)
        strongest = _sample("orange" if self.colours[2] == ORANGE else "colour", heat_style(LEVELS, self.colours))
        scales = [HeatScale.of(explanation) for explanation in self.explanations if explanation.words]
        parts = []
        if any(not scale.signed for scale in scales):
            parts.append(strongest.copy() if colour else Text("[word]"))
            strong = ": high attention weight" if self._attention_alone() else ": high score"
            parts[-1].append(strong if colour else ": strong word of its text")
        if any(scale.signed for scale in scales):
            parts.append(strongest.copy() if colour else Text("[+word]"))
            parts[-1].append(": evidence for the class, ")
            parts[-1].append_text(_sample("blue", heat_style(-LEVELS, self.colours)) if colour else Text("[-word]"))
            parts[-1].append(": against it")
        if any(scale.uniform for scale in scales):
            full = f" (full colour: {MOST:g} times uniform or more)" if colour else ""
            parts.append(Text(f"in texts with nearly uniform attention only weights above uniform are marked{full}"))
        if any(not word.known for explanation in self.explanations for word in explanation.words):
            parts.append(_sample("underlined", _UNKNOWN) if colour else Text("~word~"))
            parts[-1].append(": not in the vocabulary")
        if any(explanation.words and explanation.is_truncated for explanation in self.explanations):
            parts.append(Text(f"{_STOP}: the model reads no further"))
        if parts:
            yield Text("; ").join(parts)

    def _attention_alone(self) -> bool:
        return all(explanation.signed or explanation.method == "attention" for explanation in self.explanations)


@dataclass(frozen=True)
class Marks:
    """The style of each word: a background colour, or brackets where the score is at least `threshold`."""

    scale: HeatScale
    peak: float
    threshold: float
    colour: bool
    colours: HeatColours = HEAT

    @classmethod
    def of(cls, explanation: Explanation, colour: bool, colours: HeatColours = HEAT) -> Marks:
        sizes = sorted((abs(word.score) for word in explanation.words), reverse=True)
        peak = sizes[0] if sizes and math.isfinite(sizes[0]) else 0.0
        # At most half of the words of a short text, or weak words would be marked as strong.
        rank = min(-(-len(sizes) // 2), max(STRONGEST, len(sizes) // 10)) - 1
        threshold = sizes[rank] if sizes else 0.0
        equal = sum(sizes) / max(len(sizes), 1)
        if not explanation.signed and math.isfinite(equal):  # a score below the mean is not strong either
            threshold = max(threshold, equal * (1 - 1e-9))  # rounding must not leave equal scores below it
        return cls(HeatScale.of(explanation), peak, threshold, colour, colours)

    @property
    def signed(self) -> bool:
        return self.scale.signed

    def level(self, score: float) -> int:
        """Heat level of a score, from -LEVELS to LEVELS; 0 if the score is too weak to colour."""
        share = self.scale.share(score)
        level = max(1, round(min(1.0, abs(share)) * LEVELS)) if share else 0
        return -level if self.signed and share < 0 else level

    def brackets(self, score: float) -> bool:
        return not self.colour and self.scale.share(score) != 0 and abs(score) >= self.threshold

    def shown(self, text: str, word: Word) -> str:
        """The text of a word with its marks."""
        if self.colour:
            return text
        text = text if word.known else f"~{text}~"
        if not self.brackets(word.score):
            return text
        sign = ("+" if word.score > 0 else "-") if self.signed else ""
        return f"[{sign}{text}]"

    def style(self, word: Word) -> Style:
        """The style of a word."""
        level = self.level(word.score) if self.colour else 0
        style = heat_style(level, self.colours)
        if not word.known:
            style += _UNKNOWN_ON_HEAT if level else _UNKNOWN
        return style + Style(bold=True) if self.brackets(word.score) else style


def _text_lines(explanation: Explanation, marks: Marks, width: int) -> Iterator[Text]:
    """The text, each word in its colour or its brackets, wrapped to the width of the console."""
    text = safe(explanation.whole_text)
    if not explanation.words and not explanation.tokens_total:
        yield Text("The text has no words.", style="italic")
        return
    words = marked_words(explanation, marks)
    yield from lay_out(text_chunks(text, words, explanation, width), width).rich_lines()


def marked_words(explanation: Explanation, marks: Marks) -> list[MarkedWord]:
    """The words that the model read, with the style or the brackets of their scores, and the deleted ones."""
    text = safe(explanation.whole_text)
    return [_marked(text, word, marks) for word in explanation.shown_words]


def _marked(text: str, word: Word | DeletedWord, marks: Marks) -> MarkedWord:
    start, end = shown_span(text, word.start, word.end)
    if isinstance(word, DeletedWord):
        return MarkedWord(start, end, text[start:end].replace("\n", " "), DELETED)
    return MarkedWord(start, end, shown_word(text, word, marks), marks.style(word))


def shown_word(text: str, word: Word, marks: Marks) -> str:
    """A word of a safe text on one line, with its marks."""
    start, end = shown_span(text, word.start, word.end)
    return marks.shown(text[start:end].replace("\n", " "), word)


def text_chunks(text: str, words: Sequence[MarkedWord], explanation: Explanation, width: int) -> Iterator[Chunk]:
    """A text for `lay_out`: its words and, where the model did not read all of it, the beginning of the rest."""
    read_to = max((word.end for word in words), default=0)
    hidden = explanation.tokens_cut
    if hidden > 0:
        yield from chunks_of(text[:read_to], words)
        yield from _unread(text[read_to:], explanation, width)
    else:
        yield from chunks_of(text.rstrip(), words)


def _unread(rest: str, explanation: Explanation, width: int) -> Iterator[Chunk]:
    """A mark where reading stopped, two lines of what the model did not read, and how many words that are."""
    hidden = explanation.tokens_cut
    read = explanation.tokens_total - hidden
    stop = Chunk(_STOP, None, _STOPPED)
    tail = " ".join(with_line_breaks(rest[: 4 * width]).split())
    cut = len(tail) > 2 * width - 2
    shown = tail[: 2 * width - 2].rsplit(" ", 1)[0] if cut else tail
    if cut or rest[4 * width :].strip():
        shown += " …"
    if read:
        yield from (Chunk(" "), stop, Chunk(" "))
    yield from plain_chunks(shown, _UNREAD)
    yield Chunk("\n")
    if not read:
        yield from plain_chunks("The model read no words of this text.", _ITALIC)
        return
    note = f"{counted(hidden, f'more {explanation.unit}')} not read by the model"
    note += f" (it reads at most {count(read)})"
    yield from (stop, Chunk(" "), *plain_chunks(note, _ITALIC))


def legend(explanation: Explanation, marks: Marks) -> Iterator[Text]:
    """The meaning of the colours or brackets, and the mark of words outside the vocabulary."""
    unknown = sum(not word.known for word in explanation.words)
    target = safe_line(explanation.target_label)
    line = Text("Legend: ", style="dim", overflow="fold") if not marks.colour else Text()
    if not marks.peak:
        line.append("all scores are zero: no word influences the prediction")
    elif marks.colour:
        first = -LEVELS if marks.signed else 0
        line.append(f"against {target} " if marks.signed else f"{marks.scale.base:.3g} ")
        for level in range(first, LEVELS + 1, 2 if marks.signed else 1):
            line.append("  ", style=heat_style(level, marks.colours))
        line.append(f" for {target}" if marks.signed else f" {marks.scale.full:.3g}")
        if marks.scale.uniform:
            meaning = "colour = weight above uniform"
        else:
            meaning = f"full colour = score {marks.peak:.3g}" if marks.signed else "score"
        line.append(f"   {meaning}", "dim")
    elif marks.signed:
        line.append(f"[+word]: evidence for {target}, [-word]: against it; largest score {marks.peak:.3g}")
    else:
        uniform = f", above uniform ({marks.scale.base:.3g})" if marks.scale.uniform else ""
        line.append(f"[word]: strong word{uniform}; largest score {marks.peak:.3g}")
    yield line
    if unknown:
        mark = ("word", _UNKNOWN) if marks.colour else "~word~"
        total = counted(len(explanation.words), "word")
        texts = (explanation.text[word.start : word.end] for word in explanation.words)
        if not all(any(sign.isalnum() for sign in text) for text in texts):
            total += ", with punctuation"
        yield Text.assemble(mark, f": not in the vocabulary ({count(unknown)} of {total})")


def strongest(explanation: Explanation, marks: Marks, width: int, top: int = STRONGEST) -> Iterator[Text]:
    """The words with the largest absolute scores, each with a bar; a word that occurs several times is one line."""
    ranked = [word for word in explanation.strongest_words[:top] if word.score]
    if not ranked:
        return
    shown = [" ".join(safe(word.text).split()) for word in ranked]
    room = min(max(map(_cells, shown)), 24, max(4, width - _BAR - 12))
    times = [f"×{word.times}" if word.times > 1 else "" for word in ranked]
    several = max(map(len, times))
    largest = "  (×2: occurs twice, the larger score)" if several else ""
    yield Text.assemble(("Strongest words", "bold"), (largest, "dim"), no_wrap=True, overflow="ellipsis")
    peak = abs(ranked[0].score)
    for word, label, often in zip(ranked, shown, times, strict=True):
        line = Text(label, no_wrap=True)
        line.truncate(room, overflow="ellipsis", pad=True)
        line.append(f" {often.ljust(several)}" if several else "", style="dim")
        value = f"{word.score:+.3f}" if marks.signed else f"{word.score:.3f}"
        line.append(f"  {value}  ")
        level = math.copysign(LEVELS, word.score) if marks.signed else LEVELS
        line.append(_bar(abs(word.score) / peak), style=_bar_style(int(level), marks))
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
