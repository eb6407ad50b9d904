"""The rules of the style sheets that hold for a widget, found once for all widgets in an equal place.

Textual checks all rules for each widget, and for each of its component classes, whenever it is mounted or a class, the
focus or the mouse changes: this took half of the time in which a form opens.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from textual.cache import LRUCache
from textual.command import CommandInput, CommandList, CommandPalette, SearchIcon
from textual.containers import Container, Horizontal, ScrollableContainer, Vertical, VerticalScroll
from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input, Label, LoadingIndicator, OptionList, TextArea, Tooltip
from textual.widgets._toast import Toast, ToastRack

MOST = 4096
"""Places whose rules are kept."""
USED: tuple[type[Widget], ...] = (
    *(Button, DataTable, Input, Label, OptionList, TextArea, ScrollView, Tooltip, LoadingIndicator),
    *(Container, Horizontal, ScrollableContainer, Vertical, VerticalScroll, ModalScreen),
    *(CommandInput, CommandList, CommandPalette, SearchIcon, Toast, ToastRack),
)
"""The widgets of Textual that the screens consist of, but for the manual's."""
_Place = tuple[object, ...]
_Found = tuple[RulesMap, tuple[bool, bool, bool, bool]]


class SharedRules(Stylesheet):
    """A style sheet that remembers which rules hold in a place: the types, ids, classes and states of a widget and of
    all around it. Rules that depend on the children or the siblings of a widget are checked each time. A widget that
    has the rules of its place already is left as it is."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._found: dict[_Place, _Found] = {}
        self._found_in: list[Any] = []
        self._has: WeakKeyDictionary[DOMNode, _Found] = WeakKeyDictionary()
        self._unshared = 0
        self._places: dict[DOMNode, _Place] = {}
        self._parse_cache = LRUCache(MOST)
        self._to_learn = list(USED)

    def set_variables(self, variables: dict[str, str]) -> None:
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parse all rules again, if there are other colours. Textual does so whenever it shows a tab for the first time
        after the start or after another theme was chosen."""
        if self._require_parse:
            self.parse()

    def learn(self) -> bool:
        """Parse the default rules of another widget that is on some screen, and after the last one add those of all.
        When rules are added, all others are found anew: each screen with a widget that was not on those before took
        longer to open for the first time. Returns whether there is more to learn."""
        if self._to_learn:
            for read_from, css, tie_breaker, scope in _default_rules(self._to_learn.pop()):
                self._parse_rules(css, read_from, True, tie_breaker, scope)
            return True
        for widget in USED:
            for read_from, css, tie_breaker, scope in _default_rules(widget):
                self.add_source(css, read_from, is_default_css=True, tie_breaker=tie_breaker, scope=scope)
        return False

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[tuple[Any, ...], RulesMap] | None = None
    ) -> None:
        if self._found_in is not self.rules or len(self._found) > MOST:
            self._found_in = self.rules
            self._found.clear()
            self._has.clear()
        place = self._place(node)
        found = self._found.get(place)
        if found is None:
            self._find(node, place, animate=animate)
        elif self._has.get(node) is not found:
            self._use(node, found, animate=animate)

    def _place(self, node: DOMNode) -> _Place:
        """All that the selectors of rules look at, but for children and siblings."""
        if node._parent in self._places:  # a component class of the widget that gets its rules
            return *self._places[node._parent], _looked_at(node)
        app = node.app
        around = [app.app_focus, app.theme, app.native_ansi_color, app.no_color, app.is_inline]
        return *around, *map(_looked_at, node.css_path_nodes)

    def _process_component_classes(self, node: DOMNode) -> None:
        self._places = {node: self._place(node)} if node._get_component_classes() else {}
        super()._process_component_classes(node)
        self._places = {}

    def _find(self, node: DOMNode, place: _Place, *, animate: bool) -> None:
        """Let Textual find the rules, and remember them."""
        self._has.pop(node, None)
        fresh: dict[tuple[Any, ...], RulesMap] = {}
        super().apply(node, animate=animate, cache=fresh)
        if not fresh:  # the rules depend on more than the place
            self._unshared += 1
        for rules in fresh.values():
            flags = node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even
            self._found[place] = rules, flags

    def _use(self, node: DOMNode, found: _Found, *, animate: bool) -> None:
        rules, flags = found
        node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even = flags
        self.replace_rules(node, rules, animate=animate)
        before = self._unshared
        self._process_component_classes(node)
        self._has.pop(node, None)
        if not animate and self._unshared == before:
            self._has[node] = found


def _default_rules(widget: type[DOMNode]) -> list[tuple[Any, str, int, str]]:
    """The place, text, rank and scope of the default rules of a widget and its bases."""
    return widget.__new__(widget)._get_default_css()


def _looked_at(node: DOMNode) -> tuple[object, ...]:
    state = (*node._pseudo_classes_cache_key, node.allow_focus()) if isinstance(node, Widget) else ()
    return type(node), node._id, node.classes, state
