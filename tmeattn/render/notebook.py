"""What a notebook shows of explanations, models and evaluations, as HTML. Every text is escaped."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from tmeattn.plurals import counted
from tmeattn.render.export.explanations_html import html_section, html_text
from tmeattn.render.export.html_curves import Line, curves
from tmeattn.render.export.style import NOTEBOOK_STYLE, SCOPE
from tmeattn.render.numbers import count, dataset_name, decimal, percent, seconds

if TYPE_CHECKING:
    from tmeattn.evaluation.document import EvaluationDocument
    from tmeattn.explain.explanation import Explanation
    from tmeattn.models.diagram import Diagram
    from tmeattn.runs.event_types import EpochEvent
    from tmeattn.runs.summary import RunSummary

MOST_SHOWN = 50
"""Explanations that a notebook shows of a longer list."""
MOST_CLASSES = 12
"""Classes up to which the confusion matrix is shown."""


class _ShownEvaluation(dict[str, Any]):
    """The document of an evaluation, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        return evaluation_html(cast("EvaluationDocument", self))


def shown_evaluation(document: EvaluationDocument) -> EvaluationDocument:
    """The same document, which shows itself in a notebook."""
    return cast("EvaluationDocument", _ShownEvaluation(document))


def explanations_html(explanations: Sequence[Explanation]) -> str:
    """One explanation, or several side by side."""
    shown = [html_section(one) for one in explanations[:MOST_SHOWN]]
    if len(explanations) > MOST_SHOWN:
        left = len(explanations) - MOST_SHOWN
        shown.append(f'<section><p class="note">{count(left)} more are not shown.</p></section>')
    if not shown:
        shown = ['<section><p class="note">No explanation.</p></section>']
    return _shown("".join(shown), several=len(shown) > 1)


def model_html(summary: RunSummary, epochs: Sequence[EpochEvent], diagram: Diagram | None) -> str:
    """A trained run: its figures, its curves and its architecture."""
    name = f"{summary.name} ({summary.id})" if summary.name else summary.id
    best = percent(summary.best_accuracy, 2)
    figures = [
        ("data", dataset_name(summary.dataset) + (f", --limit {summary.limit}" if summary.limit else "")),
        ("best validation accuracy", f"{best} in epoch {summary.best_epoch}" if summary.best_epoch else best),
        ("epochs", f"{summary.epoch} of {summary.epochs}, {seconds(summary.seconds)}"),
        ("alpha", f"{summary.alpha:g}"),
        ("state", summary.shown_state),
    ]
    drawn = "".join(
        curves(title, [_line(epochs, split, measure) for split in ("train", "validation")])
        for title, measure in (("loss", "loss"), ("accuracy", "accuracy"), ("attention entropy, nats", "entropy"))
    )
    picture = (
        f"<details open><summary>Architecture</summary><pre>{_diagram(diagram)}</pre></details>" if diagram else ""
    )
    return _shown(
        f"<section><h2>{html_text(summary.model)} <small>{html_text(name)}</small></h2>"
        f"{_pairs(figures)}<p>{drawn}</p>{picture}</section>"
    )


def evaluation_html(result: EvaluationDocument) -> str:
    """An evaluation: its figures, its classes, and the confusion matrix of few classes."""
    low, high = result["accuracy_interval"]
    texts = f"{dataset_name(result['dataset'])}, {result['split']}, {counted(result['texts'], 'text')}"
    figures = [
        ("data", texts),
        ("accuracy", f"{percent(result['accuracy'], 2)} (95 % interval {percent(low)} to {percent(high)})"),
        ("macro-F1", percent(result["macro_f1"], 2)),
        ("cross-entropy", decimal(result["cross_entropy"])),
        ("calibration error", percent(result["calibration_error"], 2)),
        ("ROC-AUC", decimal(result["roc_auc"], 4)),
    ]
    if result["entropy"] is not None:
        share = percent(result["normalized_entropy"])
        figures.append(("attention entropy", f"{decimal(result['entropy'])} nats, {share} of uniform"))
    notes = "".join(f'<p class="note">{html_text(note)}</p>' for note in result.get("notes") or [])
    classes = [
        (name, count(each["texts"]), percent(each["precision"]), percent(each["recall"]), percent(each["f1"]))
        for name, each in result["per_class"].items()
    ]
    shown = [
        f"<section><h2>{html_text(result['model'])} <small>run {html_text(result['run'])}</small></h2>",
        *(notes, _pairs(figures), _table("", ["class", "texts", "precision", "recall", "F1"], classes)),
    ]
    names = list(result["per_class"])
    if len(names) <= MOST_CLASSES:
        rows = [(true, *(count(result["confusion"][true].get(name, 0)) for name in names)) for true in names]
        shown.append(_table("Texts by true class (rows) and predicted class", ["", *names], rows))
    return _shown("".join([*shown, "</section>"]))


def _shown(content: str, *, several: bool = False) -> str:
    classes = f"{SCOPE} several" if several else SCOPE
    return f'<div class="{classes}"><style>{NOTEBOOK_STYLE}</style>{content}</div>'


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td class="value">{html_text(value)}</td></tr>' for name, value in pairs
    )
    return f'<table class="figures">{rows}</table>'


def _table(caption: str, heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{html_text(name)}</th>' for name in heading)
    body = "".join(
        f'<tr><th scope="row" dir="auto">{html_text(first)}</th>'
        + "".join(f"<td>{html_text(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return f'<table class="listing"><caption>{caption}</caption><tr>{head}</tr>{body}</table>'


def _line(epochs: Sequence[EpochEvent], split: str, measure: str) -> Line:
    points = [(event["epoch"], event[split].get(measure)) for event in epochs]  # type: ignore[literal-required]
    return Line(split, [(x, y) for x, y in points if y is not None])


def _diagram(diagram: Diagram) -> str:
    """The diagram of the terminal as text."""
    from rich.console import Console

    from tmeattn.render.diagram import DiagramView

    drawn = io.StringIO()
    console = Console(
        file=drawn, width=100, color_system=None, highlight=False, markup=False, emoji=False, force_jupyter=False
    )  # in a notebook, a console would show the diagram there, and not write it
    console.print(DiagramView(diagram))
    return html_text(drawn.getvalue().rstrip())
