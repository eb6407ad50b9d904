"""One look for all tables, and one way to write numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from tmeattn.render.console import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.style import Style

MISSING = "–"

Cell = str | int | float | Text | None


@dataclass(frozen=True)
class Column:
    """A column of `table`. Numeric ones are right-aligned; with `wrap`, long text may take more lines."""

    name: str
    numeric: bool = False
    wrap: bool = False
    style: str | Style = ""


def table(
    columns: Sequence[str | Column],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str | None = None,
    caption: str | None = None,
) -> Table:
    """A table with a bold header and no vertical lines. A column named by a plain string holds text.

    Strings pass through `safe`, None is a dash, `Text` keeps its style and is the caller's to make safe.
    """
    result = Table(
        box=box.SIMPLE_HEAD,
        header_style="bold",
        title=Text(safe(title), style="bold") if title else None,
        title_justify="left",
        caption=Text(safe(caption), style="dim") if caption else None,
        caption_justify="left",
        pad_edge=False,
        show_edge=False,
    )
    for column in columns:
        spec = Column(column) if isinstance(column, str) else column
        result.add_column(
            Text(safe(spec.name)),
            justify="right" if spec.numeric else "left",
            style=spec.style,
            no_wrap=not spec.wrap,
            overflow="fold" if spec.wrap else "ellipsis",
        )
    for row in rows:
        result.add_row(*(_cell(value) for value in row))
    return result


def key_values(pairs: Iterable[tuple[str, Cell]]) -> Table:
    """Names and values in two columns; pairs whose value is None are left out."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for key, value in pairs:
        if value is not None:
            grid.add_row(Text(safe(key)), _cell(value))
    return grid


def finite(value: float | None) -> float | None:
    """The number, or None where it is missing, NaN or infinite."""
    return value if value is not None and math.isfinite(value) else None


def percent(fraction: float | None, digits: int = 1) -> str:
    """A fraction as a percentage: `percent(0.863)` is "86.3 %"."""
    return MISSING if finite(fraction) is None or fraction is None else f"{100 * fraction:.{digits}f} %"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with a fixed count of decimals; NaN and infinity are named, since they mean that training diverged."""
    if value is None:
        return MISSING
    return f"{value:.{digits}f}" if abs(value) < 1e6 or not math.isfinite(value) else f"{value:.2e}"


def count(number: float | None) -> str:
    """A whole number with thousands separators: "25,000"."""
    return MISSING if finite(number) is None or number is None else f"{round(number):,}"


def seconds(duration: float | None) -> str:
    """A duration as people say it: "3.2 s", "42 s", "1 min 05 s", "2 h 07 min"."""
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


def flag(name: str) -> str:
    """An option as a user types it: `max_length` is `--max-length`."""
    return "--" + name.replace("_", "-")


def shown(value: object) -> str:
    """An option's value as a user would type it; a dash where there is none."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value)) or '""'
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cell(value: Cell) -> Text:
    if isinstance(value, Text):
        return value
    if value is None:
        return Text(MISSING, style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, int):
        return Text(count(value))
    if isinstance(value, float):
        return Text(f"{value:.4g}")
    return Text(safe(value))
