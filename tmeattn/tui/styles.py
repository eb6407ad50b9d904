"""The rules of the style sheets that hold for a widget, found once for all widgets in an equal place.

Textual checks all rules for each widget, and for each of its component classes, whenever it is mounted or a class, the
focus or the mouse changes: this took half of the time in which a form opens.
"""

from __future__ import annotations

from typing import Any

from textual.css.styles import RulesMap
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.widget import Widget

MOST = 4096
"""Places whose rules are kept."""
_Flags = tuple[bool, bool, bool, bool]


class SharedRules(Stylesheet):
    """A style sheet that remembers which rules hold in a place: the types, ids, classes and states of a widget and of
    all around it. Rules that depend on the children or the siblings of a widget are checked each time."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._found: dict[tuple[object, ...], tuple[RulesMap, _Flags]] = {}
        self._found_in: list[Any] = []

    def apply(
        self, node: DOMNode, *, animate: bool = False, cache: dict[tuple[Any, ...], RulesMap] | None = None
    ) -> None:
        if self._found_in is not self.rules or len(self._found) > MOST:
            self._found_in = self.rules
            self._found.clear()
        key = _place(node)
        if key in self._found:
            rules, flags = self._found[key]
            node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even = flags
            self.replace_rules(node, rules, animate=animate)
            self._process_component_classes(node)
            return
        fresh: dict[tuple[Any, ...], RulesMap] = {}
        super().apply(node, animate=animate, cache=fresh)
        for rules in fresh.values():  # one, unless the rules depend on more than the place
            flags = node._has_hover_style, node._has_focus_within, node._has_order_style, node._has_odd_or_even
            self._found[key] = rules, flags


def _place(node: DOMNode) -> tuple[object, ...]:
    """All that the selectors of rules look at, but for children and siblings."""
    app = node.app
    around = [app.app_focus, app.theme, app.native_ansi_color, app.no_color, app.is_inline]
    return *around, *map(_looked_at, node.css_path_nodes)


def _looked_at(node: DOMNode) -> tuple[object, ...]:
    state = (*node._pseudo_classes_cache_key, node.allow_focus()) if isinstance(node, Widget) else ()
    return type(node), node._id, node.classes, state
