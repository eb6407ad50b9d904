"""The rules of the style sheets that hold for a widget, found once for all widgets in an equal place.

Textual checks all rules for each widget, and for each of its component classes, whenever it is mounted or a class, the
focus or the mouse changes: this took half of the time in which a form opens.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

MOST = 4096
"""Places whose rules are kept."""
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


def _looked_at(node: DOMNode) -> tuple[object, ...]:
    state = (*node._pseudo_classes_cache_key, node.allow_focus()) if isinstance(node, Widget) else ()
    return type(node), node._id, node.classes, state
