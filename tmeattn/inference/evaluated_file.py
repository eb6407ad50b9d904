"""The predictions of an evaluated set of texts as a file: `tmeattn evaluate --predictions`.

Shapes: N texts, C classes.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tmeattn.errors import BadInput
from tmeattn.files import check_place, disk_errors, escaped, remove_leftovers, temporary_name
from tmeattn.inference.evaluate_run import RunEvaluation
from tmeattn.inference.output_target import check_output_name, check_target, output_format
from tmeattn.inference.prediction_parquet import require_parquet
from tmeattn.inference.prediction_rows import class_columns
from tmeattn.os_errors import ELSEWHERE
from tmeattn.spreadsheet import csv_lines, harmless_cell

CHUNK = 4096
"""Texts whose lines are written together."""


def check_predictions(path: Path, dataset: object, *, force: bool) -> None:
    """Check that predictions can be written to a file, before anything is computed.

    dataset: the name or path of the data, which is never overwritten.

    Raises:
        BadInput: the ending is of no known format, the file exists, or it is no regular file or is the data.
    """
    if path == Path("-"):
        raise BadInput("--predictions needs the name of a file, not -.", hint="Standard output has the measures.")
    check_output_name(path, "--predictions")
    require_parquet(path)
    check_target(path, Path(str(dataset)))
    check_place(path, replaces=force)


def write_predictions(evaluated: RunEvaluation, path: Path, *, raw: bool = False) -> None:
    """Write a row for each text, in the order of the texts: its record number, the user's own id where the data has
    one, its true class where it is known, the predicted class, and the probabilities.

    The file is complete or not there: it is written under another name and then renamed.
    raw: in CSV, names and ids are written as they are, also where a spreadsheet would run them as a formula.

    Raises:
        EnvironmentProblem: the file cannot be written.
    """
    form = str(output_format(path))
    temporary = temporary_name(path)
    with disk_errors("the predictions", path, elsewhere=ELSEWHERE):
        remove_leftovers(path.parent, path.name)
        try:
            if form == "parquet":
                _write_parquet(evaluated, temporary)
            else:
                with temporary.open("wb") as file:
                    for lines in _lines(evaluated, form, raw=raw):
                        file.write(lines)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def _rows(evaluated: RunEvaluation) -> Iterator[list[dict[str, Any]]]:
    """The rows in chunks; `probabilities` is a list in the order of the classes."""
    chosen, classes = evaluated.chosen, evaluated.classifier.classes
    probabilities_NC = evaluated.probabilities()
    predicted_N = probabilities_NC.argmax(axis=1)
    records_N = chosen.rows_N if chosen.records_M is None else chosen.records_M[chosen.rows_N]
    for start in range(0, len(chosen), CHUNK):
        part = slice(start, start + CHUNK)
        columns: dict[str, Sequence[Any]] = {"row": records_N[part].tolist(), "index": chosen.rows_N[part].tolist()}
        if chosen.ids is not None:
            columns["id"] = [chosen.ids[row] for row in chosen.rows_N[part].tolist()]
        if chosen.labels_N is not None:
            columns["gold"] = [classes[label] for label in chosen.labels_N[part].tolist()]
        columns["label"] = [classes[label] for label in predicted_N[part].tolist()]
        columns["probability"] = probabilities_NC[part].max(axis=1).tolist()
        columns["probabilities"] = probabilities_NC[part].tolist()
        yield [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _lines(evaluated: RunEvaluation, form: str, *, raw: bool) -> Iterator[bytes]:
    classes = evaluated.classifier.classes
    delimiter = {"csv": ",", "tsv": "\t"}.get(form)
    for number, rows in enumerate(_rows(evaluated)):
        if delimiter is None:
            text = "".join(_json_line(row, classes) for row in rows)
        else:
            cells = [[_cell(value, raw=raw) for value in _flat(row)] for row in rows]
            own = [name for name in rows[0] if name != "probabilities"]
            heading = [*own, *(_cell(name, raw=raw) for name in class_columns(classes, own))]
            text = csv_lines([heading, *cells] if number == 0 else cells, delimiter)
        yield text.encode("utf-8", "backslashreplace")


def _json_line(row: Mapping[str, Any], classes: Sequence[str]) -> str:
    by_class = dict(zip(classes, row["probabilities"], strict=True))
    return escaped(json.dumps({**row, "probabilities": by_class}, ensure_ascii=False)) + "\n"


def _flat(row: Mapping[str, Any]) -> list[Any]:
    return [*(value for name, value in row.items() if name != "probabilities"), *row["probabilities"]]


def _cell(value: Any, *, raw: bool) -> Any:
    return value if raw or not isinstance(value, str) else harmless_cell(value, numbers=True)


def _write_parquet(evaluated: RunEvaluation, path: Path) -> None:
    """The rows as a table; the column `probabilities` has a field for each class."""
    import polars

    classes = evaluated.classifier.classes
    frames = []
    for rows in _rows(evaluated):
        by_class = [dict(zip(classes, row.pop("probabilities"), strict=True)) for row in rows]
        shape = polars.Struct(dict.fromkeys(classes, polars.Float64))
        columns = {name: [_text(row[name]) for row in rows] for name in rows[0]}
        frames.append(polars.DataFrame(columns).with_columns(polars.Series("probabilities", by_class, dtype=shape)))
    polars.concat(frames).write_parquet(path)


def _text(value: Any) -> Any:
    """The value; of a text, one that Parquet can hold."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value
