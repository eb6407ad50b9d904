"""Some runs compared: their results, their curves over each other, and the options in which they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar, get_args

from textual import events
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tmeattn.errors import TmeattnError
from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.render.export import comparison as export
from tmeattn.render.numbers import count
from tmeattn.runs.directory import RunDirectory
from tmeattn.tui import keys
from tmeattn.tui.messages import CopyText, ShowProblem
from tmeattn.tui.screens.chart_actions import ChartActions
from tmeattn.tui.screens.export_dialog import export_as
from tmeattn.tui.screens.paned import PanedScreen
from tmeattn.tui.services.compared_curves import SHOWN, Measure
from tmeattn.tui.services.comparing import Cancelled, Classified, RunComparer
from tmeattn.tui.session import Session
from tmeattn.tui.widgets.comparison_panes import ComparedCurves, OptionsPane, ResultsPane, TablesPane
from tmeattn.tui.widgets.tab_line import TabLine

if TYPE_CHECKING:
    from tmeattn.evaluation.paired import TextComparison

EVERY = 5.0
"""Seconds between two readings of runs that are being trained."""


class CompareScreen(PanedScreen, ChartActions):
    """All panes on a large screen, one of them on a small one."""

    place = "compare"
    BINDINGS: ClassVar = keys.bindings("compare")
    PANES: ClassVar = {"results": "1 Results", "curves": "2 Curves", "options": "3 Options"}

    class Progressed(Message):
        """The runs have classified more texts."""

        def __init__(self, place: Classified) -> None:
            super().__init__()
            self.place = place

    def __init__(self, session: Session, runs: Sequence[RunDirectory]) -> None:
        super().__init__(session, "results")
        self.comparer = RunComparer(runs)
        self.folded = True
        self._about_texts = ""
        self._busy = False

    def body(self) -> Iterable[Widget]:
        yield self.tabs
        yield Horizontal(Vertical(ResultsPane(), OptionsPane(), id="tables"), ComparedCurves(), id="panes")
        yield Static(f"Reading {counted(len(self.comparer.runs), 'run')} …", id="waiting", markup=False)

    def on_mount(self) -> None:
        self.query_one("#panes").display = False
        for pane in self.query(TablesPane):
            pane.enlarge = keys.display_for("compare.zoom", self.session.saved.keys)
        self.set_interval(EVERY, self._tick)
        self._arrange()
        self.run_worker(self._read(), group="read")

    def _tick(self) -> None:
        if self.is_current and self.comparer.is_live and not self._busy:
            self.run_worker(self._read(), group="read", exclusive=True)

    async def _read(self) -> None:
        """Read the runs and show them; an error stays on the screen."""
        try:
            await self.comparer.read()
        except (TmeattnError, OSError) as error:
            if not self._is_closed():
                self._show_waiting(f"{error}\n\nPress esc to go back to the runs.")
            return
        if self._is_closed():
            return
        self.query_one("#waiting").display = False
        self.query_one("#panes").display = True
        self._draw()
        if self.focused is None:
            self._focus_pane()

    def _show_waiting(self, text: str) -> None:
        self.query_one("#panes").display = False
        waiting = self.query_one("#waiting", Static)
        waiting.display = True
        waiting.update(safe(text))

    def _draw(self) -> None:
        comparison = self.comparer.comparison
        if comparison is None:
            return
        self.query_one(ResultsPane).show_results(comparison, self._on_texts(), self._offer())
        unfold = keys.display_for("compare.open", self.session.saved.keys)
        self.query_one(OptionsPane).show_options(comparison, folded=self.folded, key=unfold)
        self.query_one(ComparedCurves).show_curves(comparison)

    def _on_texts(self) -> TextComparison | str:
        """The differences on the same texts, or the line that stands for them; "" where nobody has asked for them."""
        if self.comparer.texts is not None and not self._busy:
            return self.comparer.texts
        if not self._about_texts and self.comparer.reason:
            return f"Not compared text by text: {self.comparer.reason}"
        return self._about_texts

    def _offer(self) -> str:
        key = keys.display_for("compare.paired", self.session.saved.keys)
        return (
            f"Press {key} to classify the validation texts with each of the {counted(len(self.comparer.runs), 'run')}: "
            "this gives the paired differences of the accuracies, with their intervals."
        )

    # ---- panes

    def _arrange(self) -> None:
        """Show all panes where they have room and the user has chosen none, else one pane."""
        self.set_class(self._has_room, "-all")
        for pane in self.PANES:
            self.query_one(f"#{pane}").display = self._has_room or pane == self.pane
        self.query_one("#tables").display = self._has_room or self.pane != "curves"
        self.query_one("#tabs", TabLine).choose(self.pane)
        self._refresh_keys()

    def _refresh_keys(self) -> None:
        self.refresh_footer((self.pane, self._has_room, self._busy, self.comparer.cancelled))

    def is_applicable(self, action: str) -> bool:
        """The keys of the curves can do something only where the curves are shown."""
        if action in ("stop", "paired"):
            if self._busy:
                return action == "stop" and not self.comparer.cancelled
            return action == "paired" and self.comparer.texts is None
        return self._has_room or self.pane == "curves" or action not in ("measure", "split", "log_scale")

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()

    def _open_pane(self) -> None:
        self._arrange()
        self._focus_pane()

    def _focus_pane(self) -> None:
        """Give the focus to the pane, so that the arrow keys scroll it; of the curves, to their legend."""
        self.query_one("#legend" if self.pane == "curves" else f"#{self.pane}").focus()

    # ---- actions

    @property
    def curves(self) -> ComparedCurves:
        return self.query_one(ComparedCurves)

    def action_measure(self) -> None:
        curves = self.curves
        measures: tuple[Measure, ...] = get_args(Measure)
        curves.choose(measure=measures[(measures.index(curves.measure) + 1) % len(measures)])

    def action_split(self) -> None:
        curves = self.curves
        curves.choose(shown=SHOWN[(SHOWN.index(curves.shown) + 1) % len(SHOWN)])

    def action_zoom(self) -> None:
        """Give the pane with the focus the whole screen, or take it back."""
        around = self.focused.ancestors_with_self if self.focused else []
        self.action_pane(next((str(each.id) for each in around if each.id in self.PANES), self.pane))

    def action_unfold(self) -> None:
        self.folded = not self.folded
        if not self.has_class("-all"):
            self.pane = "options"
            self._open_pane()
        self._draw()

    def action_copy(self) -> None:
        self.post_message(CopyText(self.comparer.command))

    def action_export(self) -> None:
        comparison, comparer = self.comparer.comparison, self.comparer
        if comparison is not None:
            reason = comparer.reason or "they were not classified."
            export_as(
                self,
                "the comparison",
                "comparison.md",
                export.FORMATS,
                lambda path: export.write(comparison, comparer.texts, reason, path),
            )

    def action_paired(self) -> None:
        if self.comparer.comparison is None or self._busy:
            return
        if self.comparer.texts is not None:
            self.post_message(ShowProblem("The texts have been compared: see the results."))
            return
        self._busy = True
        if not self.has_class("-all"):
            self.pane = "results"
            self._open_pane()
        self.query_one(ResultsPane).scroll_home(animate=False)  # the progress and the differences are at its top
        self.run_worker(self._compare_texts(), group="texts")

    async def _compare_texts(self) -> None:
        self._tell(Classified(0, len(self.comparer.runs)))
        try:
            await self.comparer.compare_texts(self.session.reader, self._post_progress)
        except Cancelled:
            self._end(f"Stopped. {self._offer()}")
        except TmeattnError as error:
            self._end(f"Not compared text by text: {error}")
        else:
            self._end("")

    def _post_progress(self, place: Classified) -> None:
        """Called on the thread that classifies, which must not wait for the screen."""
        self.post_message(self.Progressed(place))

    def on_compare_screen_progressed(self, message: Progressed) -> None:
        if self._busy and not self.comparer.cancelled:
            self._tell(message.place)

    def _tell(self, place: Classified) -> None:
        stop = keys.display_for("compare.stop", self.session.saved.keys)
        if place.runs == place.of_runs:
            self._say("Comparing the predictions …")
            return
        texts = f"{count(place.texts)} of {counted(place.of_texts, 'text')}" if place.of_texts else "loading it"
        run = f"run {place.runs + 1} of {place.of_runs}"
        self._say(f"Classifying the validation texts with {run}: {texts}. {stop} stops this.")

    def _say(self, line: str) -> None:
        """Show a line in place of the differences on the same texts."""
        self._about_texts = line
        if not self._is_closed():
            self._draw()
            self._refresh_keys()

    def _end(self, line: str) -> None:
        self._busy = False
        self._say(line)

    def action_stop(self) -> None:
        """Stop classifying."""
        if self._busy and not self.comparer.cancelled:
            self.comparer.cancel()
            self._say("Stopping …")

    def on_unmount(self) -> None:
        self.comparer.cancel()
