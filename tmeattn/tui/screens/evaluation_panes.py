"""The panes of the evaluation of a run: what each shows, and the keys that move in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.tui.messages import OpenExplain
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.widgets.cell_grid import CellGrid
from tmeattn.tui.widgets.confusion import ConfusionView
from tmeattn.tui.widgets.mistakes_pane import MistakesPane
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.widgets.tab_line import Tab, TabLine
from tmeattn.tui.widgets.text_table import TextTable
from tmeattn.tui.wording import evaluation as wording

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import FaithfulnessResults
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.services.run_assessments import EvaluatedRun
    from tmeattn.tui.session import Session

PANES = {
    "confusion": "1 Confusion",
    "classes": "2 Classes",
    "reliability": "3 Reliability",
    "mistakes": "4 Mistakes",
    "faithfulness": "5 Faithfulness",
}


def _page(name: str) -> Picture:
    page = Picture()
    page.id, page.can_focus = name, True
    return page


class EvaluationPanes(BaseScreen):
    """One pane at a time, or a message in its place. Subclasses compute the results and say how far they are.

    pane:                    the one that is shown.
    evaluated, faithfulness: the results; None while there are none.
    """

    AUTO_FOCUS = ""

    def __init__(self, session: Session, run: RunDirectory, pane: str) -> None:
        super().__init__(session)
        self.run = run
        self.pane = pane
        self._texts_from: str | None = None
        self.evaluated: EvaluatedRun | None = None
        self.faithfulness: FaithfulnessResults | None = None

    def body(self) -> Iterable[Widget]:
        yield TabLine([Tab(pane, name, f"screen.pane('{pane}')") for pane, name in PANES.items()], self.pane, id="tabs")
        yield Static("", id="summary", markup=False)
        yield ConfusionView(id="confusion")
        yield _page("classes")
        yield _page("reliability")
        yield MistakesPane(self.run, self.session.reader, id="mistakes")
        yield _page("faithfulness")
        yield Static("", id="message", markup=False)
        yield Static("", id="cell", markup=False)

    def on_resize(self) -> None:
        self._draw_reliability()

    # ---- drawing

    def _draw_evaluation(self) -> None:
        if self.evaluated is not None:
            from tmeattn.render.evaluation import classes_page

            document = self.evaluated.document
            self.query_one("#confusion", ConfusionView).show(document)
            self.query_one("#classes", Picture).show(classes_page(document))
            self._draw_reliability()
            self.mistakes.show(self.evaluated, self.mistakes.only)

    def _draw_reliability(self) -> None:
        """Draw the diagram as high as the screen has room for it."""
        if self.evaluated is not None:
            from tmeattn.render.evaluation_curves import reliability_page

            height = max(8, min(16, self.size.height - 12))
            self.query_one("#reliability", Picture).show(reliability_page(self.evaluated.document, height=height))

    def _draw_faithfulness(self) -> None:
        if self.faithfulness is not None:
            from tmeattn.render.faithfulness import faithfulness

            self.query_one("#faithfulness", Picture).show(faithfulness(self.faithfulness))

    @property
    def mistakes(self) -> MistakesPane:
        return self.query_one(MistakesPane)

    @property
    def _has_results(self) -> bool:
        return (self.faithfulness if self.pane == "faithfulness" else self.evaluated) is not None

    def _show_pane(self) -> None:
        """Show the chosen pane, or a message in its place while it has no results, and the lines around it."""
        ready = self._has_results
        for name in PANES:
            self.query_one(f"#{name}").display = ready and name == self.pane
        self.query_one("#message").display = not ready
        self.query_one("#tabs", TabLine).choose(self.pane)
        if ready:
            self.query_one("#table" if self.pane == "mistakes" else f"#{self.pane}").focus()
        self._tell()

    def _tell(self) -> None:
        """Update the lines around the pane."""
        raise NotImplementedError

    def _line(self) -> Text:
        """The line at the foot of the pane."""
        if self.evaluated is None:
            return Text()
        if self.pane == "confusion":
            chosen = self.query_one("#confusion", ConfusionView).chosen
            room = self.query_one("#cell", Static).size.width
            return wording.confusion(*chosen, room) if chosen else Text()
        if self.pane == "mistakes":
            return wording.mistakes(len(self.mistakes.table.rows), self.mistakes.only)
        return Text()

    @on(CellGrid.Moved)
    def grid_moved(self) -> None:
        if self.evaluated is not None and self.pane == "confusion":
            self.query_one("#cell", Static).update(self._line(), layout=False)

    # ---- keys

    def action_pane(self, pane: str) -> None:
        self.pane, self._texts_from = pane, None
        self._show_pane()

    def action_next_pane(self, by: int) -> None:
        names = list(PANES)
        self.action_pane(names[(names.index(self.pane) + by) % len(names)])

    def action_mistakes(self) -> None:
        """Show all mistakes."""
        self._show_texts(None)

    def _show_texts(self, only: tuple[str, str] | None) -> None:
        if self.evaluated is not None:
            self.mistakes.show(self.evaluated, only)
        came_from = self._texts_from if self.pane == "mistakes" else self.pane
        self.action_pane("mistakes")
        self._texts_from = came_from

    def action_back(self) -> None:
        """From texts to the pane that they were chosen in, and from there to where the user came from."""
        if self._texts_from is not None:
            self.action_pane(self._texts_from)
        else:
            super().action_back()

    def action_open(self) -> None:
        """In the matrix: show the texts of the cell. Among the mistakes: explain the text."""
        if self.pane == "mistakes":
            self.action_explain()
        elif self.pane == "confusion" and (chosen := self.query_one("#confusion", ConfusionView).chosen) is not None:
            self._show_texts((chosen[0], chosen[1]))

    @on(CellGrid.Opened)
    def cell_opened(self) -> None:
        self.action_open()

    @on(TextTable.Opened)
    def text_opened(self) -> None:
        self.action_explain()

    def action_explain(self) -> None:
        if (found := self.mistakes.chosen) is not None:
            self.post_message(OpenExplain(found[0], run=self.run, true_label=found[1]))

    def action_attention(self) -> None:
        if (found := self.mistakes.chosen) is not None:
            from tmeattn.tui.screens.attention_map import AttentionMapScreen

            self.app.push_screen(AttentionMapScreen(self.session, self.run, found[0], true_label=found[1]))

    def action_shares(self) -> None:
        self.query_one("#confusion", ConfusionView).switch()

    def action_move(self, rows: int, columns: int) -> None:
        self.query_one("#confusion", ConfusionView).move(rows, columns)

    def action_page(self, by: int) -> None:
        self.query_one("#confusion", ConfusionView).page(by)

    def action_jump(self, end: int) -> None:
        self.query_one("#confusion", ConfusionView).jump(end)

    def action_export(self) -> None:
        """Export the evaluation, or the faithfulness table. Its slow imports happen here."""
        from tmeattn.render.export import evaluation, faithfulness
        from tmeattn.tui.screens.export_dialog import export_as

        if self.pane == "faithfulness" and (study := self.faithfulness) is not None:
            write = faithfulness.write
            export_as(self, "the table", "faithfulness.md", faithfulness.FORMATS, lambda path: write([study], path))
        elif self.evaluated is not None:
            document = self.evaluated.document
            export_as(
                self,
                "the evaluation",
                "evaluation.svg",
                evaluation.FORMATS,
                lambda path: evaluation.write(document, path),
            )
