"""The application: it opens screens, starts and stops training processes, and saves the state for the next session."""

from __future__ import annotations

import time
from functools import partial
from io import StringIO
from typing import Any, ClassVar

from textual import events
from textual.widgets import Button, Input, TextArea

from tmeattn.errors import TmeattnError
from tmeattn.render.console import safe
from tmeattn.render.export.terminal_svg import MIME_TYPE, picture
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.queue import add_to_queue
from tmeattn.training.queue_runner import start_runner
from tmeattn.tui import keys, themes
from tmeattn.tui.commands import Commands
from tmeattn.tui.input_order import InputOrder
from tmeattn.tui.messages import (
    CopyText,
    GoBack,
    KeysChanged,
    NotStarted,
    OpenComparison,
    OpenData,
    OpenExplain,
    OpenNewRun,
    OpenQueue,
    OpenReproduction,
    OpenRun,
    QueueRuns,
    StartRun,
)
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.compare import CompareScreen
from tmeattn.tui.screens.data import DataScreen
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.screens.help import HelpScreen
from tmeattn.tui.screens.models import ModelsScreen
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.screens.queue import QueueScreen
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.screens.too_small import LEAST_HEIGHT, LEAST_WIDTH, TooSmall
from tmeattn.tui.services import garbage
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.session import Session, TextToExplain
from tmeattn.tui.styles import SharedRules
from tmeattn.tui.terminal import fit_to_terminal, frame_of
from tmeattn.tui.training_requests import TrainingRequests
from tmeattn.tui.widgets.choice import Choice
from tmeattn.tui.widgets.field_editors import Cycle

EVERY = 1.0
"""Seconds between two checks of the training processes."""
LEARN_EVERY = 0.2
"""Seconds between two widgets whose styles are parsed before they are needed."""
TABS: dict[str, type[BaseScreen]] = {
    "runs": RunsScreen,
    "explain": ExplainScreen,
    "data": DataScreen,
    "models": ModelsScreen,
}
"""The modes of the application, each with the screen at its bottom."""
FIELDS = (Input, TextArea, Choice, Cycle, Button)
"""Widgets that are filled in or answered: a letter pressed there does not quit."""


class TmeattnApp(TrainingRequests):
    """tmeattn as a full-screen program. It answers the messages of the screens (see messages.py)."""

    TITLE = "tmeattn"
    CSS_PATH: ClassVar = ["app.tcss", "widgets.tcss"]
    DEFAULT_MODE = "runs"
    BINDINGS: ClassVar = keys.bindings("app")
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS: ClassVar = {Commands}

    def __init__(self, run: RunDirectory | None = None, *, saved: SavedState | None = None) -> None:
        super().__init__()
        self.stylesheet = SharedRules(variables=self.get_css_variables())
        fit_to_terminal(self)
        self.session = Session(saved, selected_run=run)
        self._first_run = run
        self._input = InputOrder(self, super().on_event)
        self._tabs_before: list[str] = []
        for mode, screen in TABS.items():
            self.add_mode(mode, partial(self._new_tab, screen))
        for theme in themes.THEMES:
            self.register_theme(theme)

    def _new_tab(self, screen: type[BaseScreen]) -> BaseScreen:
        """The first screen of a tab. Its widgets will get the present styles: else Textual parses all styles again. The
        first tab is opened before the application has styles of its own, so its widgets have to be styled again."""
        tab = screen(self.session)
        if screen is not TABS[self.DEFAULT_MODE]:
            tab.has_present_styles(self)
        return tab

    async def on_mount(self) -> None:
        garbage.begin()
        saved = self.session.saved
        self.set_interval(EVERY, self._check_processes)
        self._learning = self.set_interval(LEARN_EVERY, self._learn_styles)
        self.theme = saved.theme if saved.theme in self.available_themes else themes.DEFAULT
        self.set_keymap(keys.keymap(saved.keys))
        if self._first_run is not None:
            await self._open_run(OpenRun(self._first_run))
        elif saved.screen in TABS and saved.screen != self.DEFAULT_MODE:
            await self.switch_mode(saved.screen)

    def _learn_styles(self) -> None:
        if isinstance(self.stylesheet, SharedRules) and not self.stylesheet.learn():
            self._learning.stop()

    async def on_event(self, event: events.Event) -> None:
        """Handle keys and pasted texts one after the other, everything else at once."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self._input.put(event)
        else:
            await super().on_event(event)

    # ---- screens

    async def on_open_run(self, message: OpenRun) -> None:
        await self._open_run(message)

    async def _open_run(self, message: OpenRun) -> None:
        if message.run.has_checkpoint():
            self.session.selected_run = message.run
        await self._open_over_runs(RunScreen(self.session, message.run, message.others))

    async def on_open_comparison(self, message: OpenComparison) -> None:
        await self._open_over_runs(CompareScreen(self.session, message.runs))

    async def on_open_queue(self, message: OpenQueue) -> None:
        await self._open_queue()

    async def _open_queue(self) -> None:
        await self._open_over_runs(QueueScreen(self.session))

    async def on_open_reproduction(self, message: OpenReproduction) -> None:
        from tmeattn.tui.screens.reproduce import ReproduceScreen

        await self._open_over_runs(ReproduceScreen(self.session))

    async def on_queue_runs(self, message: QueueRuns) -> None:
        """Add trainings to the queue, start a process that trains it, and show the queue."""
        try:
            add_to_queue(message.commands)
            start_runner()
            self.session.runner_started = time.monotonic()
        except TmeattnError as error:
            self._show_problem(error)
            return
        await self._open_queue()

    async def on_open_new_run(self, message: OpenNewRun) -> None:
        await self._open_over_runs(NewRunScreen(self.session, message.like, message.model))

    async def _open_over_runs(self, screen: BaseScreen) -> None:
        """Open a screen over the runs, in place of a run, a form or an equal one. Escape leads back to where it was
        opened."""
        screen.opened_from = self.current_mode if self.current_mode != "runs" else None
        while isinstance(self.screen, NewRunScreen | RunScreen | type(screen)):
            await self.pop_screen()
        if self.current_mode != "runs":
            await self.switch_mode("runs")
            await self._to_bottom()
        with self.batch_update():  # drawn once, when all its widgets are there
            await self.push_screen(screen)

    async def _to_bottom(self) -> None:
        """Close what is open over the first screen of the tab."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()

    async def on_go_back(self, message: GoBack) -> None:
        """Go to the screen below, or to the tab from which this one was opened, or else to the tab before."""
        came_from: str | None = None
        if len(self.screen_stack) > 1:
            came_from = self.screen.opened_from if isinstance(self.screen, BaseScreen) else None
            await self.pop_screen()
        elif self.current_mode != self.DEFAULT_MODE:
            came_from = self._tabs_before.pop() if self._tabs_before else self.DEFAULT_MODE
        if came_from is not None:
            await self.switch_mode(came_from)

    async def _go_to(self, mode: str) -> None:
        """Go to a tab, and remember the present one for the way back."""
        before = self.current_mode
        if mode != before:
            self._tabs_before = [tab for tab in self._tabs_before if tab not in (mode, before)] + [before]
            with self.batch_update():
                await self.switch_mode(mode)

    async def on_open_explain(self, message: OpenExplain) -> None:
        self._select(message.run)
        text = message.text
        self.session.text_to_explain = None if text is None else TextToExplain(text, message.true_label)
        if isinstance(self.screen, ExplainScreen):
            self.screen.update_from_session()
        else:
            await self._go_to("explain")
            await self._to_bottom()  # an attention map may be open over it

    async def on_open_data(self, message: OpenData) -> None:
        self._select(message.run)
        await self._go_to("data")

    def _select(self, run: RunDirectory | None) -> None:
        if run is not None:
            self.session.selected_run = run

    async def action_mode(self, mode: str) -> None:
        """Go to a tab as it was left; in this tab already: close what is open over its first screen. Explain is always
        opened at its text field, for a text of one's own."""
        if isinstance(self.screen, TooSmall):
            return
        if mode == self.current_mode:
            await self._to_bottom()
        await self._go_to(mode)
        if mode == "explain":
            await self._to_bottom()  # an attention map may be open over it
            if isinstance(self.screen, ExplainScreen):
                self.screen.begin_text()

    async def action_leave(self) -> None:
        """Quit by a single letter."""
        self.exit()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A single letter does not quit while a field or a form has the focus: there it was meant as text."""
        return action != "leave" or not self._takes_text()

    def _takes_text(self) -> bool:
        screen = self.screen
        return isinstance(screen.focused, FIELDS) or (isinstance(screen, BaseScreen) and screen.is_form)

    def action_help(self) -> None:
        """Show the keys of the screen."""
        if isinstance(self.screen, BaseScreen):
            self.push_screen(HelpScreen(self.session, self.screen.place))

    # ---- training processes

    async def on_start_run(self, message: StartRun) -> None:
        """Train in a process of its own, and open the run."""
        try:
            process = self.session.training.start(message.arguments, message.model)
        except TmeattnError as error:
            self.screen.post_message(NotStarted(error))
            return
        await self._open_run(OpenRun(process.run))

    # ---- notifications, keys and themes

    def on_copy_text(self, message: CopyText) -> None:
        """Copy to the terminal's clipboard, and show the text, because some terminals have none."""
        if message.text:
            self.copy_to_clipboard(message.text)
            self.notify(safe(message.text), title="Copied", markup=False)

    def on_keys_changed(self, message: KeysChanged) -> None:
        self.set_keymap(keys.keymap(self.session.saved.keys))
        self.session.saved.save()

    def action_next_theme(self) -> None:
        """Switch to the next of tmeattn's own themes."""
        names = [theme.name for theme in themes.THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(f"Theme: {self.theme.removeprefix('tmeattn-')}", markup=False, timeout=2)

    def action_picture(self) -> None:
        """Save a picture of the screen, in the folder in which tmeattn was started, as exports are."""
        shown, name = StringIO(picture(frame_of(self), "tmeattn")), time.strftime("tmeattn-%Y-%m-%d-%H-%M-%S.svg")
        self.deliver_text(
            shown, save_directory=".", save_filename=name, open_method="browser", mime_type=MIME_TYPE, name="screenshot"
        )

    # ---- size and end

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def exit(self, *arguments: Any, **named: Any) -> None:
        """Leave. Workers are cancelled first: after an await they would find their screen partly removed."""
        self._input.stop()
        self.workers.cancel_all()
        super().exit(*arguments, **named)

    def on_unmount(self) -> None:
        self.session.reader.close()
        self.session.saved.theme = self.theme
        self.session.saved.screen = self.current_mode
        self.session.saved.save()
