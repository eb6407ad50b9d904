"""`tmeattn explain TEXT`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.completion import runs as complete_runs
from tmeattn.cli.support.options import (
    data_options,
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

    from tmeattn.data.data_options import DataOptions
    from tmeattn.explain.explanation import ExplainRequest, Explanation
    from tmeattn.inference.classifier import TrainedClassifier


@click.command()
@click.argument("text", required=False)
@run_option("The run that explains.")
@click.option(
    "--method",
    metavar="NAME,...",
    help="One or more of: attention (the default of models that pool by attention), attention-x-value-norm, "
    "norm-weighted-attention, rollout, gradient, "
    "input-x-gradient, integrated-gradients, leave-one-out (the default of other models), lime, random, uniform, or "
    "the method of a plugin.",
)
@click.option("--class", "target", metavar="NAME", help="The class to explain.  [default: the predicted class]")
@click.option("--layer", type=int, metavar="N", help="Layer of self-attention, from 1.  [default: mean over layers]")
@click.option("--head", type=int, metavar="N", help="Head of self-attention, from 1.  [default: mean over heads]")
@click.option(
    "--map",
    "as_map",
    is_flag=True,
    help="Show the attention map: which word reads which, by --layer and --head. Exports: .html, .svg, .png, .csv, "
    ".json.",
)
@top_option(8, "strongest words")
@click.option(
    "--compare",
    "other",
    metavar="RUN",
    shell_complete=complete_runs,
    help="Compare with the explanation of this run.",
)
@file_option()
@click.option(
    "--index", type=click.IntRange(min=0), help="Explain this text of the run's dataset, or of --dataset, from 0."
)
@data_options()
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
    as_map: bool,
    top: int,
    other: str | None,
    file: Path | None,
    index: int | None,
    data: DataOptions,
    export: tuple[Path, ...],
    no_pager: bool,
    as_json: bool,
) -> None:
    """Classify TEXT and colour its words by their scores.

    Without TEXT, standard input is explained. Words outside the model's vocabulary are marked. Output that does not fit
    on the terminal is shown with PAGER (less).

    \b
    tmeattn explain "A wonderful film."
    tmeattn explain --index 7 --method attention,integrated-gradients
    tmeattn explain --index 7 --compare best --export page.html
    tmeattn explain --index 7 --dataset reviews.csv
    tmeattn explain "A wonderful film." --map --layer 1 --head 2
    """
    if as_map:
        _check_map({"method": method, "class": target, "compare": other, "file": file})
    _check_options(text, file, index, data, method, other, export, as_map=as_map)
    texts = _given_texts(text, file) if index is None else []
    methods: Sequence[str | None] = [None] if method is None else names_in("--method", method)
    from tmeattn.explain.explain import compare_models, dataset_text
    from tmeattn.explain.explanation import ExplainRequest
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.runs.index import find_run

    found = find_run(run, dataset=data.dataset)
    if export:
        from tmeattn.render.export.files import check_no_input

        check_no_input(export, file, data.dataset, found.options["dataset"])
    begins(
        lambda: find_run(other, dataset=data.dataset or str(found.options["dataset"])) if other is not None else None
    )
    classifier, true_label = TrainedClassifier(found), None
    if index is not None:
        chosen, true_label = dataset_text(classifier, index, data)
        texts = [chosen]
    if as_map:
        _show_map(
            classifier, ExplainRequest(texts[0], None, None, true_label, layer, head), top, export, as_json, no_pager
        )
        return
    requests = [[ExplainRequest(one, name, target, true_label, layer, head) for name in methods] for one in texts]
    if other is not None:
        second = find_run(other, dataset=data.dataset or str(found.options["dataset"]))
        explanations = list(compare_models(classifier, TrainedClassifier(second), requests[0][0]))
    else:
        explanations = _explain_with_progress(classifier, requests)
    picture = _picture(explanations, len(methods), len(texts), compare=other is not None, top=top)
    single = other is None and file is None and len(methods) == 1
    _show(explanations, picture, export, as_json, single=single, no_pager=no_pager)


def _check_options(
    text: str | None,
    file: Path | None,
    index: int | None,
    data: DataOptions,
    method: str | None,
    other: str | None,
    export: tuple[Path, ...],
    *,
    as_map: bool = False,
) -> None:
    """Refuse options that do not fit together, before anything slow is imported."""
    if export:
        from tmeattn.render.export import attention_map, explanations
        from tmeattn.render.export.files import check_endings

        check_endings(export, attention_map.FORMATS if as_map else explanations.FORMATS)
    if sum(given is not None for given in (text, index, file)) > 1:
        raise BadInput("Give only one of TEXT, --index and --file.")
    if index is None and (given := data.given()):
        raise BadInput(f"--{given[0]} needs --index.", hint="Add --index N.")
    if other is not None and (file is not None or (method and "," in method)):
        raise BadInput("--compare shows one text by one method.", hint="Leave --file out, and give one --method.")


def _check_map(others: dict[str, object]) -> None:
    """Refuse options that have no effect on the attention map."""
    if given := [name for name, value in others.items() if value is not None]:
        raise BadInput(
            f"--map shows the attention of one text by one run, so --{given[0]} has no effect.",
            hint="Leave one of them out.",
        )


def _show_map(
    classifier: TrainedClassifier,
    request: ExplainRequest,
    top: int,
    export: tuple[Path, ...],
    as_json: bool,
    no_pager: bool,
) -> None:
    """Print the attention map of a text and write it to a file; with all heads in small, unless one is chosen."""
    from tmeattn.cli.support.paging import page
    from tmeattn.explain.maps import attention_map, head_overview
    from tmeattn.render.attention_map import map_page

    shown = attention_map(classifier, request)
    overview = head_overview(classifier, request) if shown.heads and not (request.layer and request.head) else None
    if as_json:
        echo_json(shown.document())
    else:
        page(map_page(shown, overview, top=top), at_once=no_pager)
    if export:
        from tmeattn.render.export.attention_map import write
        from tmeattn.render.export.files import write_each

        write_each(export, lambda path: write(shown, path, overview))


def _given_texts(text: str | None, file: Path | None) -> list[str]:
    """The text of the command line or of standard input, or the texts of a file.

    Raises:
        BadInput: there is no text.
    """
    if file is not None:
        from tmeattn.data.readers.text_input import TextInput
        from tmeattn.render.console import safe_line

        return TextInput(file).read(lambda line: click.echo(safe_line(line), err=True))
    if text is None or text == "-":
        if sys.stdin.isatty():
            raise BadInput("There is no text to explain.", hint='Give one: tmeattn explain "a wonderful film"')
        text = _standard_input()
        if not text:
            raise BadInput("There is no text to explain.", hint='Give one: tmeattn explain "a wonderful film"')
    if not text.strip():
        raise BadInput("The text is empty.", hint='Give one: tmeattn explain "a wonderful film"')
    return [text]


def _standard_input() -> str:
    """The text on standard input.

    Raises:
        BadInput: it is longer than the limit, or is not UTF-8.
    """
    from tmeattn.data.readers.text_io import decode
    from tmeattn.limits import TEXT

    data = sys.stdin.buffer.read(TEXT.value + 1)
    if len(data) > TEXT.value:
        raise TEXT.refusal("The text on standard input is longer than")
    return decode(data, Path("standard input"))


def _explain_with_progress(
    classifier: TrainedClassifier, requests: Sequence[Sequence[ExplainRequest]]
) -> list[Explanation]:
    """The explanations of each text by each method, text by text, with the progress on stderr.

    requests: for each text, one for each method.
    """
    from tmeattn.explain.explain import explain_each
    from tmeattn.render.console import stderr_console
    from tmeattn.render.counting import counting

    with counting(stderr_console(), "explanation") as progress:
        return explain_each(classifier, requests, progress)


def _picture(
    explanations: Sequence[Explanation], methods: int, texts: int, *, compare: bool, top: int
) -> RenderableType:
    from tmeattn.render.explanations import by_methods, one_after_another, side_by_side
    from tmeattn.render.heatmap import heatmap

    if compare:
        return side_by_side(*explanations, top=top)
    if texts > 1:
        return one_after_another(explanations, methods=methods)
    if methods > 1:
        return by_methods(explanations, top=top)
    return heatmap(explanations[0], top=top)


def _show(
    explanations: Sequence[Explanation],
    picture: RenderableType,
    export: tuple[Path, ...],
    as_json: bool,
    *,
    single: bool,
    no_pager: bool,
) -> None:
    """Print explanations, in a pager where they are long, and write them to a file; `single` prints one JSON object."""
    from tmeattn.cli.support.paging import page

    if as_json:
        documents = [one.document() for one in explanations]
        echo_json(documents[0] if single else documents)
    else:
        page(picture, at_once=no_pager)
    if export:
        from tmeattn.render.export.explanations import write
        from tmeattn.render.export.files import write_each

        write_each(export, lambda path: write(explanations, path, picture))
