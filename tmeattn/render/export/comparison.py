"""A comparison of runs as a file: Markdown, LaTeX, CSV, JSON, or a picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tmeattn.render.comparison import option_values
from tmeattn.render.export.columns import ExportColumn, filled
from tmeattn.render.export.figures import Drawn, picture_bytes, require_matplotlib
from tmeattn.render.export.files import write_file
from tmeattn.render.export.intervals import IntervalPanel, IntervalRow
from tmeattn.render.export.markup import csv_cell
from tmeattn.render.export.paper import PaperTable, latex, markdown
from tmeattn.render.numbers import decimal
from tmeattn.render.text_comparison import (
    how_differences,
    how_groups,
    p_value,
    points,
    shown_classes,
    signed_interval,
    texts_of,
)
from tmeattn.reproduce.results import CurvePanel, PlottedLine

if TYPE_CHECKING:
    from tmeattn.evaluation.paired import Difference, TextComparison
    from tmeattn.runs.comparison import Comparison

_CSV = (
    *("kind", "group", "minus", "class", "dataset", "split", "texts", "seeds", "value", "low", "high"),
    *("seeds_low", "seeds_high", "p", "gained", "lost"),
)


def document(comparison: Comparison, texts: TextComparison | None, reason: str | None) -> dict[str, Any]:
    """The comparison as `--json` prints it; `reason`: why there is no comparison on texts."""
    compared = None if texts is None else asdict(texts)
    if compared is not None and texts is not None:
        for written, difference in zip(compared["differences"], texts.differences, strict=True):
            written["few_seeds"] = difference.few_seeds
            for one, each in zip(written["classes"], difference.classes, strict=True):
                one["difference"] = each.difference
    return {**comparison.document(), "on_texts": compared, "not_on_texts": reason if texts is None else None}


def check_drawing(path: Path) -> None:
    """Check before anything is computed that a picture can be drawn.

    Raises:
        EnvironmentProblem: Matplotlib is not installed.
    """
    if path.suffix.lower() in (".svg", ".png"):
        require_matplotlib()


def write(comparison: Comparison, texts: TextComparison | None, reason: str | None, path: Path) -> None:
    """Write the comparison in the format of the file ending.

    Raises:
        EnvironmentProblem: the file cannot be written, or Matplotlib is missing.
    """
    suffix = path.suffix.lower()
    if suffix == ".json":
        content = (json.dumps(document(comparison, texts, reason), indent=2, ensure_ascii=False) + "\n").encode()
    elif suffix == ".csv":
        content = csv_text(comparison, texts).encode()
    elif suffix in (".svg", ".png"):
        content = picture(comparison, texts, "svg" if suffix == ".svg" else "png")
    else:
        content = (markdown if suffix == ".md" else latex)(paper_tables(comparison, texts)).encode()
    write_file(path, content)


def paper_tables(comparison: Comparison, texts: TextComparison | None) -> list[PaperTable]:
    """The tables of a paper: on one set of texts the accuracies with the differences, the classes of each difference,
    and the options that differ; without such texts the best accuracies of the runs."""
    tables = [_logged(comparison)] if texts is None else [_accuracies(texts), *_classes(texts)]
    if comparison.differing:
        tables.append(_options(comparison))
    return tables


def _logged(comparison: Comparison) -> PaperTable:
    groups = comparison.sides
    halves = [None if group.half is None else f"{100 * group.half:.2f}" for group in groups]
    columns = [
        ExportColumn("Configuration", [group.label for group in groups], number=False),
        ExportColumn("Seeds", [str(len(group.runs)) for group in groups]),
        ExportColumn("Accuracy, %", [_percent(group.accuracy) for group in groups]),
        ExportColumn("±, points", halves),
    ]
    about = ["Accuracy on the validation split at the best epoch.", *comparison.notes]
    if any(halves):
        about.append("±: half of Student's 95 % interval of the mean over seeds.")
    return PaperTable("Best validation accuracy", about, filled(columns), "comparison-best")


def _accuracies(texts: TextComparison) -> PaperTable:
    others: list[Difference | None] = [None, *texts.differences]
    columns = [
        ExportColumn("Configuration", [group.label for group in texts.groups], number=False),
        ExportColumn("Seeds", [str(len(group.seeds)) for group in texts.groups]),
        ExportColumn("Accuracy, %", [_percent(group.accuracy) for group in texts.groups]),
        ExportColumn("95 % interval, %", [_range(*group.interval) for group in texts.groups]),
        ExportColumn("Macro-F1, %", [_percent(group.macro_f1) for group in texts.groups]),
        ExportColumn("Cross-entropy, nats", [decimal(group.cross_entropy) for group in texts.groups]),
        ExportColumn("Difference, points", [points(each.difference) if each else None for each in others]),
        ExportColumn("Its 95 % interval", [signed_interval(each.low, each.high) if each else None for each in others]),
        ExportColumn(
            "Over seeds", [signed_interval(*each.over_seeds) if each and each.over_seeds else None for each in others]
        ),
        ExportColumn("McNemar p", [p_value(each.mcnemar.p) if each and each.mcnemar else None for each in others]),
    ]
    about = [
        f"{texts_of(texts)}.",
        f"Differences are from {texts.groups[0].label}.",
        f"95 % interval of an accuracy: {how_groups(texts.groups)}.",
        *(line.replace("95 %", "95 % interval of a difference", 1) for line in how_differences(texts.differences)),
    ]
    return PaperTable(f"Accuracies on {texts.dataset}", about, filled(columns), f"comparison-{texts.dataset}")


def _classes(texts: TextComparison) -> Iterator[PaperTable]:
    for difference in texts.differences:
        rows = shown_classes(difference)
        intervals = [
            None if each.low is None or each.high is None else signed_interval(each.low, each.high) for each in rows
        ]
        columns = [
            ExportColumn("Class", [each.name for each in rows], number=False),
            ExportColumn("Texts", [f"{each.texts:,}" for each in rows]),
            ExportColumn(f"{difference.label}, %", [_percent(each.recall) for each in rows]),
            ExportColumn(f"{difference.other}, %", [_percent(each.other_recall) for each in rows]),
            ExportColumn("Difference, points", [points(each.difference) for each in rows]),
            ExportColumn("95 % interval", intervals),
            ExportColumn("F1 difference, points", [points(each.f1 - each.other_f1) for each in rows]),
        ]
        about = [f"{texts_of(texts)}.", "95 % interval: bootstrap over the texts of the class."]
        if len(rows) < len(difference.classes):
            about.append(f"The {len(rows)} classes that differ most, of {len(difference.classes):,}.")
        title = f"Recall by class: {difference.label} and {difference.other}"
        yield PaperTable(title, about, columns, f"classes-{difference.label}")


def _options(comparison: Comparison) -> PaperTable:
    columns = [ExportColumn("Option", [key.replace("_", " ") for key in comparison.differing], number=False)]
    columns += [
        ExportColumn(side.label, [option_values(side, key) for key in comparison.differing], number=False)
        for side in comparison.sides
    ]
    return PaperTable("Options that differ", [], columns, "options")


def csv_text(comparison: Comparison, texts: TextComparison | None) -> str:
    """A line for each figure: of `kind` best_accuracy (of a run), accuracy (of a group on the texts), difference, and
    recall_difference (of a class). Fractions in [-1, 1], with six decimals; a missing value is empty."""
    lines: list[dict[str, object]] = [
        {
            "kind": "best_accuracy",
            "group": run.label,
            "dataset": run.summary.dataset,
            "split": f"validation{f' (--limit {run.summary.limit})' if run.summary.limit else ''}",
            "seeds": run.summary.seed,
            "value": run.summary.best_accuracy,
        }
        for run in comparison.runs
    ]
    if texts is not None:
        about = {"dataset": texts.dataset, "split": texts.split, "texts": texts.texts}
        for group in texts.groups:
            low, high = group.interval
            values = {"value": group.accuracy, "low": low, "high": high, "seeds": " ".join(map(str, group.seeds))}
            lines.append({"kind": "accuracy", "group": group.label, **about, **values})
        for difference in texts.differences:
            lines += _csv_difference(difference, about)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _CSV, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: csv_cell(value) for key, value in line.items()} for line in lines)
    return buffer.getvalue()


def _csv_difference(difference: Difference, about: dict[str, object]) -> Iterator[dict[str, object]]:
    names = {"group": difference.label, "minus": difference.other}
    over, test = difference.over_seeds or (None, None), difference.mcnemar
    yield {
        "kind": "difference",
        **names,
        **about,
        "value": difference.difference,
        "low": difference.low,
        "high": difference.high,
        "seeds_low": over[0],
        "seeds_high": over[1],
        **({} if test is None else {"p": test.p, "gained": test.gained, "lost": test.lost}),
    }
    for each in difference.classes:
        own = {"class": each.name, "value": each.difference, "low": each.low, "high": each.high}
        yield {"kind": "recall_difference", **names, **about, **own, "texts": each.texts}


def picture(comparison: Comparison, texts: TextComparison | None, form: Any) -> bytes:
    """The accuracies and differences with their intervals, and the validation curves."""
    panels: list[Drawn] = []
    footer = " ".join(["Validation accuracy by epoch.", *comparison.notes])
    if texts is not None:
        groups = tuple(IntervalRow(each.label, each.accuracy, *each.interval) for each in texts.groups)
        rows = tuple(
            IntervalRow(f"{each.label} minus {each.other}", each.difference, each.low, each.high)
            for each in texts.differences
        )
        panels = [
            IntervalPanel("Accuracy with 95 % interval", "%", groups),
            IntervalPanel("Difference with 95 % interval", "points", rows, zero=True),
        ]
        footer = " ".join([f"{texts_of(texts)}.", *how_differences(texts.differences)])
    lines = tuple(
        PlottedLine(
            run.label,
            tuple(float(epoch["epoch"]) for epoch in run.epochs),
            tuple(100 * epoch["validation"]["accuracy"] for epoch in run.epochs),
        )
        for run in comparison.runs
        if run.epochs
    )
    panels.append(CurvePanel("Validation accuracy", "epoch", "%", lines))
    return picture_bytes("Comparison of runs", footer, tuple(panels), form)


def _percent(fraction: float | None) -> str | None:
    return None if fraction is None else f"{100 * fraction:.2f}"


def _range(low: float, high: float) -> str:
    return f"{100 * low:.2f} to {100 * high:.2f}"


FORMATS = (".md", ".tex", ".csv", ".json", ".svg", ".png")
"""The endings of the files."""
