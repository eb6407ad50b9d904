"""The values of a filter of runs: numbers, shares, durations and dates. A value that cannot be read is a ValueError."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from tmeattn.errors import shortened

TEXT, NUMBER, TIME, AGE, DATE = "text", "number", "time", "age", "date"
"""The kinds of values."""
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|min|m|h|d)")
_DATE = re.compile(r"(\d{4})(?:-(\d\d?)(?:-(\d\d?))?)?")
_DIGITS = 12
"""Decimals to which an equality is tested at most."""


def number_test(field: str, kind: str, sign: str, typed: str) -> Callable[[float | None], bool]:
    """The test of a number. A missing number fits only `none`, and `!=` of a number.

    An accuracy is typed in percent, or as a share of up to 1. Equal means: equal to the decimals that are typed.

    Raises:
        ValueError: it is no number, or has no unit.
    """
    if typed.lower() == "none":
        if sign not in (":", "=", "!="):
            raise ValueError(f"none cannot be compared by {sign}")
        return (lambda value: value is not None) if sign == "!=" else (lambda value: value is None)
    if kind in (TIME, AGE):
        wanted, decimals, factor = _duration(field, typed), 0, 1.0
    else:
        wanted, decimals = _number(field, typed.removesuffix("%") if field == "acc" else typed)
        factor = 100.0 if field == "acc" and (wanted > 1 or typed.endswith("%")) else 1.0
    if sign in _COMPARED:
        compare = _COMPARED[sign]
        return lambda value: value is not None and compare(factor * value, wanted)
    if sign == "!=":
        return lambda value: value is None or round(factor * value, decimals) != wanted
    return lambda value: value is not None and round(factor * value, decimals) == wanted


def _number(field: str, typed: str) -> tuple[float, int]:
    """A number, and how many decimals it was typed with."""
    try:
        exact = Decimal(typed)
        value = float(exact)
    except (InvalidOperation, OverflowError, ValueError):
        value = math.nan
    if not math.isfinite(value) or not typed.isascii() or "_" in typed:
        raise ValueError(f"{shortened(typed, 40)!r} is no number, and {field} is one")
    exponent = exact.as_tuple().exponent
    return value, min(max(-exponent, 0), _DIGITS) if isinstance(exponent, int) else 0


def _duration(field: str, typed: str) -> float:
    found = _DURATION.fullmatch(typed.lower())
    if found is None:
        raise ValueError(f"{shortened(typed, 40)!r} is no {field}: it needs a number and one of s, min, h, d")
    return float(found[1]) * _UNITS[found[2]]


def date_test(sign: str, typed: str, now: float) -> Callable[[float], bool]:
    """The test of a moment, in seconds since 1970, with a year, a month, a day, `today` or `yesterday` of local time.

    Raises:
        ValueError: it is no date.
    """
    first, last = _days(typed, now)
    try:
        begin, end = _start_of(first), _start_of(last + timedelta(days=1))
    except (OverflowError, OSError, ValueError):  # beyond what the system can represent
        raise ValueError(f"{shortened(typed, 40)!r} is no date of a run") from None
    tests: dict[str, Callable[[float], bool]] = {
        ">": lambda moment: moment >= end,
        ">=": lambda moment: moment >= begin,
        "<": lambda moment: moment < begin,
        "<=": lambda moment: moment < end,
        "!=": lambda moment: not begin <= moment < end,
    }
    return tests.get(sign, lambda moment: begin <= moment < end)


def _start_of(day: date) -> float:
    return datetime.combine(day, time()).timestamp()


def _days(typed: str, now: float) -> tuple[date, date]:
    """The first and the last day of what was typed."""
    today = datetime.fromtimestamp(now).date()
    near = {"today": today, "yesterday": today - timedelta(days=1)}
    if (day := near.get(typed.lower())) is not None:
        return day, day
    found = _DATE.fullmatch(typed)
    problem = ValueError(f"{shortened(typed, 40)!r} is no date: write 2026, 2026-11, 2026-11-26, today or yesterday")
    if found is None:
        raise problem
    year, month, day_of_month = (int(part) if part else None for part in found.groups())
    try:
        first = date(year or 1, month or 1, day_of_month or 1)
        if day_of_month:
            return first, first
        following = date(first.year + 1, 1, 1) if not month else date(first.year + month // 12, month % 12 + 1, 1)
        return first, following - timedelta(days=1)
    except (ValueError, OverflowError):
        raise problem from None
