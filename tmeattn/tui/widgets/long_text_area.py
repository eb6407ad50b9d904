"""A field for a text whose lines may be as long as the text: pasted reviews have no line breaks."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from rich.text import Span, Text
from textual.widgets import TextArea


class LongTextArea(TextArea):
    """A `TextArea` that cuts out only the part of a wrapped line that it draws.

    Textual's divides the whole line into its hundreds of parts for each row of the screen.
    """

    def get_line(self, line_index: int) -> Text:
        return _Line(self.document.get_line(line_index), end="", no_wrap=True)


class _Line(Text):
    def divide(self, offsets: Iterable[int]) -> Any:
        return _Parts(self, [0, *offsets, len(self)])


class _Parts:
    """The parts of a line between its breaks, made when they are asked for."""

    def __init__(self, line: Text, breaks: list[int]) -> None:
        self.line, self.plain = line, line.plain
        self.bounds = list(pairwise(breaks))

    def __len__(self) -> int:
        return len(self.bounds)

    def __getitem__(self, at: int) -> Text:
        start, end = self.bounds[at]
        spans = [
            Span(max(span.start - start, 0), min(span.end, end) - start, span.style)
            for span in self.line.spans
            if span.start < end and span.end > start
        ]
        return Text(self.plain[start:end], style=self.line.style, end="", no_wrap=True, spans=spans)
