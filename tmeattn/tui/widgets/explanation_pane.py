"""The explanation of a text by one run: prediction, heatmap and legend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.explain.explanation import SEE_MAPS
from tmeattn.render.console import safe
from tmeattn.render.heatmap import STRONGEST, legend, strongest
from tmeattn.tui.widgets.heatmap import HeatmapView
from tmeattn.tui.wording.explanations import verdict

if TYPE_CHECKING:
    from tmeattn.explain.explanation import Explanation, Span

AROUND = 6
"""Lines of a pane above and below the text."""
LEAST = 8
"""Lines of the text that must be visible before a line around it may be wrapped."""
AROUND_TEXT = (".verdict", ".note", ".legend")
HIGH = 28
"""The height in lines from which a pane lists the strongest words even if its text has to scroll."""


MAPS = "To see the maps, open the attention map."
"""What stands for the options of the command in a note."""


class ExplanationPane(Vertical):
    """The prediction above the text, or one line that gives the reason why there is no explanation."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.explanation: Explanation | None = None
        self.whole: Explanation | None = None
        self._verdict = Text()
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
        self._verdict = verdict(explanation, self.whole, len(dropped), common=common)
        self.query_one(".verdict", Static).update(self._verdict)
        note = self.query_one(".note", Static)
        note.display = bool(explanation.note)
        note.update(safe(_note(explanation)))
        self.heatmap.show(text, explanation, dropped)
        self._explain_colours()

    def knows_whole(self, text: str, run: str) -> bool:
        """Whether the explanation of the whole text by this run has been shown before."""
        return self.whole is not None and (self.whole.text, self.whole.run) == (text, run)

    def show_message(self, what: str | TmeattnError) -> None:
        """Show a line in place of the heatmap: the problem and the next action."""
        self.explanation = self.whole = self._explained = None
        self.query_one(".note").display = self.query_one(".strongest").display = False
        self.heatmap.clear()
        self.add_class("-message-only")
        for name in AROUND_TEXT:  # until the height of the next text is known
            self.query_one(name).add_class("-cut")
        failed = isinstance(what, TmeattnError)
        self.query_one(".message", Static).update(Text(safe(str(what)), style="bold" if failed else ""))

    def on_resize(self) -> None:
        self.call_after_refresh(self._explain_colours)

    def _explain_colours(self) -> None:
        marks = self.heatmap.marks
        if self.explanation is None or marks is None:
            return
        state = self.explanation, self._verdict.plain, marks, self.size, self.heatmap.virtual_size.height
        if state == self._explained:
            return
        self._explained = state
        legend_text = Text("\n").join(legend(self.explanation, marks))
        self.query_one(".legend", Static).update(legend_text)
        self._wrap(self.explanation, legend_text)
        below = self.query_one(".strongest", Static)
        needed = AROUND + self.heatmap.virtual_size.height + STRONGEST + 2
        below.display = self.size.height >= min(needed, HIGH)
        if below.display:
            below.update(Group(*strongest(self.explanation, marks, self.size.width - 2)))

    def _wrap(self, explanation: Explanation, legend_text: Text) -> None:
        """Wrap the lines around the text if the text leaves space for them, else cut them at the edge."""
        parts = {".verdict": self._verdict, ".note": Text(safe(_note(explanation))), ".legend": legend_text}
        least = {".verdict": len(self._verdict.split()), ".note": int(bool(explanation.note)), ".legend": 1}
        left = self.size.height - sum(least.values()) - min(self.heatmap.virtual_size.height, LEAST)
        for name, part in parts.items():
            more = len(part.wrap(self.app.console, max(self.size.width, 1))) - least[name]
            self.query_one(name).set_class(more > max(left, 0), "-cut")
            left -= more if more <= left else 0


def _note(explanation: Explanation) -> str:
    """The note of an explanation, with keys in place of the options of the command; empty without one."""
    return (explanation.note or "").replace(SEE_MAPS, MAPS)
