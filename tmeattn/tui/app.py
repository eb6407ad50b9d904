"""The application: its rooms, what they share, and what is remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Literal

from textual import events
from textual.app import App, SystemCommand
from textual.screen import Screen

from tmeattn.errors import BadInput, TmeattnError
from tmeattn.render.console import safe
from tmeattn.runs import control
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import find_run
from tmeattn.tui import keys, themes
from tmeattn.tui.no_color import respect_no_color
from tmeattn.tui.screens.data import DataScreen
from tmeattn.tui.screens.explain import ExplainScreen
from tmeattn.tui.screens.help import HelpScreen, commands
from tmeattn.tui.screens.models import ModelsScreen
from tmeattn.tui.screens.new_run import NewRunScreen
from tmeattn.tui.screens.run import RunScreen
from tmeattn.tui.screens.runs import RunsScreen
from tmeattn.tui.screens.too_small import LEAST_HEIGHT, LEAST_WIDTH, TooSmall
from tmeattn.tui.services.processes import TrainingProcesses
from tmeattn.tui.services.reader import LabelledText, TextReader
from tmeattn.tui.services.run_list import RunList
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.services.saved_state import SavedState
from tmeattn.tui.wording import runs as run_wording

EXIT_STOPPED = 130
PLACES: dict[str, type[Screen[Any]]] = {
    "runs": RunsScreen,
    "new": NewRunScreen,
    "run": RunScreen,
    "explain": ExplainScreen,
    "data": DataScreen,
    "models": ModelsScreen,
}
"""Where keys hold (`keys.PLACES`) and the screens that these are."""


class TmeattnApp(App[None]):
    """tmeattn in a terminal.

    trainers:     the processes that this session started.
    listing:      all runs, as the home screen follows them.
    reader:       reads texts with trained runs.
    asked:        a text that Explain is to show when it comes up next, None where nobody asked.
    selected_run: the run that Explain and Data read with: the one highlighted or opened last, at first the newest with
    a checkpoint; None where there is none.
    """

    TITLE = "tmeattn"
    MODES: ClassVar = {"runs": RunsScreen, "explain": ExplainScreen, "data": DataScreen, "models": ModelsScreen}
    CSS_PATH: ClassVar = ["app.tcss", "widgets.tcss"]
    DEFAULT_MODE = "runs"
    BINDINGS: ClassVar = keys.bindings("app")
    COMMAND_PALETTE_BINDING = "ctrl+p"
    CSS = """
    * { scrollbar-size-vertical: 1; }
    Toast { max-width: 70; }
    """

    def __init__(self, run: RunDirectory | None = None, *, state: SavedState | None = None) -> None:
        super().__init__()
        respect_no_color(self)
        self.state = state or SavedState.load()
        self.reader = TextReader()
        self.trainers = TrainingProcesses()
        self.listing = RunList()
        self.asked: LabelledText | None = None
        self._opened = run
        self._selected = run
        for theme in themes.THEMES:
            self.register_theme(theme)

    async def on_mount(self) -> None:
        self.set_interval(1.0, self._look_after)
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

    def open_run(self, run: RunDirectory, others: Sequence[RunDirectory] = ()) -> None:
        """Show a run, whoever trains it; the curves of the others are laid over its own."""
        self._to_list()
        if run.has_checkpoint():
            self.selected_run = run
        self.push_screen(RunScreen(run, others))

    def open_new_run(self, like: RunDirectory | None = None, *, model: str | None = None) -> None:
        """The form that starts a run, filled in like an earlier one or for a model."""
        self._to_list()
        self.push_screen(NewRunScreen(like.config if like else None, model))

    def _to_list(self) -> None:
        """To the list of all runs; what was opened over it is closed, so that escape leads back to the list."""
        self.switch_mode("runs")
        while isinstance(self.screen, NewRunScreen | RunScreen):
            self.pop_screen()

    async def back_to_runs(self) -> None:
        """Where one sees what happens: the run that is open, or all runs; a form that was left is closed."""
        await self.switch_mode("runs")
        while isinstance(self.screen, NewRunScreen):
            await self.pop_screen()

    def start_run(self, arguments: Sequence[str], model: str) -> None:
        """Train in a process of its own, and watch it."""
        try:
            worker = self.trainers.start(arguments, model)
        except TmeattnError as error:
            self.complain(str(error))
            return
        self.open_run(worker.run)

    def resume_run(self, following: RunState) -> bool:
        """Continue a run in a process of its own; says why where it cannot."""
        if not run_wording.resumable(following):
            again = f"train it anew: tmeattn train {following.run.config['model']} --from {following.run.id}"
            reasons = {"running": "it is being trained", "finished": "it is finished", "deleted": "it is deleted"}
            self.complain(f"There is nothing to resume: {reasons.get(following.state, again)}.")
            return False
        worker = self.trainers.worker(following.run)
        if worker is not None and worker.exit_code is None:
            resuming = "It is being resumed already."
            self.complain(resuming if worker.resumes else "Its process is still ending: resume it in a moment.")
            return False
        try:
            self.trainers.resume(following.run)
        except TmeattnError as error:
            self.complain(str(error))
            return False
        self.notify(f"Resuming {run_wording.title(following)}: first it reads its data.", markup=False)
        return True

    def stop_run(self, following: RunState) -> None:
        """Ask a run to save and stop, whoever trains it."""
        self._request(following, "stop", "saves and stops after its current step; it can be resumed")

    def save_run(self, following: RunState) -> None:
        """Ask a run for a checkpoint now."""
        self._request(following, "checkpoint", "saves after its current step")

    def _request(self, following: RunState, what: Literal["stop", "checkpoint"], then: str) -> None:
        if following.state != "running":
            self.complain(f"{run_wording.title(following)} is not running.")
            return
        try:
            control.request(following.run, what)
        except TmeattnError as error:
            self.complain(str(error))
            return
        self.notify(f"{run_wording.title(following)} {then}.", markup=False)

    def copy(self, text: str) -> None:
        """To the clipboard of the terminal, and on the screen for terminals that have none."""
        if text:
            self.copy_to_clipboard(text)
            self.notify(safe(text), title="Copied", markup=False)

    def complain(self, message: str) -> None:
        """Something that cannot be done, in one line."""
        self.notify(safe(message), severity="warning", markup=False)

    def _look_after(self) -> None:
        """Processes that this session started and that have ended: what became of them."""
        for worker in self.trainers.ended():
            shown = isinstance(self.screen, RunScreen) and self.screen.run.id == worker.run.id
            # The head of a run's screen tells how training failed, but not that a resuming process never began.
            told = shown and not (worker.resumes and worker.run.state() in ("stopped", "crashed", "created"))
            if worker.exit_code not in (0, EXIT_STOPPED) and not told:
                words = control.log_tail(worker.run, 1)
                self.notify(safe(f"{worker.run.id}: {words[0] if words else 'ended'}"), severity="error", markup=False)
            elif not shown:
                self.notify(f"{worker.run.id} {'finished' if worker.exit_code == 0 else 'has stopped'}.", markup=False)

    def open_explain(self, text: str | None, *, run: RunDirectory | None = None, true_label: str | None = None) -> None:
        """Explain a text, with `run` or the selected one; None: the text that is there already."""
        self.selected_run = run or self.selected_run
        self.asked = None if text is None else LabelledText(text, true_label)
        if isinstance(self.screen, ExplainScreen):
            self.screen.take_asked()
        else:
            self.switch_mode("explain")

    def open_data(self, *, run: RunDirectory | None = None) -> None:
        """Browse the texts of a run's dataset."""
        self.selected_run = run or self.selected_run
        self.switch_mode("data")

    async def action_mode(self, mode: str) -> None:
        """Go to a room."""
        await self.switch_mode(mode)

    def action_help(self) -> None:
        """Show the keys of the screen, and change them."""
        place = next((name for name, kind in PLACES.items() if isinstance(self.screen, kind)), None)
        if place is not None:
            self.push_screen(HelpScreen(place))

    def remap(self, action: str, new: str | None) -> None:
        """Give an action another key for good; None: its own one again."""
        if new is None:
            self.state.keys.pop(action, None)
        else:
            self.state.keys[action] = new
        self.set_keymap(keys.keymap(self.state.keys))
        self.state.save()

    def action_next_theme(self) -> None:
        """The next of tmeattn's own themes."""
        names = [theme.name for theme in themes.THEMES]
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]
        self.notify(f"Theme: {self.theme.removeprefix('tmeattn-')}", markup=False, timeout=2)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every action of the screen and of the app, by what it does; the themes are Textual's own list."""
        place = next((name for name, kind in PLACES.items() if isinstance(screen, kind)), "app")
        for title, help_text, call in commands(place, lambda action: self._perform(screen, action)):
            yield SystemCommand(title, help_text, call)
        yield SystemCommand("Choose a theme", "Everywhere", self.action_change_theme)
        yield SystemCommand("Save a picture of the screen (SVG)", "Everywhere", self.deliver_screenshot)

    def _perform(self, screen: Screen[object], action: str) -> None:
        """An action from the palette, where its method is: on the screen, or here."""
        name = action.partition("(")[0]
        self.call_later(self.run_action, action, screen if hasattr(screen, f"action_{name}") else self)

    def on_resize(self, event: events.Resize) -> None:
        small = event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT
        if small and not isinstance(self.screen, TooSmall):
            self.push_screen(TooSmall())
        elif not small and isinstance(self.screen, TooSmall):
            self.pop_screen()

    def exit(self, *arguments: Any, **named: Any) -> None:
        """Leave; what a screen still waits for would find it half taken down."""
        self.workers.cancel_all()
        super().exit(*arguments, **named)

    def on_unmount(self) -> None:
        self.reader.close()
        self.state.theme = self.theme
        self.state.screen = self.current_mode
        self.state.save()
