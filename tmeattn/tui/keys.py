"""What is made from the table of keys: bindings, the keys as the user has changed them, and their names on screens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding, BindingType

from tmeattn.tui.key_table import KEYS, RENAMED, Key


def bindings(place: str) -> list[BindingType]:
    """The bindings of a screen or of the application. Their ids let the user change the keys."""
    return [_binding(key) for key in KEYS if key.place == place]


def _binding(key: Key) -> Binding:
    return Binding(
        key.keys,
        key.action,
        key.label,
        id=key.id,
        show=bool(key.label),
        priority=key.priority,
        tooltip=key.description,
    )


def migrated(remapped: Mapping[str, str]) -> dict[str, str]:
    """The user's keys as an earlier version saved them, by the ids of today."""
    return {RENAMED.get(action, action): keys for action, keys in remapped.items()}


def keymap(remapped: Mapping[str, str]) -> dict[str, str]:
    """The user's keys by the id of the action, without ids that do not exist."""
    known = {key.id for key in KEYS}
    return {action: keys for action, keys in remapped.items() if action in known and keys}


def keys_of(key: Key, remapped: Mapping[str, str]) -> str:
    """The present keys of an action: the user's keys or else the default keys."""
    return remapped.get(key.id) or key.keys


def display(keys: str) -> str:
    """Keys as the screens show them, for example ? for `question_mark`."""
    return " ".join(map(_display, keys.split(",")))


def display_for(action: str, remapped: Mapping[str, str]) -> str:
    """The present keys of the action with this id, as the screens show them."""
    return display(keys_of(next(key for key in KEYS if key.id == action), remapped))


_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "escape": "esc",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "percent_sign": "%",
    "equals_sign": "=",
    "comma": ",",
    "full_stop": ".",
    "delete": "del",
    "asterisk": "*",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "pageup": "PgUp",
    "pagedown": "PgDn",
}


def _display(key: str) -> str:
    *modifiers, last = key.strip().split("+") if key.strip() != "+" else ["+"]
    name = _NAMES.get(last, last.upper() if last[:1] == "f" and last[1:].isdigit() else last)
    return "+".join([*modifiers, name])


def conflict(keys: Iterable[str], of: Key, remapped: Mapping[str, str]) -> Key | None:
    """Another action that has one of these keys and holds in the same place as `of`; None without any."""
    wanted = set(keys)
    for other in KEYS:
        same_place = other.id != of.id and (other.place == of.place or "app" in (other.place, of.place))
        if same_place and wanted & set(keys_of(other, remapped).split(",")):
            return other
    return None
