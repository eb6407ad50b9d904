"""Several explanations of one text: by several methods, or of two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.render.console import safe
from tmeattn.render.heatmap import STRONGEST, HeatmapKey, heatmap, heatmap_header, method_text
from tmeattn.render.layout import SideBySide
from tmeattn.render.numbers import MISSING, count, percent
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Mistakes, Word

Span = tuple[int, int]


def by_methods(explanations: Sequence[Explanation], *, top: int = STRONGEST) -> Group:
    """One text by several methods: a heatmap each, then the words that matter most, each score over the largest of its
    method, so that methods of different units can be compared."""
    parts: list[RenderableType] = []
    said: set[str] = set()
    for one in explanations:
        header = [line for line in heatmap_header(one) if line.plain not in said]
        said |= {line.plain for line in header}
        parts += [*header, Text(), heatmap(one, details=False), Text()]
    parts += [HeatmapKey(tuple(explanations)), Text(), _shares_by_method(explanations, top)]
    return Group(*parts)


@dataclass(frozen=True)
class Differing:
    """A stretch of the text with its share of all absolute scores by either model; None where one does not read it."""

    word: str
    first: float | None
    second: float | None

    @property
    def difference(self) -> float:
        return (self.second or 0.0) - (self.first or 0.0)


def differing(first: Explanation, second: Explanation) -> list[Differing]:
    """The words of either explanation, those first whose shares differ most."""
    shares = [_shares(one) for one in (first, second)]
    found = [
        Differing(first.text[start:end], shares[0].get((start, end)), shares[1].get((start, end)))
        for start, end in sorted(shares[0].keys() | shares[1].keys())
    ]
    return sorted(found, key=lambda one: -abs(one.difference))


def side_by_side(first: Explanation, second: Explanation, *, top: int = STRONGEST) -> Group:
    """What two models make of one text, beside each other where there is room, and where they differ most."""
    halves = [Group(*heatmap_header(one), Text(), heatmap(one, details=False)) for one in (first, second)]
    names = [one.model if first.model != second.model else one.run for one in (first, second)]
    rows = [
        (" ".join(one.word.split()), _signed(one.first), _signed(one.second), f"{100 * one.difference:+.1f}")
        for one in differing(first, second)[:top]
        if one.difference
    ]
    parts: list[RenderableType] = [SideBySide(*halves), Text(), HeatmapKey((first, second))]
    if rows:
        columns = [Column("word", wrap=True), *(Column(name, numeric=True) for name in names)]
        parts += [
            Text(),
            table(
                [*columns, Column("difference, points", numeric=True)],
                rows,
                title="Where they differ most",
                caption="Shares of the sum of absolute scores; a minus sign: against the class.",
            ),
        ]
    return Group(*parts)


def one_after_another(explanations: Sequence[Explanation], *, methods: int = 1) -> Group:
    """Many texts, each by so many methods, under its number and prediction; then what the colours mean."""
    parts: list[RenderableType] = []
    for index, one in enumerate(explanations):
        title = f"Text {index // methods + 1}" + (f", {one.method}" if methods > 1 else "")
        parts += [titled(title, one), Text()]
    return Group(*parts, HeatmapKey(tuple(explanations)))


def titled(title: str, explanation: Explanation) -> Group:
    """A heatmap without details, under a title and the first lines of its header."""
    prediction, *_ = heatmap_header(explanation)
    heading = Text(safe(title), style="bold").append("  ")
    heading.append_text(prediction)
    return Group(heading, heatmap(explanation, details=False))


def _shares_by_method(explanations: Sequence[Explanation], top: int) -> RenderableType:
    scaled = [_over_largest(one) for one in explanations]
    words = explanations[0].words
    ranked = sorted(range(len(words)), key=lambda at: -max(abs(shares[at]) for shares in scaled))
    rows = []
    for at in ranked[:top]:
        figures = [
            f"{shares[at]:+.2f}" if one.signed else f"{shares[at]:.2f}"
            for one, shares in zip(explanations, scaled, strict=True)
        ]
        rows.append([" ".join(_said(explanations[0], words[at]).split()), *figures])
    columns = [Column("word", wrap=True), *(Column(one.method, numeric=True) for one in explanations)]
    return table(columns, rows, title="Strongest words", caption="Each score over the largest of its method.")


def _over_largest(explanation: Explanation) -> list[float]:
    peak = max((abs(word.score) for word in explanation.words), default=0.0) or 1.0
    return [word.score / peak for word in explanation.words]


def _shares(explanation: Explanation) -> dict[Span, float]:
    total = sum(abs(word.score) for word in explanation.words) or 1.0
    return {(word.start, word.end): word.score / total for word in explanation.words}


def _said(explanation: Explanation, word: Word) -> str:
    return explanation.text[word.start : word.end]


def _signed(share: float | None) -> str:
    return MISSING if share is None else percent(share)


def mistakes(found: Mistakes) -> Group:
    """How many there are, then the texts of either kind, the worst first, and what the colours mean."""
    share = percent(found.wrong / max(found.texts, 1))
    where = f"{found.dataset}, {found.split} split"
    heading = (
        f"{found.model} (run {found.run}): {count(found.wrong)} of {count(found.texts)} texts wrong ({share}), {where}"
    )
    shown = [explanation for _, explanation in (*found.confident, *found.uncertain)]
    parts: list[RenderableType] = [Text(safe(heading), style="bold")]
    if found.note:
        parts.append(Text(found.note, style="dim"))
    if shown:
        parts.append(Text(f"Words are scored by {safe(method_text(shown[0]))}.", style="dim"))
    parts += _texts("The most confident errors", found.confident)
    parts += _texts("The least certain texts", found.uncertain)
    return Group(*parts, HeatmapKey(tuple(shown)))


def _texts(title: str, texts: Sequence[tuple[int, Explanation]]) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(), Text(title, style="bold underline"), Text()]
    for index, explanation in texts:
        parts += [titled(f"Text {index}", explanation), Text()]
    return parts if texts else [*parts, Text("There is none."), Text()]
