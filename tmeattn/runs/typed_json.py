"""Checks of JSON values against TypedDicts: what a run directory holds was written by another process, perhaps by
another version, and may be damaged.

Fields that a TypedDict does not have are accepted, because a newer version may have added them.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

Check = Callable[[Any], bool]
_QUICK: dict[Any, type] = {float: float, str: str, bool: bool}
"""The class of a value for which a hint needs no further check."""
_PLAIN: dict[Any, frozenset[type]] = {int: frozenset({int}), float: frozenset({int, float}), str: frozenset({str})}
"""Types whose values need no check of their own, so that a long list is checked fast."""


def matches(value: Any, hint: Any) -> bool:
    """Whether a JSON value has the type `hint`: a TypedDict, or what its fields may be annotated with (bool, int,
    float, str, None, Any, Literal, a union, a list, a dict with str keys, another TypedDict).

    An int is accepted as a float, a bool as neither; an int of more than 64 bits as nothing. Raises
    `TypeError` for any other hint.
    """
    return _check_of(hint)(value)


def valid_fields(value: dict[str, Any], typed_dict: Any) -> dict[str, Any]:
    """The fields of a JSON object without those that `typed_dict` declares with another type."""
    checks = _field_checks(typed_dict)
    return {name: item for name, item in value.items() if name not in checks or checks[name](item)}


@cache
def _check_of(hint: Any) -> Check:
    origin = get_origin(hint)
    if origin in (Annotated, NotRequired):
        return _check_of(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        checks = [_check_of(part) for part in get_args(hint)]
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        choices = get_args(hint)
        return lambda value: isinstance(value, str | int) and value in choices
    if origin is list:
        (item,) = get_args(hint)
        each, plain = _check_of(item), _PLAIN.get(item, frozenset())
        return lambda value: isinstance(value, list) and (plain.issuperset(map(type, value)) or all(map(each, value)))
    if origin is dict:
        item = _check_of(get_args(hint)[1])
        return lambda value: isinstance(value, dict) and all(map(item, value.values()))
    return _check_of_object(hint) if is_typeddict(hint) else _check_of_plain(hint)


def _check_of_object(typed_dict: Any) -> Check:
    required = typed_dict.__required_keys__
    hints = get_type_hints(typed_dict)
    fields = [
        (name, _QUICK.get(hints[name]), check, name in required) for name, check in _field_checks(typed_dict).items()
    ]

    def check(value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        for name, quick, check_field, is_required in fields:  # a loop: called for every part of every event
            if name in value:
                item = value[name]
                if item.__class__ is not quick and not check_field(item):
                    return False
            elif is_required:
                return False
        return True

    return check


@cache
def _field_checks(typed_dict: Any) -> dict[str, Check]:
    hints = get_type_hints(typed_dict, include_extras=True)
    return {name: _check_of(hint) for name, hint in hints.items()}


def _check_of_plain(hint: Any) -> Check:
    if hint is Any:
        return lambda value: True
    if hint in (None, type(None)):
        return lambda value: value is None
    if hint is float:
        return lambda value: isinstance(value, float) or _is_integer(value)
    if hint is int:
        return _is_integer
    if hint in (bool, str):
        return lambda value: isinstance(value, hint)
    raise TypeError(f"{hint!r} is no type of a JSON value.")


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
