"""Numbers, durations, names and option values as text, in one format for the terminal, the screens and files."""

from __future__ import annotations

import math
from pathlib import PurePath

from rich.cells import cell_len
from rich.text import Text

from tmeattn.render.console import safe

MISSING = "–"
"""Stands for a value that is not known."""


def finite(value: float | None) -> float | None:
    """The number, or None if it is missing, NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage: `percent(0.863)` is "86.3 %"."""
    return MISSING if finite(fraction) is None or fraction is None else f"{100 * fraction:.{digits}f} %"


def percent_change(before: float, after: float, digits: int = 1) -> str:
    """The change of a percentage in points, of the two figures as `percent` shows them: from 65.9 % to 66.0 % it is
    "+0.1"."""
    change = round(100 * after, digits) - round(100 * before, digits)
    return f"{change:+z.{digits}f}"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with `digits` decimals. NaN and infinity are shown as such, because they mean that training diverged."""
    if value is None:
        return MISSING
    return f"{value:.{digits}f}" if abs(value) < 1e6 or not math.isfinite(value) else f"{value:.2e}"


def count(number: float | None) -> str:
    """A whole number with thousands separators: "25,000"."""
    return MISSING if finite(number) is None or number is None else f"{round(number):,}"


def seconds(duration: float | None) -> str:
    """A duration with its units: "3.2 s", "42 s", "1 min 05 s", "2 h 07 min"."""
    value = finite(duration)
    if value is None or value < 0:
        return MISSING
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(value / 60)
    return f"{minutes // 60:,} h {minutes % 60:02d} min"


def age(duration: float) -> str:
    """The age of a thing, in seconds, in one unit: "5 min", "3 h", "2 d"."""
    minutes = max(duration, 0) / 60
    if minutes < 60:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 48 * 60 else f"{minutes / 1440:.0f} d"


def shortened(text: str, cells: int) -> str:
    """The first `cells` terminal cells of a text, with an ellipsis if it is longer."""
    cut = Text(safe(text))
    cut.truncate(cells, overflow="ellipsis")
    return cut.plain


def fitting(room: int, *texts: str) -> str:
    """The first of these texts, the longest first, that fits `room` terminal cells; else the last one."""
    return next((text for text in texts if cell_len(text) <= room), texts[-1])


def dataset_name(dataset: str) -> str:
    """A short name of a dataset: the last part of a path."""
    return PurePath(dataset).name or dataset


def flag(name: str) -> str:
    """The command-line option of a field: `max_length` is `--max-length`."""
    return "--" + name.replace("_", "-")


def option_value(value: object) -> str:
    """The value of an option as a user types it; a dash if it has none."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or '""'
    return f"{value:g}" if isinstance(value, float) else str(value)
