"""A page of the manual and the result of a search in it, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from rich import box
from rich.markdown import CodeBlock, Heading, Markdown, TableElement
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from tmeattn.docs import Match, Topic

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, JustifyMethod, RenderableType, RenderResult
    from rich.markdown import MarkdownElement

WIDEST = 100
"""Columns of a page at most: longer lines are hard to read."""

_GAP = 2
_THEME = Theme(
    {
        "markdown.h1": "bold underline",
        "markdown.h2": "bold underline",
        "markdown.h3": "bold",
        "markdown.code": "cyan",  # without a background, so that it can be read on light and on dark terminals
        "markdown.link": "underline",
        "markdown.link_url": "underline",
    }
)


@dataclass(frozen=True)
class ManualPage:
    """A page of the manual, at most `WIDEST` columns wide."""

    topic: Topic

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        page = _Page(self.topic.terminal_text, hyperlinks=False)
        with console.use_theme(_THEME):
            yield from console.render(page, options.update(width=min(options.max_width, WIDEST)))


@dataclass(frozen=True)
class ManualMatches:
    """What a search found: topic and heading once, then each line with the searched words highlighted."""

    words: str
    matches: Sequence[Match]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for place, matches in groupby(self.matches, key=lambda match: (match.topic, match.heading)):
            yield Text(": ".join(place), style="bold")
            for match in matches:
                line = Text(match.line)
                line.highlight_words([" ".join(self.words.split())], "reverse", case_sensitive=False)
                yield Padding(line, (0, 0, 0, 4))


class _Heading(Heading):
    LEVEL_ALIGN: ClassVar[dict[str, JustifyMethod]] = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "left")


class _CodeBlock(CodeBlock):
    """Code as it is typed: no background, no colours that assume a dark terminal."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Padding(Text(str(self.text).rstrip(), style="cyan", overflow="fold"), (0, 0, 0, 2))


class _Table(TableElement):
    """A table whose columns are never narrower than their longest word; where that does not fit, a list of rows."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        headings, rows = self._cells()
        columns = [[heading, *column] for heading, column in zip(headings, zip(*rows, strict=True), strict=True)]
        widths = _column_widths(console, options, columns)
        yield from _listed(headings, rows) if widths is None else [_tabular(headings, rows, widths)]

    def _cells(self) -> tuple[list[Text], list[list[Text]]]:
        assert self.header is not None
        assert self.header.row is not None
        headings = [cell.content.copy() for cell in self.header.row.cells]
        for heading in headings:
            heading.stylize("bold")
        rows = [] if self.body is None else [[cell.content for cell in row.cells] for row in self.body.rows]
        return headings, rows


def _column_widths(
    console: Console, options: ConsoleOptions, columns: Sequence[Sequence[Text]]
) -> Sequence[int] | None:
    """How many cells each column gets; None where the longest words do not fit.

    Every column gets its longest word. What is left is shared equally, the columns that need least first, so that
    short columns do not wrap.
    """
    measured = [[Measurement.get(console, options, cell) for cell in column] for column in columns]
    least = [max(cell.minimum for cell in column) for column in measured]
    most = [max(cell.maximum for cell in column) for column in measured]
    spare = options.max_width - _GAP * (len(columns) - 1) - sum(least)
    if spare < 0:
        return None
    widths = list(least)
    needed = sorted((high - low, at) for at, (low, high) in enumerate(zip(least, most, strict=True)))
    for done, (need, at) in enumerate(needed):
        given = min(need, spare // (len(needed) - done))
        widths[at] += given
        spare -= given
    return widths


def _tabular(headings: Sequence[Text], rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, _GAP - 1, 0, 0))
    for heading, width in zip(headings, widths, strict=True):
        table.add_column(heading, width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _listed(headings: Sequence[Text], rows: Sequence[Sequence[Text]]) -> Iterator[RenderableType]:
    """Each row as its first cell, and below it the others with their headings; empty cells are left out."""
    for row in rows:
        yield row[0] if row[0].plain else headings[0]
        for heading, cell in zip(headings[1:], row[1:], strict=True):
            if cell.plain:
                yield Padding(Text.assemble(heading, ": " if heading.plain else "", cell), (0, 0, 0, 4))


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
        "table_open": _Table,
    }
