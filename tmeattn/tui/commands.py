"""The command palette: the actions of the screen and of the application with their keys, and all runs by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape
from textual.message import Message

from tmeattn.render.console import safe
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import all_runs
from tmeattn.tui import keys
from tmeattn.tui.key_table import KEYS, PLACES
from tmeattn.tui.messages import OpenNewRun, OpenQueue, OpenReproduction, OpenRun
from tmeattn.tui.screens.base import BaseScreen

FIRST_RUNS = 5
"""Runs, the newest, that are listed before anything is typed."""

FROM_ANYWHERE: dict[str, type[Message]] = {
    "runs.new": OpenNewRun,
    "runs.queue": OpenQueue,
    "runs.reproduce": OpenReproduction,
}
"""Keys of the runs whose actions need no run: the palette of every screen has them."""

Command = tuple[str, str, Callable[[], object]]
"""What a command does, where it holds, and the call."""


class Commands(Provider):
    """Before anything is typed: what the screen can do now, the most useful first, then what holds everywhere, then the
    newest runs. Typed words find every action and every run."""

    async def startup(self) -> None:
        self._runs = await asyncio.to_thread(_runs_with_names)

    async def discover(self) -> Hits:
        for words, place, call in [*self._actions(), *list(self._opened_runs())[:FIRST_RUNS]]:
            yield DiscoveryHit(Content(words), call, text=words, help=place)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for words, place, call in [*self._actions(), *self._opened_runs()]:
            if (score := matcher.match(words)) > 0:
                yield Hit(score, matcher.highlight(escape(words)), call, text=words, help=place)

    def _actions(self) -> Iterator[Command]:
        return actions(self.app, self.screen)

    def _opened_runs(self) -> Iterator[Command]:
        for run, name in self._runs:
            words = f"Open the run {safe(name)} ({run.id})" if name else f"Open the run {run.id}"
            yield words, "Runs", partial(self.app.post_message, OpenRun(run))


def actions(app: Any, screen: object) -> Iterator[Command]:
    """The actions of a screen, without those that can do nothing now, and those of the application `app`."""
    place = screen.place if isinstance(screen, BaseScreen) else "app"
    for where in dict.fromkeys((place, "app")):
        for key in KEYS:
            if key.place != where or key.verb == "palette":
                continue
            if isinstance(screen, BaseScreen) and not screen.is_applicable(key.action):
                continue
            shown = keys.display(keys.keys_of(key, app.session.saved.keys))
            words = f"{key.description.rstrip('.')}  [{shown}]"
            yield words, PLACES[where], partial(_perform, app, screen, key.action)
    if place != "runs":
        yield from _from_anywhere(app)
    yield "Choose a theme from a list", PLACES["app"], app.action_change_theme
    yield "Save a picture of the screen (SVG) in this folder", PLACES["app"], app.action_picture


def _from_anywhere(app: Any) -> Iterator[Command]:
    """What the screen of the runs opens, for the other screens, where its keys may mean something else."""
    for key in KEYS:
        if key.id in FROM_ANYWHERE:
            yield key.description.rstrip("."), PLACES["runs"], partial(app.post_message, FROM_ANYWHERE[key.id]())


def _perform(app: Any, screen: object, action: str) -> None:
    """Run an action on the object that has its method: the screen or the application."""
    name = action.partition("(")[0]
    owner = screen if isinstance(screen, BaseScreen) and hasattr(screen, f"action_{name}") else app
    app.call_later(app.run_action, action, owner)


def _runs_with_names() -> list[tuple[RunDirectory, str]]:
    """All runs, the newest first, each with its name or an empty text."""
    return [(run, run.name or "") for run in all_runs()]
