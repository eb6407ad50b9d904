"""`tmeattn explain TEXT`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.completion import runs as complete_runs
from tmeattn.cli.support.options import (
    export_option,
    file_option,
    json_option,
    names_in,
    no_pager_option,
    run_option,
    top_option,
)
from tmeattn.errors import BadInput

if TYPE_CHECKING:
    from rich.console import RenderableType

    from tmeattn.explain.explanation import ExplainRequest, Explanation
    from tmeattn.inference.classifier import TrainedClassifier


@click.command()
@click.argument("text", required=False)
@run_option("The run that explains.")
@click.option(
    "--method",
    metavar="NAME,...",
    help="One or more of: attention (default where the model pools by it), rollout, gradient, input-x-gradient, "
    "integrated-gradients, leave-one-out (default elsewhere), lime, random, uniform, or a plugin's.",
)
@click.option("--class", "target", metavar="NAME", help="The class to explain, where the method depends on it.")
@click.option("--layer", type=int, metavar="N", help="Of self-attention, this layer, from 1.  [default: the mean]")
@click.option("--head", type=int, metavar="N", help="Of self-attention, this head, from 1.  [default: the mean]")
@top_option(8, "strongest words")
@click.option(
    "--compare", "other", metavar="RUN", shell_complete=complete_runs, help="Show this run's explanation beside."
)
@file_option()
@click.option("--index", type=click.IntRange(min=0), help="Explain this text of the run's dataset instead.")
@click.option("--split", help="The split that --index counts in.  [default: validation]")
@export_option("the explanations", ".html, .svg, .png, .tex, .json or .csv")
@no_pager_option()
@json_option("the explanation (an array of several)")
def explain(
    text: str | None,
    run: str,
    method: str | None,
    target: str | None,
    layer: int | None,
    head: int | None,
    top: int,
    other: str | None,
    file: Path | None,
    index: int | None,
    split: str | None,
    export: Path | None,
    no_pager: bool,
    as_json: bool,
) -> None:
    """Predict TEXT and colour its words by what the model attends to.

    TEXT may also come on standard input. Words that the model does not know are marked. What is too long for the
    terminal goes through PAGER (less).

    \b
    tmeattn explain "A wonderful film."
    tmeattn explain --index 7 --method attention,integrated-gradients
    tmeattn explain --index 7 --compare best --export page.html
    """
    if export is not None:
        from tmeattn.render.export.explanations import FORMATS
        from tmeattn.render.export.files import check_ending

        check_ending(export, FORMATS)
    if sum(given is not None for given in (text, index, file)) > 1:
        raise BadInput("Give one of a text, --index and --file.")
    if split is not None and index is None:
        raise BadInput("--split only says where --index counts.", hint="Add --index N.")
    if other is not None and (file is not None or (method and "," in method)):
        raise BadInput("--compare shows one text by one method.", hint="Leave --file out, and name one --method.")
    if file is not None:
        from tmeattn.cli.predict import texts_in

        texts = texts_in(file)
    else:
        texts = [] if index is not None else [text_or_stdin(text)]
    from tmeattn.explain.explanation import ExplainRequest
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.runs.index import find_run

    methods: Sequence[str | None] = [None]
    if method is not None:
        methods = names_in("--method", method)
    classifier = TrainedClassifier(find_run(run))
    label = None
    if index is not None:
        chosen, label = text_of_split(classifier, split or "validation", index)
        texts = [chosen]
    requests = [ExplainRequest(one, name, target, label, layer, head) for name in methods for one in texts]
    if other is not None:
        explanations = compared(classifier, TrainedClassifier(find_run(other)), requests[0])
    else:
        found = explained(classifier, requests)
        explanations = [found[at] for text in range(len(texts)) for at in range(text, len(found), len(texts))]
    from tmeattn.render.explanations import by_methods, one_after_another, side_by_side
    from tmeattn.render.heatmap import heatmap

    picture: RenderableType
    if other is not None:
        picture = side_by_side(*explanations, top=top)
    elif len(texts) > 1:
        picture = one_after_another(explanations, methods=len(methods))
    elif len(methods) > 1:
        picture = by_methods(explanations, top=top)
    else:
        picture = heatmap(explanations[0], top=top)
    alone = other is None and file is None and len(methods) == 1
    show(explanations, picture, export, as_json, alone=alone, at_once=no_pager)


def explained(classifier: TrainedClassifier, requests: Sequence[ExplainRequest]) -> list[Explanation]:
    """Explain all, in order, with the progress on stderr where there are many."""
    from tmeattn.explain.explain import TOGETHER, explain_all
    from tmeattn.render.console import stderr_console
    from tmeattn.render.counting import counting

    explanations = []
    with counting(stderr_console(), "explained") as progress:
        for explanation in explain_all(classifier, requests):
            explanations.append(explanation)
            if len(requests) > 1 and len(explanations) % TOGETHER == 1:
                progress(len(explanations), len(requests))
    return explanations


def compared(first: TrainedClassifier, second: TrainedClassifier, request: ExplainRequest) -> list[Explanation]:
    """One text by two models and one method: where their defaults differ, by leave-one-out, which serves both."""
    from tmeattn.explain.compatibility import FALLBACK, default_method
    from tmeattn.explain.explain import explain as explain_text

    if request.method is None:
        defaults = {default_method(one, request.layer, request.head)[0].name for one in (first, second)}
        request = replace(request, method=defaults.pop() if len(defaults) == 1 else FALLBACK)
    return [explain_text(one, request) for one in (first, second)]


def text_or_stdin(text: str | None) -> str:
    """The text given, or what standard input holds (also for `-`).

    Raises:
        BadInput: nothing was given, nothing is piped in, or it is empty.
    """
    if text is None or text == "-":
        if sys.stdin.isatty():
            raise BadInput("There is no text to explain.", hint='Give one: tmeattn explain "a wonderful film"')
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        raise BadInput("The text is empty.", hint='Give one: tmeattn explain "a wonderful film"')
    return text


def text_of_split(classifier: TrainedClassifier, split: str, index: int) -> tuple[str, str]:
    """A text of the run's dataset and the name of its true class."""
    from tmeattn.data.sources import open_split

    dataset, found = open_split(classifier.config.train, split)
    if index >= len(found.texts):
        raise BadInput(f"--index {index}: the split {split} of {dataset.name} has texts 0 to {len(found.texts) - 1}.")
    return found.texts[index], dataset.classes[found.labels[index]]


def show(
    explanations: Sequence[Explanation],
    picture: RenderableType,
    export: Path | None,
    as_json: bool,
    *,
    alone: bool,
    at_once: bool,
) -> None:
    """Print explanations, a page at a time on a terminal, and write them to a file; `alone` prints one JSON object."""
    from tmeattn.cli.support.paging import page

    if as_json:
        documents = [one.document() for one in explanations]
        echo_json(documents[0] if alone else documents)
    else:
        page(picture, at_once=at_once)
    if export is not None:
        from tmeattn.render.console import safe, stderr_console
        from tmeattn.render.export.explanations import write

        write(explanations, export, picture)
        stderr_console().print(safe(f"Wrote {export}"), soft_wrap=True)
