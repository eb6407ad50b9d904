"""What the columns of an exported table say, as plain text: Markdown and LaTeX differ only in how they write it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.render.numbers import MISSING, finite
from tmeattn.render.reproduction import collapsed, verdict

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Difference, Result, Row


@dataclass(frozen=True)
class ExportColumn:
    """A column of a table: its heading, what it says of each row, and whether that is a number."""

    heading: str
    cells: Sequence[str | None]
    number: bool = True


def row_columns(result: Result) -> list[ExportColumn]:
    """Everything that a table of a result tells."""
    rows = result.rows
    last = [_decimal(row.last_accuracy, 2, scale=100) for row in rows] if collapsed(rows) else [None] * len(rows)
    columns = [
        ExportColumn("Configuration", [row.label for row in rows], number=False),
        ExportColumn("Report, %", [_decimal(row.report, 2, scale=100) for row in rows]),
        ExportColumn("Ours, %", [_decimal(row.accuracy, 2, scale=100) for row in rows]),
        ExportColumn("± (95 %), points", [_decimal(row.half, 2, scale=100) for row in rows]),
        ExportColumn("To the report, points", _beyond(result)),
        ExportColumn("After the last epoch, %", last),
        ExportColumn("Entropy, nats", [_decimal(row.entropy, 2) for row in rows]),
        ExportColumn("Entropy, normalised", [_decimal(row.normalized_entropy, 3) for row in rows]),
        ExportColumn("Epoch, best/trained", [_epochs(row) for row in rows]),
        ExportColumn("s/epoch", [_decimal(row.seconds_per_epoch, 1) for row in rows]),
        ExportColumn("Runs", [_runs(row) for row in rows], number=False),
    ]
    return _filled(columns)


def brief_columns(result: Result) -> list[ExportColumn]:
    """What a page of paper has room for."""
    rows = result.rows
    columns = [
        ExportColumn("Configuration", [row.label for row in rows], number=False),
        ExportColumn("Report", [_decimal(row.report, 2, scale=100) for row in rows]),
        ExportColumn("Ours", [_ours(row) for row in rows]),
        ExportColumn("To report", _beyond(result)),
        ExportColumn("Entropy", [_decimal(row.entropy, 2) for row in rows]),
        ExportColumn("Epoch", [_epochs(row) for row in rows]),
        ExportColumn("s/epoch", [_decimal(row.seconds_per_epoch, 1) for row in rows]),
    ]
    return _filled(columns)


def difference_columns(result: Result) -> list[ExportColumn]:
    """Neighbouring rows against each other."""
    found = result.differences
    columns = [
        ExportColumn("Configuration", [one.label for one in found], number=False),
        ExportColumn("minus", [one.above for one in found], number=False),
        ExportColumn("Difference, points", [_signed_points(one.difference) for one in found]),
        ExportColumn("95 % interval", [_interval(one) for one in found]),
        ExportColumn("Report, points", [_signed_points(one.report) for one in found]),
        ExportColumn("Remark", [verdict(one) or None for one in found], number=False),
    ]
    return _filled(columns)


def _filled(columns: Sequence[ExportColumn]) -> list[ExportColumn]:
    """Without those that say nothing of any row."""
    return [column for column in columns if any(cell is not None for cell in column.cells)]


def _beyond(result: Result) -> list[str | None]:
    """What each row has above the report; nothing where shortened runs are no measure for it."""
    if result.context is not None and result.context.shortened:
        return [None] * len(result.rows)
    known = [(finite(row.accuracy), finite(row.report)) for row in result.rows]
    return [_signed_points(ours - its if ours is not None and its is not None else None) for ours, its in known]


def _ours(row: Row) -> str | None:
    """The accuracy with its interval, and how many seeds diverged."""
    accuracy, half = _decimal(row.accuracy, 2, scale=100), _decimal(row.half, 2, scale=100)
    diverged = f"({len(row.diverged)} diverged)" if row.diverged else None
    return " ".join(filter(None, (accuracy, f"± {half}" if half else None, diverged))) or None


def _epochs(row: Row) -> str | None:
    best, trained = finite(row.best_epoch), finite(row.epochs)
    if best is None and trained is None:
        return None
    return "/".join(MISSING if value is None else f"{value:.3g}" for value in (best, trained))


def _interval(difference: Difference) -> str | None:
    low, high = _signed_points(difference.low), _signed_points(difference.high)
    return f"{low} to {high}" if low is not None and high is not None else None


def _runs(row: Row) -> str | None:
    """The ids of the runs, and which seeds diverged."""
    runs = ", ".join(row.runs)
    if not row.diverged:
        return runs or None
    seeds = f"diverged: {'seed' if len(row.diverged) == 1 else 'seeds'} {', '.join(map(str, row.diverged))}"
    return f"{runs} ({seeds})" if runs else seeds


def _decimal(value: float | None, digits: int, *, scale: float = 1.0) -> str | None:
    """`scale` times a number, with a fixed count of decimals and no minus zero."""
    number = finite(value)
    return None if number is None else f"{scale * number:z.{digits}f}"


def _signed_points(fraction: float | None) -> str | None:
    number = finite(fraction)
    return None if number is None else f"{100 * number:+z.2f}"
