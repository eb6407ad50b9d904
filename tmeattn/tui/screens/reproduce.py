"""The report's targets: what is trained, what is missing and how long it takes; start, watch and read them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.console import RenderableType
from rich.text import Text
from textual import on, work
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tmeattn.errors import TmeattnError
from tmeattn.os_errors import reason
from tmeattn.render.console import safe
from tmeattn.reproduce.plan import Settings
from tmeattn.tui import keys
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.dialogs import AskText, Confirm
from tmeattn.tui.screens.export_dialog import check_folder, export_hint, folder_of
from tmeattn.tui.services.background import BackgroundCommand
from tmeattn.tui.services.reproduction import (
    TargetRuns,
    export_command,
    forecast_command,
    read_targets,
    reproduce_command,
)
from tmeattn.tui.widgets.choice import Choice
from tmeattn.tui.widgets.picture import Picture
from tmeattn.tui.wording import reproduction as wording

if TYPE_CHECKING:
    from tmeattn.tui.session import Session

EVERY = 1.0
"""Seconds between two looks at the processes."""
RUNS_EVERY = 5
"""Looks until the runs of a target that is being reproduced are read again."""
MOMENT = 0.6
"""Seconds that the cursor stays at a target until its time is computed."""
SEEDS = (1, 3, 5)
TIME = re.compile(r"at most about [^,.]+")
"""The time in what `tmeattn reproduce TARGET --list` prints."""


class ReproduceScreen(BaseScreen):
    """The list of targets, and the page of the highlighted one: its runs and their time, its progress or its results.

    found: the targets, by name.
    """

    place = "reproduce"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings("reproduce")]
    AUTO_FOCUS = "OptionList"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.found: dict[str, TargetRuns] = {}
        self.target: str | None = None
        self._commands: dict[tuple[str, ...], BackgroundCommand] = {}
        self._forecast: BackgroundCommand | None = None
        self._export: BackgroundCommand | None = None
        self._looks = 0
        self._shown: object = None
        self._widest = 0

    def body(self) -> Iterable[Widget]:
        with Horizontal(id="settings"):
            yield Choice("recipe", [("report", "report"), ("modern", "modern")], id="recipe")
            yield Choice("texts", [("all", False), ("few (quick)", True)], id="quick")
            yield Choice("seeds", [(str(number), number) for number in SEEDS], id="seeds")
        with Horizontal(id="body"):
            yield OptionList(markup=False)
            yield Picture()
        yield Static("", id="status", markup=False)

    def on_mount(self) -> None:
        for name, value in self.session.reproduce.items():
            self.query_one(f"#{name}", Choice).value = value
        self.set_interval(EVERY, self._look)
        self._read()

    @property
    def settings(self) -> Settings:
        """The chosen recipe, seeds and size."""
        seeds = tuple(range(self.query_one("#seeds", Choice).value))
        quick = bool(self.query_one("#quick", Choice).value)
        return Settings(self.query_one("#recipe", Choice).value, seeds, quick)

    def command(self, name: str) -> BackgroundCommand:
        """The reproduction of a target under the present settings."""
        command = reproduce_command(name, self.settings)
        return self._commands.setdefault(command.arguments, command)

    @property
    def shown(self) -> TargetRuns | None:
        """The highlighted target."""
        return self.found.get(self.target or "")

    # ---- the list

    @work(exclusive=True, group="targets")
    async def _read(self) -> None:
        """Read the targets and their runs, and fill the list."""
        if not self.found:
            self.query_one("#status", Static).update("reading the runs …")
        try:
            found = await asyncio.to_thread(read_targets, self.settings)
        except TmeattnError as error:
            if not self._is_closed():
                self.query_one("#status", Static).update(safe(str(error)))
            return
        if self._is_closed():
            return
        self.found = {one.target.name: one for one in found}
        targets = self.query_one(OptionList)
        at = targets.highlighted or 0
        states = {name: self.command(name).state() for name in self.found}
        targets.clear_options()
        targets.add_options(
            [Option(wording.target_line(one, states[name]), id=name) for name, one in self.found.items()]
        )
        targets.highlighted = min(at, len(self.found) - 1)
        self._look()

    @on(Choice.Changed)
    def settings_changed(self, event: Choice.Changed) -> None:
        self.session.reproduce[str(event.choice.id)] = event.value
        self._read()

    @on(OptionList.OptionHighlighted)
    def highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_id != self.target:
            self.target, self._shown = event.option_id, None
            self.query_one(Picture).scroll_home(animate=False)
        self._look()
        self._estimate()

    @on(OptionList.OptionSelected)
    def selected(self) -> None:
        """Go to the page, to scroll it."""
        self.query_one(Picture).focus()

    # ---- the page

    def _look(self) -> None:
        """Show the progress of the target, or its results once they are there."""
        self._look_at_export()
        found = self.shown
        if not self.is_current or found is None or self._is_closed():
            return
        command = self.command(found.target.name)
        state = command.state()
        self._looks += 1
        if state == "running" and self._looks % RUNS_EVERY == 0:
            self._read()
        self._draw(found, command, state)
        self.query_one("#status", Static).update(self._status(found, state), layout=False)
        self.refresh_footer((found.target.name, state, found.is_complete))

    def _status(self, found: TargetRuns, state: str) -> str:
        if state == "running" and self.command(found.target.name).is_stopping:
            return wording.STOPPING
        page = self.query_one(Picture)
        is_cut = state == "done" and self._widest > page.scrollable_content_region.width > 0
        start = keys.display_for("reproduce.reproduce", self.session.saved.keys)
        return wording.status(found, state, start, self._time(), is_cut=is_cut)

    def _draw(self, found: TargetRuns, command: BackgroundCommand, state: str) -> None:
        page = self.query_one(Picture)
        start = keys.display_for("reproduce.reproduce", self.session.saved.keys)
        if state == "running":
            self._shown = None
            page.show(wording.progress_page(found, command))
        elif state == "failed":
            self._put(("failed", found), lambda: wording.failed_page(found, command, start))
        elif state == "done":
            self._put(("done", command.arguments, _time_of(command)), lambda: _page_of(command))
        else:
            self._draw_forecast(found)

    def _put(self, key: object, made: Callable[[], RenderableType]) -> None:
        """Show a page, unless it is shown."""
        if key != self._shown:
            self._shown, content = key, made()
            self._widest = max(map(cell_len, content.plain.splitlines()), default=0) if isinstance(content, Text) else 0
            self.query_one(Picture).show(content)

    def _draw_forecast(self, found: TargetRuns) -> None:
        forecast = self._forecast_of(found)
        state = forecast.state() if forecast is not None else "absent"
        if forecast is not None and state == "done":
            self._put(("forecast", forecast.arguments, found), partial(_page_of, forecast))
            return
        what = {
            "running": "Estimating the time of the runs that are missing …",
            "failed": " ".join(forecast.tail(2)) if forecast is not None else "",
        }.get(state, "")
        self._put(("runs", found, what), lambda: wording.waiting_page(found, what))

    def _forecast_of(self, found: TargetRuns) -> BackgroundCommand | None:
        """The forecast, if it is that of a target with its present runs under the present settings."""
        wanted = forecast_command(found, self.settings).log
        return self._forecast if self._forecast is not None and self._forecast.log == wanted else None

    @work(exclusive=True, group="estimate")
    async def _estimate(self) -> None:
        """Compute the time of the missing runs of the target at the cursor, in a process of its own."""
        await asyncio.sleep(MOMENT)
        found = self.shown
        if found is None or self._is_closed() or found.is_complete or self.command(found.target.name).is_running():
            return
        forecast = forecast_command(found, self.settings)
        if self._forecast is not None and self._forecast.log != forecast.log:
            self._forecast.stop()
        if self._forecast is None or self._forecast.log != forecast.log:
            self._forecast = forecast
        if self._forecast.state() in ("absent", "failed"):
            self._begin(self._forecast)
        self._look()

    def _begin(self, command: BackgroundCommand) -> bool:
        colours = not self.app.no_color and self.app.console.color_system is not None
        try:
            command.start(columns=max(40, self.query_one(Picture).size.width - 2), colours=colours)
        except TmeattnError as error:
            self.notify(safe(str(error)), severity="error", markup=False)
            return False
        return True

    # ---- keys

    def is_applicable(self, action: str) -> bool:
        found = self.shown
        is_running = found is not None and self.command(found.target.name).is_running()
        if action == "export":
            return found is not None and found.is_complete and not is_running
        return is_running if action == "stop" else not is_running if action == "reproduce" else True

    def action_reproduce(self) -> None:
        """Train what is missing, after a question; where nothing is missing, make tables and figures."""
        found = self.shown
        if found is None or self.command(found.target.name).is_running():
            return
        if found.is_complete:
            self._reproduce(True)
            return
        self.app.push_screen(Confirm(wording.question(found, self._time()), "Train"), self._reproduce)

    def _time(self) -> str:
        """How long the missing runs take, "at most about 9 h 51 min"; empty where it is not known."""
        forecast = self._forecast_of(self.shown) if self.shown is not None else None
        if forecast is None or forecast.state() != "done":
            return ""
        found = TIME.search(" ".join(_page_of(forecast).plain.split()))
        return found[0] if found else ""

    def _reproduce(self, yes: bool | None) -> None:
        if yes and self.target is not None and self._begin(self.command(self.target)):
            self._shown = None
            self._read()

    def action_stop(self) -> None:
        """Stop the reproduction: the runs save checkpoints, and the same target continues them."""
        if self.target is not None:
            self.command(self.target).stop()
            start = keys.display_for("reproduce.reproduce", self.session.saved.keys)
            self.notify(f"Stopping: the runs save checkpoints, and {start} continues them.", markup=False)

    def action_export(self) -> None:
        """Write the tables and figures of the target into a folder, by a process of its own."""
        found = self.shown
        if found is None or not found.is_complete:
            self.notify(wording.NOTHING_TO_EXPORT, severity="warning", markup=False)
        elif self._export is None:
            dialog = AskText(wording.WHERE, found.target.name, check_folder, export_hint())
            self.app.push_screen(dialog, self._export_to)

    def _export_to(self, text: str | None) -> None:
        if text is None or self.target is None:
            return
        self._export = export_command(self.target, self.settings, folder_of(text))
        if self._begin(self._export):
            self.notify("Writing the tables and figures …", markup=False)
        else:
            self._export = None

    def _look_at_export(self) -> None:
        """Tell that an export has ended, or why it failed."""
        export = self._export
        if export is None or export.is_running():
            return
        self._export = None
        if export.state() == "done":
            self.notify(safe(export.arguments[-1]), title="Exported", markup=False)
        else:
            self.notify(" ".join(export.tail(2)), title="Not exported", severity="error", markup=False, timeout=30)

    def action_back(self) -> None:
        targets = self.query_one(OptionList)
        if self.query_one(Picture).has_focus:
            targets.focus()
            return
        if self._forecast is not None:
            self._forecast.stop()
        super().action_back()


def _page_of(command: BackgroundCommand) -> Text:
    """What a command printed, with its colours."""
    try:
        return Text.from_ansi(command.results[-1].read_text(encoding="utf-8", errors="replace"), no_wrap=True)
    except OSError as error:
        return Text(safe(f"The results cannot be read: {reason(error)}."))


def _time_of(command: BackgroundCommand) -> int:
    try:
        return command.results[-1].stat().st_mtime_ns
    except OSError:
        return 0
