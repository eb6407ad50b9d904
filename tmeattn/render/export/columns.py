"""The columns of exported tables as plain text, which Markdown and LaTeX write in their own syntax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tmeattn.plurals import plural
from tmeattn.render.numbers import MISSING, finite
from tmeattn.render.reproduction import collapsed, interval_text, remark
from tmeattn.reproduce.results import verdict

if TYPE_CHECKING:
    from tmeattn.reproduce.results import Difference, Result, Row


@dataclass(frozen=True)
class ExportColumn:
    """A column of an exported table: its heading, a cell for each row, and whether the cells are numbers."""

    heading: str
    cells: Sequence[str | None]
    number: bool = True


def row_columns(result: Result) -> list[ExportColumn]:
    """All columns of the table of a result, for Markdown."""
    rows = result.rows
    last = [_decimal(row.last_accuracy, 2, scale=100) for row in rows] if collapsed(rows) else [None] * len(rows)
    columns = [
        ExportColumn("Configuration", [row.label for row in rows], number=False),
        ExportColumn("Report, %", [_decimal(row.report, 2, scale=100) for row in rows]),
        ExportColumn("Here, %", [_decimal(row.accuracy, 2, scale=100) for row in rows]),
        ExportColumn("95 % interval, %", [_row_interval(row) for row in rows]),
        ExportColumn("Minus report, points", _minus_report(result)),
        ExportColumn("Report, training, %", [_decimal(row.report_train, 2, scale=100) for row in rows]),
        ExportColumn("Here, training, %", [_decimal(row.train_accuracy, 2, scale=100) for row in rows]),
        ExportColumn("After the last epoch, %", last),
        ExportColumn("Entropy, nats", [_decimal(row.entropy, 2) for row in rows]),
        ExportColumn("Entropy, normalised", [_decimal(row.normalized_entropy, 3) for row in rows]),
        ExportColumn("Epoch, best/trained", [_epochs(row) for row in rows]),
        ExportColumn("s/epoch", [_decimal(row.seconds_per_epoch, 1) for row in rows]),
        ExportColumn("Remark", ["at chance" if row.at_chance else None for row in rows], number=False),
        ExportColumn("Runs", [_runs(row) for row in rows], number=False),
    ]
    return filled(columns)


def brief_columns(result: Result) -> list[ExportColumn]:
    """The columns that fit a printed page, for LaTeX."""
    rows = result.rows
    columns = [
        ExportColumn("Configuration", [row.label for row in rows], number=False),
        ExportColumn("Report", [_decimal(row.report, 2, scale=100) for row in rows]),
        ExportColumn("Here", [_accuracy(row) for row in rows]),
        ExportColumn("Minus report", _minus_report(result)),
        ExportColumn("Report, training", [_decimal(row.report_train, 2, scale=100) for row in rows]),
        ExportColumn("Training", [_decimal(row.train_accuracy, 2, scale=100) for row in rows]),
        ExportColumn("Entropy", [_decimal(row.entropy, 2) for row in rows]),
        ExportColumn("Epoch", [_epochs(row) for row in rows]),
        ExportColumn("s/epoch", [_decimal(row.seconds_per_epoch, 1) for row in rows]),
    ]
    return filled(columns)


def difference_columns(result: Result) -> list[ExportColumn]:
    """The differences of neighbouring rows."""
    rows = result.differences
    columns = [
        ExportColumn("Configuration", [row.label for row in rows], number=False),
        ExportColumn("minus", [row.above for row in rows], number=False),
        ExportColumn("Difference, points", [_signed_points(row.difference) for row in rows]),
        ExportColumn("95 % interval", [_interval(row) for row in rows]),
        ExportColumn("Report, points", [_signed_points(row.report) for row in rows]),
        ExportColumn("Remark", [verdict(row, result.context) or None for row in rows], number=False),
    ]
    return filled(columns)


def filled(columns: Sequence[ExportColumn]) -> list[ExportColumn]:
    """The columns that have a value in at least one row."""
    return [column for column in columns if any(cell is not None for cell in column.cells)]


def _minus_report(result: Result) -> list[str | None]:
    """The accuracy of each row minus that of the report; None if the runs were shortened."""
    if result.context is not None and result.context.shortened:
        return [None] * len(result.rows)
    known = [(finite(row.accuracy), finite(row.report)) for row in result.rows]
    return [_signed_points(None if here is None or report is None else here - report) for here, report in known]


def _accuracy(row: Row) -> str | None:
    """The accuracy with its interval, and what is wrong with it."""
    accuracy, interval, wrong = _decimal(row.accuracy, 2, scale=100), _row_interval(row), remark(row)
    return (
        " ".join(filter(None, (accuracy, f"[{interval}]" if interval else None, f"({wrong})" if wrong else None)))
        or None
    )


def _row_interval(row: Row) -> str | None:
    text = interval_text(row)
    return None if text == MISSING else text


def _epochs(row: Row) -> str | None:
    best, trained = finite(row.best_epoch), finite(row.epochs)
    if best is None and trained is None:
        return None
    return "/".join(MISSING if value is None else f"{value:.3g}" for value in (best, trained))


def _interval(difference: Difference) -> str | None:
    low, high = _signed_points(difference.low), _signed_points(difference.high)
    return f"{low} to {high}" if low is not None and high is not None else None


def _runs(row: Row) -> str | None:
    """The ids of the runs, and the seeds that diverged."""
    runs = ", ".join(row.runs)
    if not row.diverged:
        return runs or None
    seeds = f"diverged: {plural(len(row.diverged), 'seed')} {', '.join(map(str, row.diverged))}"
    return f"{runs} ({seeds})" if runs else seeds


def _decimal(value: float | None, digits: int, *, scale: float = 1.0) -> str | None:
    """`scale` times a number, with `digits` decimals and without a negative zero."""
    number = finite(value)
    return None if number is None else f"{scale * number:z.{digits}f}"


def _signed_points(fraction: float | None) -> str | None:
    number = finite(fraction)
    return None if number is None else f"{100 * number:+z.2f}"
