"""The last line of a screen: the keys whose actions are possible now, as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

from tmeattn.tui import keys
from tmeattn.tui.key_table import KEYS

ALWAYS = ("back", "help", "command_palette", "next_theme", "leave", "quit")
"""Actions whose keys are at the right end of every footer, as far as they fit; the help lists all keys."""
FIRST_LEFT_OUT = ("leave", "quit", "next_theme", "command_palette")
"""Which of them are left out first on a narrow screen. Where escape leads back, quitting is a key further away."""
SHARE = 0.6
"""Share of the width that they may take."""
AROUND = 3
"""Columns of a key besides its name and the name of its action."""


@dataclass(frozen=True)
class FooterKey:
    """A key of the footer: its name as it is shown, its action with a short and a long description."""

    key: str
    shown: str
    description: str
    action: str
    enabled: bool = True
    tooltip: str = ""

    @property
    def width(self) -> int:
        """Columns of the key in the footer."""
        return cell_len(self.shown) + cell_len(self.description) + AROUND


class KeyFooter(Widget):
    """The keys on one line: those of the part of the screen with the focus, then those of the screen, the most useful
    first, and at the right end the keys that hold on every screen. A click presses a key.

    Textual's footer has a widget for each key, and replaced all of them at each change of the focus.

    keys:  what is shown.
    drawn: how often other keys than before were drawn.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"footer--key", "footer--description", "footer--hover"}

    def __init__(self, is_applicable: Callable[[str], bool]) -> None:
        super().__init__()
        self._is_applicable = is_applicable
        self.keys: list[FooterKey] = []
        self.drawn = 0
        self._left = 0
        self._hovered: FooterKey | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self.call_after_refresh(self.update_keys)

    def on_resize(self) -> None:
        self.update_keys()

    def update_keys(self) -> None:
        """Draw the keys again, where they are others than before."""
        if not self.is_attached:
            return
        left, right = fitting(self._possible(), self.app.size.width)
        if [*left, *right] != self.keys or len(left) != self._left:
            self.keys, self._left = [*left, *right], len(left)
            self._hovered, self.tooltip = None, None
            self.drawn += 1
            self.refresh()

    def _possible(self) -> list[FooterKey]:
        """The keys whose actions are possible now, one for each action, those of the focused pane first."""
        screen = self.screen
        inside = {node.id for node in screen.focused.ancestors_with_self} if screen.focused else set()
        own, common = dict[str, FooterKey](), dict[str, FooterKey]()
        panes = {key.id: key.pane for key in KEYS}
        for node, binding, enabled, tooltip in screen.active_bindings.values():
            pane, shown = panes.get(binding.id or "", ""), _shown(binding.key)
            if not binding.show or not self._is_applicable(binding.action) or (pane and pane not in inside):
                continue
            if screen.focused and screen.focused.check_consume_key(binding.key, shown if len(shown) == 1 else None):
                continue
            found = own if pane or node not in (screen, self.app) else common
            if binding.action not in own and binding.action not in common:
                found[binding.action] = FooterKey(
                    binding.key, shown, binding.description, binding.action, enabled, tooltip
                )
        found = own | common
        if found and "leave" not in found:  # a field or a form takes the letter q as text
            for _, binding, _, tooltip in screen.active_bindings.values():
                if binding.id == "app.quit_always":
                    found["quit"] = FooterKey(binding.key, _shown(binding.key), "Quit", "quit", tooltip=tooltip)
        return list(found.values())

    def render(self) -> Text:
        name, description = (self.get_component_rich_style(f"footer--{part}") for part in ("key", "description"))
        line = Text(no_wrap=True)
        for at, key in enumerate(self.keys):
            if at == self._left:
                line.append(" " * self._between, description)
            over = Style(dim=not key.enabled or None)
            if key is self._hovered:
                over += Style(bgcolor=self.get_component_rich_style("footer--hover").bgcolor)
            line.append(f" {key.shown} ", name + over)
            line.append(f"{key.description} ", description + over)
        return line

    @property
    def _between(self) -> int:
        """Columns between the keys on the left and those on the right."""
        return max(0, self.app.size.width - sum(key.width for key in self.keys))

    def start_of(self, action: str) -> int:
        """The column in which the key of an action begins."""
        at = [key.action for key in self.keys].index(action)
        return sum(key.width for key in self.keys[:at]) + (self._between if at >= self._left else 0)

    def key_at(self, x: int) -> FooterKey | None:
        """The key in a column."""
        starts = [(key, self.start_of(key.action)) for key in self.keys]
        return next((key for key, start in starts if start <= x < start + key.width), None)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        key = self.key_at(event.x)
        if key is not None and key.enabled:
            self.app.simulate_key(key.key)
        elif key is not None:
            self.app.bell()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._hover(self.key_at(event.x))

    def on_leave(self) -> None:
        self._hover(None)

    def _hover(self, key: FooterKey | None) -> None:
        if key is not self._hovered:
            self._hovered, self.tooltip = key, key.tooltip if key else None
            self.refresh()


def fitting(found: Sequence[FooterKey], width: int) -> tuple[list[FooterKey], list[FooterKey]]:
    """The keys that fit in a line: those of the screen in their order, and those that hold on every screen.

    A key that is too wide is left out, and shorter ones after it take its place.
    """
    right = sorted((key for key in found if key.action in ALWAYS), key=lambda key: ALWAYS.index(key.action))
    left = [key for key in found if key.action not in ALWAYS]
    goes_back = any(key.action == "back" for key in right)
    for action in FIRST_LEFT_OUT if goes_back else FIRST_LEFT_OUT[2:]:
        if _width(right) > SHARE * width and _width(right) + _width(left) > width:
            right = [key for key in right if key.action != action]
    shown: list[FooterKey] = []
    for key in left:
        if _width(shown) + key.width + _width(right) <= width:
            shown.append(key)
    return shown, right


def _shown(key: str) -> str:
    return keys.display(key).replace("ctrl+", "^")


def _width(found: Sequence[FooterKey]) -> int:
    return sum(key.width for key in found)
