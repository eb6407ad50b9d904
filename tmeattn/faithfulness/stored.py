"""Results of `tmeattn faithfulness --json`, read again, so that results of several runs can be joined in one table."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from tmeattn.faithfulness.attention_results import AttentionTests
from tmeattn.faithfulness.results import (
    MEASURES,
    AgainstRandom,
    BoundsCount,
    Estimate,
    FaithfulnessResults,
    MethodResults,
    OperatorResults,
    SoftSettings,
    TwinComparison,
)

_KINDS: dict[str, Any] = {
    "entropy": Estimate | None,
    "rows": tuple[MethodResults, ...],
    "twins": TwinComparison | None,
    "bounds": BoundsCount | None,
    "soft": SoftSettings | None,
    "attention_tests": AttentionTests | None,
    "notes": tuple[str, ...],
    "disagreements": tuple[str, ...],
}
"""The types of the fields that are not plain values in JSON."""


def stored_results(document: dict[str, Any]) -> FaithfulnessResults:
    """The results of a document that `FaithfulnessResults.document` made, also in an earlier version with fewer fields.

    Raises:
        pydantic.ValidationError, KeyError, TypeError: it is another document.
    """
    fields = document | {
        name: TypeAdapter(kind).validate_python(document[name]) for name, kind in _KINDS.items() if name in document
    }
    fields["passed_over"] = tuple((one["method"], one["reason"]) for one in document["passed_over"])
    fields["against_random"] = tuple(_operator(one) for one in document.get("against_random", ()))
    return FaithfulnessResults(**fields)


def _operator(one: dict[str, Any]) -> OperatorResults:
    adapter = TypeAdapter(AgainstRandom)
    rows = {row["method"]: {name: adapter.validate_python(row[name]) for name in MEASURES} for row in one["methods"]}
    return OperatorResults(**{name: value for name, value in one.items() if name != "methods"}, rows=rows)
