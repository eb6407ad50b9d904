"""The last line of a screen: the keys whose actions are possible now, as many as fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

ALWAYS = ("back", "help", "quit")
"""Actions whose keys are shown on a screen of any width; the help lists the other keys."""
AROUND = 3
"""Columns of a key besides its name and the name of its action."""


class KeyFooter(Footer):
    """A footer that leaves out whole keys that do not fit, the last ones first; Textual's cuts a key at the edge."""

    def __init__(self, is_applicable: Callable[[str], bool], **options: Any) -> None:
        super().__init__(**options)
        self._is_applicable = is_applicable

    def compose(self) -> ComposeResult:
        found = [key for key in super().compose() if isinstance(key, FooterKey) and self._is_applicable(key.action)]
        if found and not any(key.action == "quit" for key in found):  # a text field takes the letter q as text
            found += self._quit()
        yield from fitting(found, self.app.size.width)

    def _quit(self) -> Iterator[FooterKey]:
        """The key that quits also from a text field."""
        for active in self.screen.active_bindings.values():
            if active.binding.id == "app.quit_always":
                shown = self.app.get_key_display(active.binding)
                key = FooterKey(active.binding.key, shown, "Quit", "quit", tooltip=active.tooltip)
                yield key.data_bind(compact=Footer.compact)

    def on_resize(self, event: events.Resize) -> None:
        self.call_after_refresh(self.recompose)


def fitting(found: Sequence[FooterKey], width: int) -> Iterator[FooterKey]:
    """The keys that fit in a line, in their order."""
    left = width - sum(_width(key) for key in found if key.action in ALWAYS)
    full = False
    for key in found:
        if key.action not in ALWAYS:
            full = full or _width(key) > left
            left -= 0 if full else _width(key)
        if key.action in ALWAYS or not full:
            yield key


def _width(key: FooterKey) -> int:
    return cell_len(key.key_display) + cell_len(key.description) + AROUND
