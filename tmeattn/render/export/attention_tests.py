"""The tests of attention itself in files: tables for a paper, and lines of CSV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmeattn.render.attention_tests import attention_tables
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.paper import PaperTable

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import Estimate, FaithfulnessResults

Line = tuple[str, str, float, float | None, float | None, float | None, float | None, float | None]
"""Method, measure, mean with its interval, and the difference from random orders with its interval."""


def attention_papers(results: FaithfulnessResults) -> Iterator[PaperTable]:
    """The tables of the tests that apply; none where they were not asked for."""
    for table in [] if results.attention_tests is None else attention_tables(results.attention_tests):
        columns = [
            ExportColumn(heading, [row[at] for row in table.rows], number=at > 0)
            for at, heading in enumerate(table.headings)
        ]
        about = [f"Texts of {results.data}.", *table.notes, f"Run {results.run}."]
        title = f"Attention of {results.model}: {table.title[0].lower()}{table.title[1:]}"
        yield PaperTable(title, about, columns, f"attention-{table.name}-{results.model}")


def attention_lines(results: FaithfulnessResults) -> Iterator[Line]:
    """The figures of the tests for a CSV file."""
    tests = results.attention_tests
    if tests is not None and tests.erasure is not None:
        for row in tests.erasure.rows:
            for name in ("first", "flips", "fraction"):
                yield _line(f"weights by {row.order}", f"erased_weights_{name}", getattr(row, name))
    if tests is not None and tests.adversarial is not None:
        for point in tests.adversarial.curve:
            measure = f"jsd_at_tvd_{point.allowed}"
            if point.per_text is not None:
                yield _line("adversary of one text", measure, point.per_text)
            if point.one_model is not None:
                yield "adversary of one model", measure, point.one_model, None, None, None, None, None


def _line(method: str, measure: str, one: Estimate) -> Line:
    return method, measure, one.mean, one.low, one.high, one.over_control, one.over_low, one.over_high
