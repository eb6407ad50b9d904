"""The application: its rooms, what they share, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.screen import Screen

from tmeattn.errors import BadInput
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.tui import keys, themes
from tmeattn.tui.reading import Asked, Reader
from tmeattn.tui.screens.data import DataScreen
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.screens.models import ModelsScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.screens.too_small import LEAST_HEIGHT, LEAST_WIDTH, TooSmall
from tmeattn.tui.state import State


class TmeattnApp(App[None]):
    """tmeattn in a terminal.

    reader:       reads texts with trained runs.
    asked:        a text that Explain is to show when it comes up next, None where nobody asked.
    selected_run: the run that Explain and Data read with: the one highlighted or opened last, at first the newest with
    a checkpoint; None where there is none.
    """

    TITLE = "tmeattn"
    MODES: ClassVar = {"runs": RunsScreen, "explain": ExplainScreen, "data": DataScreen, "models": ModelsScreen}
    DEFAULT_MODE = "runs"
    BINDINGS: ClassVar = keys.bindings("app")
    COMMAND_PALETTE_BINDING = "ctrl+p"
    CSS = """
    Toast { max-width: 70; }
    """

    def __init__(self, run: RunDirectory | None = None, *, state: State | None = None) -> None:
        super().__init__()
        self.state = state or State.load()
        self.reader = Reader()
        self.asked: Asked | None = None
        self._opened = run
        self._selected = run
        for theme in themes.THEMES:
            self.register_theme(theme)

    async def on_mount(self) -> None:
        self.theme = self.state.theme if self.state.theme in self.available_themes else themes.DEFAULT
        self.set_keymap(keys.keymap(self.state.keys))
        if self._opened is not None:
            self.open_run(self._opened)
        elif self.state.screen in self.MODES and self.state.screen != self.DEFAULT_MODE:
            await self.switch_mode(self.state.screen)

    @property
    def selected_run(self) -> RunDirectory | None:
        if self._selected is None or not self._selected.path.exists():
            try:
                self._selected = find_run("latest")
            except BadInput:
                self._selected = None
        return self._selected

    @selected_run.setter
    def selected_run(self, run: RunDirectory | None) -> None:
        self._selected = run

    def open_run(self, run: RunDirectory) -> None:
        """Show a run, whoever trains it."""
        self.selected_run = run

    def open_explain(self, text: str, *, run: RunDirectory | None = None, true_label: str | None = None) -> None:
        """Explain a text, with `run` or the selected one."""
        self.selected_run = run or self.selected_run
        self.asked = Asked(text, true_label)
        self.switch_mode("explain")

    def open_data(self, *, run: RunDirectory | None = None) -> None:
        """Browse the texts of a run's dataset."""
        self.selected_run = run or self.selected_run
        self.switch_mode("data")

    async def action_mode(self, mode: str) -> None:
        """Go to a room."""
        await self.switch_mode(mode)

    def action_help(self) -> None:
        """Show the keys."""

    def action_next_theme(self) -> None:
        """The next of tmeattn's own themes."""
        names = [theme.name for theme in themes.THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(f"Theme: {self.theme.removeprefix('tmeattn-')}", markup=False, timeout=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        yield from super().get_system_commands(screen)

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def on_unmount(self) -> None:
        self.reader.close()
        self.state.theme = self.theme
        self.state.screen = self.current_mode
        self.state.save()
