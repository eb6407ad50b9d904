"""The words of one or two explanations: the cursor, the line about its word, and the words that are left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rich.text import Text
from textual import work
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import Span, without_words
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.services.heatmap_words import LaidOutWord
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.explanation_pane import ExplanationPane
from tmeattn.tui.widgets.heatmap import HeatmapView
from tmeattn.tui.wording.explanations import change, word_details

MOMENT = 0.15
"""Seconds that the cursor stays at a word until the prediction without the word is computed."""
PATIENCE = 0.5
"""Seconds after which the screen shows that it waits, and the reason."""


class ExplainedWords(BaseScreen):
    """A screen with a pane for each run, whose keys go from word to word and leave words out of the text.

    dropped: the words that are left out.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.dropped: list[Span] = []

    @property
    def text(self) -> str:
        """The text to explain."""
        raise NotImplementedError

    @property
    def panes(self) -> list[tuple[ExplanationPane, RunDirectory | None]]:
        """The visible panes, each with its run."""
        raise NotImplementedError

    @property
    def active(self) -> ExplanationPane:
        """The pane that the keys act on."""
        raise NotImplementedError

    def explain_again(self) -> None:
        """Explain the text without the words that are left out."""
        raise NotImplementedError

    @contextmanager
    def waiting_for(self, what: str) -> Iterator[None]:
        """Show that the screen waits, and the reason, if it takes long."""
        timer = self.set_timer(PATIENCE, lambda: self.put_word([Text(what, style="italic")]))
        try:
            yield
        finally:
            timer.stop()

    def on_heatmap_view_at(self, event: HeatmapView.At) -> None:
        """Move the cursor of the other pane to the same word, and show the score of the word."""
        if event.item is None:
            return
        for pane, _ in self.panes:
            if event.heatmap.has_focus and pane.heatmap is not event.heatmap:
                with pane.heatmap.prevent(HeatmapView.At):
                    pane.heatmap.go_to(event.item.start)
        self.show_word(event.item)

    @work(exclusive=True, group="word")
    async def show_word(self, item: LaidOutWord | None) -> None:
        """Show the score of a word in every pane, and after a moment the prediction without the word."""
        lines = [
            (run, pane.explanation, word_details(self.text, here, pane.explanation))
            for pane, run in self.panes
            if run and item and pane.explanation and (here := pane.heatmap.at(item.start))
        ]
        self.put_word([line for *_, line in lines])
        if item is None or item.word is None:
            return
        await asyncio.sleep(MOMENT)
        without = without_words(self.text, [*self.dropped, (item.start, item.end)])
        common = lines[0][1].target_label if len(lines) > 1 else None
        for run, explanation, line in lines:
            try:
                (after_C,) = await self.session.reader.probabilities(run, [without])
            except TmeattnError:  # the pane shows it
                return
            line.append("\n" if len(lines) == 1 else "; ").append(f"if deleted: {change(explanation, after_C, common)}")
        self.put_word([line for *_, line in lines])

    def put_word(self, lines: list[Text]) -> None:
        self.query_one("#word", Static).update(Text("\n").join(lines), layout=False)

    def action_word(self, by: int) -> None:
        self.active.heatmap.move(by)

    def action_line(self, by: int) -> None:
        self.active.heatmap.move_lines(by)

    def action_page(self, by: int) -> None:
        self.active.heatmap.move_lines(by * self.active.heatmap.page)

    def action_first(self) -> None:
        self.active.heatmap.go_to(0)

    def action_last(self) -> None:
        self.active.heatmap.go_to(len(self.text))

    def action_strong(self) -> None:
        self.active.heatmap.next_strongest()

    def action_delete(self) -> None:
        item = self.active.heatmap.item
        if item is None or self.active.explanation is None:
            return
        span = item.start, item.end
        if span in self.dropped:
            self.dropped.remove(span)
        else:
            self.dropped.append(span)
        self.explain_again()

    def action_undo(self) -> None:
        if self.dropped:
            start, _ = self.dropped.pop()
            self.active.heatmap.go_to(start)
            self.explain_again()

    def action_reset(self) -> None:
        if self.dropped:
            self.dropped.clear()
            self.explain_again()
