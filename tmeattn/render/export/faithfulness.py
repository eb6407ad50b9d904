"""The results of `tmeattn faithfulness` as a file: Markdown, CSV, LaTeX or JSON, of one run or of several."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.faithfulness.results import CONTROL, FAMILIES, HUMAN, MEASURES, METRICS, SIGNIFICANT, Metric
from tmeattn.plurals import counted
from tmeattn.render.export.attention_tests import attention_lines, attention_papers
from tmeattn.render.export.columns import ExportColumn
from tmeattn.render.export.files import check_ending, write_file
from tmeattn.render.export.markup import csv_table
from tmeattn.render.export.paper import PaperTable, latex, markdown
from tmeattn.render.faithfulness import (
    CHANCE,
    INTERVAL,
    bounds_print,
    family_title,
    figure,
    half,
    measured,
    random_title,
    uniform_weights_test,
    win_figure,
)
from tmeattn.render.faithfulness_runs import document, labels, measure_tables
from tmeattn.render.numbers import percent

if TYPE_CHECKING:
    from tmeattn.faithfulness.results import Estimate, FaithfulnessResults

_COLUMNS = (
    *("run", "model", "data", "texts", "method", "measure", "mean", "low", "high"),
    *("over_random", "over_random_low", "over_random_high", "operator"),
)


def write(several: Sequence[FaithfulnessResults], path: Path) -> None:
    """Write the results of one run or of several in the format of the file ending.

    Raises:
        BadInput: the ending is of no known format.
        EnvironmentProblem: the file cannot be written.
    """
    check_ending(path, FORMATS)
    write_file(path, FORMATS[path.suffix.lower()](several).encode())


def _markdown(several: Sequence[FaithfulnessResults]) -> str:
    return markdown(paper_tables(several))


def _latex(several: Sequence[FaithfulnessResults]) -> str:
    return latex(paper_tables(several))


def csv_text(several: Sequence[FaithfulnessResults]) -> str:
    """A line for each run, method and metric: mean, interval, and the difference from the control with its interval;
    for comparisons with random rationales also the operator."""
    return csv_table(_COLUMNS, _csv_rows(several))


def _csv_rows(several: Sequence[FaithfulnessResults]) -> Iterator[tuple[object, ...]]:
    for results in several:
        about = (results.run, results.model, results.data, results.texts)
        for row in results.rows:
            for metric in METRICS:
                if (one := row.measures.get(metric.name)) is not None:
                    over = (one.over_control, one.over_low, one.over_high)
                    yield (*about, row.method, metric.name, one.mean, one.low, one.high, *over, None)
            yield (*about, row.method, "seconds_per_text", row.seconds_per_text, *[None] * 6)
            for name, values, operator in _random_rows(results, row.method):
                yield (*about, row.method, name, *values, *[None] * 3, operator)
        for cells in attention_lines(results):
            yield (*about, *cells, None)


def _random_rows(
    results: FaithfulnessResults, method: str
) -> Iterator[tuple[str, tuple[float | None, float | None, float | None], str]]:
    """The name, the value with its interval, and the operator of each comparison with random rationales."""
    for one in results.against_random:
        for measure in MEASURES:
            row = one.rows[method][measure]
            for name, known in (("drop", row.drop), ("win_rate", row.win_rate)):
                yield f"{measure}_{name}", (known.mean, known.low, known.high), one.operator
            for name, value in (("p", row.p), ("p_adjusted", row.p_adjusted), ("effect", row.effect)):
                yield f"{measure}_{name}", (value, None, None), one.operator


def _json(several: Sequence[FaithfulnessResults]) -> str:
    found = several[0].document() if len(several) == 1 else document(several)
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def paper_tables(several: Sequence[FaithfulnessResults]) -> list[PaperTable]:
    """A table for each family of metrics and each comparison with random rationales of one run, or for each measure of
    several runs. Plausibility has tables of its own."""
    tables = _of_runs(several) if len(several) > 1 else _of_run(several[0])
    return [*tables, *(one for results in several for one in attention_papers(results))]


def _of_run(results: FaithfulnessResults) -> Iterator[PaperTable]:
    facts = [*_facts(results), f"Run {results.run}."]
    for family, title in FAMILIES.items():
        metrics = measured(results, family)
        if not metrics:
            continue
        detail = family_title(results, family).removeprefix(title).removeprefix(": ")
        about = [
            *facts,
            f"{'; '.join(metric.about for metric in metrics)}.",
            *([OPERATORS_OF[family]] if family in OPERATORS_OF else []),
            *([f"{detail[0].upper()}{detail[1:]}."] if detail else []),
            *(bounds_print(results) if family == "normalized" else []),
            *_UNCERTAINTY,
        ]
        facts = facts[:1]  # the accuracy and the twin once
        yield PaperTable(
            _title(results.model, family, title), about, _columns(results, family), f"{family}-{results.model}"
        )
    for measure in MEASURES if results.against_random else ():
        title = _title(results.model, "", random_title(results, measure))
        about = [
            *facts[:1],
            f"Operators of erasure: {', '.join(one.operator for one in results.against_random)}.",
            "drop: lost share of the probability of the predicted class; p after Benjamini and Hochberg over the "
            "methods; d: effect size.",
            *(line for line in results.disagreements if measure in line),
            INTERVAL,
            f"{CHANCE} marks win rates with p > {SIGNIFICANT:g}.",
        ]
        yield PaperTable(title, about, _random_columns(results, measure), f"random-{measure}-{results.model}")


def _of_runs(several: Sequence[FaithfulnessResults]) -> Iterator[PaperTable]:
    texts = list(dict.fromkeys(_facts(results)[0] for results in several))
    if len(texts) > 1:
        texts = [f"{label}: {_facts(results)[0]}" for label, results in zip(labels(several), several, strict=True)]
    for one in measure_tables(several):
        metric = next((metric for metric in METRICS if metric.name == one.name), None)
        family = metric.family if metric else ""
        columns = [
            ExportColumn("Method", [method for method, _ in one.rows], number=False),
            *(ExportColumn(label, [cells[at] for _, cells in one.rows]) for at, label in enumerate(labels(several))),
        ]
        about = [
            *texts,
            f"Runs: {', '.join(results.run for results in several)}.",
            *([f"{_about(metric)}."] if metric else []),
            *([OPERATORS_OF[family]] if family in OPERATORS_OF else []),
            *([] if one.across else ["The figures are not to be compared between models."]),
            *(_UNCERTAINTY if metric else (INTERVAL, f"{CHANCE} marks win rates with p > {SIGNIFICANT:g}.")),
        ]
        title = _title(f"{len(several)} runs", family, one.title)
        yield PaperTable(title, about, columns, f"{one.name}-of-runs")


_UNCERTAINTY = (
    INTERVAL,
    f"{CHANCE} marks figures without a significant difference from {CONTROL} on the same texts.",
)
OPERATORS_OF = {
    "erasure": "Operator of erasure: delete (words are left out).",
    "normalized": "Operator of erasure: delete (words are left out).",
    "soft": "Operator of erasure: parts of the word vectors are masked.",
}
"""The operator of a family of metrics."""


def _about(metric: Metric) -> str:
    """The definition of a metric, after that of the one before it which it refers to."""
    before = METRICS[METRICS.index(metric) - 1].about
    return f"{before}; {metric.about}" if "the same" in metric.about else metric.about


def _title(whose: str, family: str, title: str) -> str:
    """ "Faithfulness of explanations of lstm-attn: raw erasure"; plausibility is no faithfulness."""
    if family == HUMAN:
        return f"Plausibility of explanations of {whose}: agreement with human rationales"
    return f"Faithfulness of explanations of {whose}: {title[0].lower()}{title[1:]}"


def _facts(results: FaithfulnessResults) -> list[str]:
    facts = [f"{counted(results.texts, 'text')} of {results.data}, {results.words:.0f} words on average."]
    if results.accuracy is not None:
        facts.append(f"Accuracy on these texts: {percent(results.accuracy)}.")
    if results.entropy is not None:
        facts.append(f"Attention entropy {results.entropy.mean:.2f} ± {half(results.entropy):.2f} nats.")
    if results.twins is not None:
        facts.append(f"Test of uniform weights: {uniform_weights_test(results).removesuffix('.')}.")
    return facts


def _columns(results: FaithfulnessResults, family: str) -> list[ExportColumn]:
    columns = [ExportColumn("Method", [row.method for row in results.rows], number=False)]
    for metric in measured(results, family):
        figures = [row.measures.get(metric.name) for row in results.rows]
        columns.append(ExportColumn(metric.heading, list(map(_figure, figures, columns[0].cells))))
    if family == "ranks":
        columns.append(ExportColumn("ms/text", [f"{1000 * row.seconds_per_text:.1f}" for row in results.rows]))
    return columns


def _figure(estimate: Estimate | None, method: str | None) -> str | None:
    return None if estimate is None else figure(estimate, method or "")


def _random_columns(results: FaithfulnessResults, measure: str) -> list[ExportColumn]:
    columns = [ExportColumn("Method", [row.method for row in results.rows], number=False)]
    for one in results.against_random:
        of = [one.rows[row.method][measure] for row in results.rows]
        columns += [
            ExportColumn(f"{one.operator}: win rate", [win_figure(row) for row in of]),
            ExportColumn("drop", [f"{row.drop.mean:z.3f}" for row in of]),
            ExportColumn("p", [f"{row.p_adjusted:.3f}" for row in of]),
            ExportColumn("d", [None if row.effect is None else f"{row.effect:z.2f}" for row in of]),
        ]
    return columns


FORMATS = {".md": _markdown, ".csv": csv_text, ".tex": _latex, ".json": _json}
"""The writer of each file ending."""
