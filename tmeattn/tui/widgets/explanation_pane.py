"""The explanation of a text by one run: prediction, heatmap and legend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.render.heatmap import STRONGEST, legend, strongest
from tmeattn.tui.widgets.heatmap import HeatmapView
from tmeattn.tui.wording.explanations import note, verdict

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Span

AROUND = 6
"""Lines of a pane above and below the text."""
LEAST = 8
"""Lines of the text that must be visible before a line around it may be wrapped, or half of a lower pane."""
AROUND_TEXT = (".verdict", ".note", ".legend")
HIGH = 28
"""The height in lines from which a pane lists the strongest words even if its text has to scroll."""


class ExplanationPane(Vertical):
    """The prediction above the text, or one line that gives the reason why there is no explanation."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.explanation: Explanation | None = None
        self.whole: Explanation | None = None
        self._change: tuple[int, str | None] = (0, None)
        self._shown: object = None
        self._verdict, self._note = Text(), Text()
        self._explained: object = None

    def compose(self) -> ComposeResult:
        yield Static(classes="verdict -cut")
        yield Static(classes="note -cut", markup=False)
        yield HeatmapView()
        yield Static(classes="legend -cut")
        yield Static(classes="strongest")
        yield Static(classes="message")

    def on_mount(self) -> None:
        self.watch(self.heatmap, "virtual_size", self.on_resize, init=False)

    @property
    def heatmap(self) -> HeatmapView:
        return self.query_one(HeatmapView)

    def show(self, text: str, explanation: Explanation, dropped: Sequence[Span], common: str | None = None) -> None:
        """Show an explanation of `text` without the dropped words. The last explanation of the whole text is kept.

        common: the class of the scores of both runs, where two are compared.
        """
        self.explanation = explanation
        if not dropped:
            self.whole = explanation
        self.remove_class("-message-only")
        self._change = len(dropped), common
        self._show_around()
        self.heatmap.show(text, explanation, dropped)
        self._explain_colours()

    def _show_around(self) -> None:
        """Show the lines above the text, as long as they can be on one line each."""
        (dropped, common), room = self._change, self.size.width
        if self.explanation is not None and (shown := (self.explanation, dropped, common, room)) != self._shown:
            self._shown = shown
            self._verdict = verdict(self.explanation, self.whole, dropped, common=common, room=room)
            self._note = Text(note(self.explanation, room))
            self.query_one(".verdict", Static).update(self._verdict)
            self.query_one(".note").display = bool(self._note)
            self.query_one(".note", Static).update(self._note)

    @property
    def to_export(self) -> Explanation | None:
        """The explanation, and where words are deleted, the prediction of the whole text."""
        found, whole = self.explanation, self.whole
        if found is None or whole is None or not found.deleted:
            return found
        return replace(found, whole_probabilities=whole.probabilities)

    def knows_whole(self, text: str, run: str) -> bool:
        """Whether the explanation of the whole text by this run has been shown before."""
        return self.whole is not None and (self.whole.text, self.whole.run) == (text, run)

    def show_message(self, what: str | TmeattnError) -> None:
        """Show a line in place of the heatmap: the problem and the next action."""
        self.explanation = self.whole = self._explained = self._shown = None
        self.query_one(".note").display = self.query_one(".strongest").display = False
        self.heatmap.clear()
        self.add_class("-message-only")
        for name in AROUND_TEXT:  # until the height of the next text is known
            self.query_one(name).add_class("-cut")
        failed = isinstance(what, TmeattnError)
        self.query_one(".message", Static).update(Text(safe(str(what)), style="bold" if failed else ""))

    def on_resize(self) -> None:
        self._show_around()
        self.call_after_refresh(self._explain_colours)

    def _explain_colours(self) -> None:
        marks = self.heatmap.marks
        if self.explanation is None or marks is None:
            return
        around = self._verdict.plain, self._note.plain
        state = self.explanation, around, marks, self.size, self.heatmap.virtual_size.height
        if state == self._explained:
            return
        self._explained = state
        legend_text = Text("\n").join(legend(self.explanation, marks))
        self.query_one(".legend", Static).update(legend_text)
        self._wrap(legend_text)
        below = self.query_one(".strongest", Static)
        needed = AROUND + self.heatmap.virtual_size.height + STRONGEST + 2
        below.display = self.size.height >= min(needed, HIGH)
        if below.display:
            below.update(Group(*strongest(self.explanation, marks, self.size.width - 2)))

    def _wrap(self, legend_text: Text) -> None:
        """Wrap the lines around the text if the text leaves space for them, else cut them at the edge."""
        parts = {".verdict": self._verdict, ".note": self._note, ".legend": legend_text}
        least = {".verdict": len(self._verdict.split()), ".note": int(bool(self._note)), ".legend": 1}
        of_text = min(self.heatmap.virtual_size.height, LEAST, max(self.size.height // 2, 1))
        left = self.size.height - sum(least.values()) - of_text
        for name, part in parts.items():
            more = len(part.wrap(self.app.console, max(self.size.width, 1))) - least[name]
            self.query_one(name).set_class(more > max(left, 0), "-cut")
            left -= more if more <= left else 0
