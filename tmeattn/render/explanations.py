"""Several explanations on one page: one text by several methods or by two models, many texts, the mistakes of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.explanation_texts import heatmap_header, method_text
from tmeattn.render.heatmap import STRONGEST, HeatmapKey, heatmap
from tmeattn.render.layout import SideBySide
from tmeattn.render.numbers import MISSING, count, dataset_name, percent, percent_change
from tmeattn.render.tables import Column, table

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Mistakes

Span = tuple[int, int]


def by_methods(explanations: Sequence[Explanation], *, top: int = STRONGEST) -> Group:
    """One text by several methods: a heatmap for each method, then a table of the strongest words.

    The table divides each score by the largest of its method, because the methods have different units.
    """
    parts: list[RenderableType] = []
    printed: set[str] = set()
    for explanation in explanations:
        header = [line for line in heatmap_header(explanation) if line.plain not in printed]
        printed |= {line.plain for line in header}
        parts += [*header, Text(), heatmap(explanation, details=False), Text()]
    parts += [HeatmapKey(tuple(explanations)), Text(), _scores_by_method(explanations, top)]
    return Group(*parts)


def side_by_side(first: Explanation, second: Explanation, *, top: int = STRONGEST) -> Group:
    """One text explained for two models, and a table of the words whose shares differ most."""
    halves = [Group(*heatmap_header(each), Text(), heatmap(each, details=False)) for each in (first, second)]
    parts: list[RenderableType] = [SideBySide(*halves), Text(), HeatmapKey((first, second))]
    rows = [
        (
            " ".join(word.text.split()),
            _share_text(word.first),
            _share_text(word.second),
            percent_change(word.first or 0.0, word.second or 0.0),
        )
        for word in word_differences(first, second)[:top]
        if word.difference
    ]
    if rows:
        names = [each.model if first.model != second.model else each.run for each in (first, second)]
        columns = [Column("word", wrap=True), *(Column(name, numeric=True) for name in names)]
        parts += [
            Text(),
            table(
                [*columns, Column("difference, points", numeric=True)],
                rows,
                title="Largest differences",
                caption="Shares of the sum of absolute scores; a minus sign is evidence against the class.",
            ),
        ]
    return Group(*parts)


def one_after_another(explanations: Sequence[Explanation], *, methods: int = 1) -> Group:
    """Many texts, each with `methods` heatmaps under its number and prediction; one legend at the end."""
    parts: list[RenderableType] = []
    for index, explanation in enumerate(explanations):
        title = f"Text {index // methods + 1}" + (f", {explanation.method}" if methods > 1 else "")
        parts += [titled(title, explanation), Text()]
    return Group(*parts, HeatmapKey(tuple(explanations)))


def mistakes(results: Mistakes) -> Group:
    """The number of mistakes, the most confident ones, the least certain texts, and one legend."""
    split = "all texts" if results.split == "all" else f"{results.split} split"
    where = f"{dataset_name(results.dataset)}, {split}"
    wrong = f"{counted(results.texts, 'text')} without labels"
    if results.wrong is not None:
        share = percent(results.wrong / max(results.texts, 1))
        wrong = f"{count(results.wrong)} of {counted(results.texts, 'text')} wrong ({share})"
    heading = f"{results.model} (run {results.run}): {wrong}, {where}"
    explanations = [explanation for _, explanation in (*results.confident, *results.uncertain)]
    parts: list[RenderableType] = [Text(safe(heading), style="bold")]
    if results.note:
        parts.append(Text(safe(results.note), style="dim"))
    if explanations:
        parts.append(Text(f"Word scores: {safe(method_text(explanations[0]))}.", style="dim"))
    if results.wrong is not None:
        parts += _numbered_texts("The most confident mistakes", results.confident)
    parts += _numbered_texts("The least certain predictions", results.uncertain)
    return Group(*parts, HeatmapKey(tuple(explanations)))


def titled(title: str, explanation: Explanation) -> Group:
    """A heatmap without details under its title and prediction."""
    prediction, *_ = heatmap_header(explanation)
    heading = Text(safe(title), style="bold").append("  ")
    heading.append_text(prediction)
    return Group(heading, heatmap(explanation, details=False))


@dataclass(frozen=True)
class WordDifference:
    """A word of a text and its share of all absolute scores in two explanations; None: the model did not read it."""

    text: str
    first: float | None
    second: float | None

    @property
    def difference(self) -> float:
        return (self.second or 0.0) - (self.first or 0.0)


def word_differences(first: Explanation, second: Explanation) -> list[WordDifference]:
    """The words of both explanations of one text, sorted by how much their shares differ, the largest first."""
    shares = [_shares(explanation) for explanation in (first, second)]
    words = [
        WordDifference(first.text[start:end], shares[0].get((start, end)), shares[1].get((start, end)))
        for start, end in sorted(shares[0].keys() | shares[1].keys())
    ]
    return sorted(words, key=lambda word: -abs(word.difference))


def _numbered_texts(title: str, texts: Sequence[tuple[int, Explanation]]) -> list[RenderableType]:
    parts: list[RenderableType] = [Text(), Text(title, style="bold underline"), Text()]
    for index, explanation in texts:
        parts += [titled(f"Text {index}", explanation), Text()]
    return parts if texts else [*parts, Text("None."), Text()]


def _scores_by_method(explanations: Sequence[Explanation], top: int) -> RenderableType:
    first = explanations[0]
    scaled = [_over_largest(explanation) for explanation in explanations]
    ranked = sorted(range(len(first.words)), key=lambda at: -max(abs(scores[at]) for scores in scaled))
    rows = []
    for at in ranked[:top]:
        scores = [
            f"{scores[at]:+.2f}" if explanation.signed else f"{scores[at]:.2f}"
            for explanation, scores in zip(explanations, scaled, strict=True)
        ]
        word = first.words[at]
        rows.append([" ".join(first.word_text(word).split()), *scores])
    columns = [Column("word", wrap=True), *(Column(explanation.method, numeric=True) for explanation in explanations)]
    return table(columns, rows, title="Strongest words", caption="Each score over the largest of its method.")


def _over_largest(explanation: Explanation) -> list[float]:
    peak = explanation.largest_score or 1.0
    return [word.score / peak for word in explanation.words]


def _shares(explanation: Explanation) -> dict[Span, float]:
    total = sum(abs(word.score) for word in explanation.words) or 1.0
    return {(word.start, word.end): word.score / total for word in explanation.words}


def _share_text(share: float | None) -> str:
    return MISSING if share is None else percent(share)
