"""The last line of a screen: the keys whose actions are possible now, as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widget import Widget

ALWAYS = ("back", "help", "quit")
"""Actions whose keys are shown on a screen of any width; the help lists the other keys."""
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
    """The keys on one line. Whole keys that do not fit are left out, the last ones first; a click presses a key.

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
        keys = list(fitting(self._possible(), self.app.size.width))
        if keys != self.keys:
            self.keys, self._hovered, self.tooltip = keys, None, None
            self.drawn += 1
            self.refresh()

    def _possible(self) -> list[FooterKey]:
        """The keys whose actions are possible now, one for each action."""
        found: dict[str, FooterKey] = {}
        active = self.screen.active_bindings.values()
        for _, binding, enabled, tooltip in active:
            if binding.show and self._is_applicable(binding.action) and binding.action not in found:
                shown = self.app.get_key_display(binding)
                found[binding.action] = FooterKey(
                    binding.key, shown, binding.description, binding.action, enabled, tooltip
                )
        if found and "quit" not in found:  # a text field takes the letter q as text
            for _, binding, _, tooltip in active:
                if binding.id == "app.quit_always":
                    shown = self.app.get_key_display(binding)
                    found["quit"] = FooterKey(binding.key, shown, "Quit", "quit", tooltip=tooltip)
        return list(found.values())

    def render(self) -> Text:
        name, description = (self.get_component_rich_style(f"footer--{part}") for part in ("key", "description"))
        line = Text(no_wrap=True)
        for key in self.keys:
            over = Style(dim=not key.enabled or None)
            if key is self._hovered:
                over += Style(bgcolor=self.get_component_rich_style("footer--hover").bgcolor)
            line.append(f" {key.shown} ", name + over)
            line.append(f"{key.description} ", description + over)
        return line

    def key_at(self, x: int) -> FooterKey | None:
        """The key in a column."""
        ends = accumulate(key.width for key in self.keys)
        return next((key for key, end in zip(self.keys, ends, strict=True) if x < end), None)

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


def fitting(found: Iterable[FooterKey], width: int) -> Iterator[FooterKey]:
    """The keys that fit in a line, in their order."""
    found = list(found)
    left = width - sum(key.width for key in found if key.action in ALWAYS)
    full = False
    for key in found:
        if key.action not in ALWAYS:
            full = full or key.width > left
            left -= 0 if full else key.width
        if key.action in ALWAYS or not full:
            yield key
