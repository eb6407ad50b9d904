"""The results of `tmeattn evaluate` as a file: pictures of the curves, or the measures as CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tmeattn.plurals import counted
from tmeattn.render.evaluation_curves import curve_panels
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_table
from tmeattn.render.numbers import dataset_name, percent

if TYPE_CHECKING:
    from tmeattn.evaluation.document import EvaluationDocument

_COLUMNS = ("run", "model", "dataset", "split", "texts", "measure", "class", "threshold", "value")
_OVERALL = ("accuracy", "macro_f1", "cross_entropy", "calibration_error", "roc_auc", "average_precision", "entropy")
_OF_CLASS = ("precision", "recall", "f1", "roc_auc", "average_precision", "texts")
_OF_THRESHOLD = ("precision", "recall", "f1", "accuracy")
_OF_BIN = ("texts", "confidence", "accuracy")


def write(result: EvaluationDocument, path: Path) -> None:
    """Write the results in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written, or a picture needs Matplotlib, which is not installed.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](result))


def _picture(result: EvaluationDocument, form: Literal["svg", "png"]) -> bytes:
    from tmeattn.render.export.figures import picture_bytes

    low, high = result["accuracy_interval"]
    title = f"{result['model']} (run {result['run']}) on {dataset_name(result['dataset'])}"
    which = "all texts" if result["split"] == "all" else f"{result['split']} split"
    about = (
        f"{counted(result['texts'], 'text')}, {which}. Accuracy {percent(result['accuracy'], 2)}, 95 % interval "
        f"{percent(low)} to {percent(high)} (Wilson)."
    )
    return picture_bytes(title, about, curve_panels(result), form)


def _paper(result: EvaluationDocument, form: Literal["md", "tex"]) -> bytes:
    """The tables of a paper."""
    from tmeattn.render.export.listings import evaluation_tables
    from tmeattn.render.export.paper import latex, markdown

    return (markdown if form == "md" else latex)(evaluation_tables(result)).encode()


def _csv(result: EvaluationDocument) -> bytes:
    """A line for each measure."""
    about = [result["run"], result["model"], result["dataset"], result["split"], result["texts"]]
    return csv_table(_COLUMNS, ((*about, *line) for line in _measures(result))).encode()


def _measures(result: EvaluationDocument) -> Iterator[tuple[object, ...]]:
    low, high = result["accuracy_interval"]
    yield from ((name, None, None, result[name]) for name in _OVERALL)  # type: ignore[literal-required]
    yield from (("accuracy_low", None, None, low), ("accuracy_high", None, None, high))
    for name, of_class in result["per_class"].items():
        yield from ((measure, name, None, of_class[measure]) for measure in _OF_CLASS)  # type: ignore[literal-required]
    for each in result["thresholds"]:
        at = each["threshold"]
        yield from ((measure, result["positive"], at, each[measure]) for measure in _OF_THRESHOLD)  # type: ignore[literal-required]
    if (best := result["best_f1"]) is not None:
        yield "best_f1", result["positive"], best["threshold"], best["f1"]
    for one in result["reliability"]:
        yield from ((f"reliability_{measure}", None, one["low"], one[measure]) for measure in _OF_BIN)  # type: ignore[literal-required]


def _json(result: EvaluationDocument) -> bytes:
    return (json.dumps(result, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


FORMATS: dict[str, Callable[[EvaluationDocument], bytes]] = {
    ".svg": partial(_picture, form="svg"),
    ".png": partial(_picture, form="png"),
    ".md": partial(_paper, form="md"),
    ".tex": partial(_paper, form="tex"),
    ".csv": _csv,
    ".json": _json,
}
"""The writer of each file ending."""
