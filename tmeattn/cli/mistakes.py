"""`tmeattn mistakes RUN`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import (
    data_options,
    export_option,
    json_option,
    no_pager_option,
    run_argument,
    top_option,
)

if TYPE_CHECKING:
    from tmeattn.data.data_options import DataOptions


@click.command()
@run_argument(default="latest")
@data_options()
@top_option(5, "texts of each kind")
@click.option("--method", metavar="NAME", help="The attribution method.  [default: as in tmeattn explain]")
@export_option("the texts", ".html, .svg, .png, .tex, .json or .csv")
@no_pager_option()
@json_option("the texts")
def mistakes(
    run: str, data: DataOptions, top: int, method: str | None, export: tuple[Path, ...], no_pager: bool, as_json: bool
) -> None:
    """Show the most confident mistakes of RUN, and the texts with the least certain predictions.

    The number of a text is its index for `tmeattn explain --index`. The texts are those of the run's dataset, or any
    others that --dataset names; of texts without labels, the least certain ones are shown.

    \b
    tmeattn mistakes latest --top 3
    tmeattn mistakes best --method integrated-gradients --export mistakes.html
    """
    from tmeattn.cli.support.paging import page
    from tmeattn.explain.mistakes import find_mistakes
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.render.console import safe_line, stderr_console
    from tmeattn.render.counting import counting
    from tmeattn.render.explanations import mistakes as mistakes_page
    from tmeattn.render.export.explanations import FORMATS, write
    from tmeattn.render.export.files import check_endings, check_no_input, write_each
    from tmeattn.runs.index import find_run

    if export:
        check_endings(export, FORMATS)
    console = stderr_console()
    found = find_run(run, dataset=data.dataset)
    if export:
        check_no_input(export, data.dataset, found.options["dataset"])
    begins()
    classifier = TrainedClassifier(found)
    with counting(console, "text") as progress:
        result = find_mistakes(
            classifier,
            data=data,
            top=top,
            method=method,
            progress=progress,
            narrate=lambda line: console.print(safe_line(line)),
        )
    picture = mistakes_page(result)
    if as_json:
        echo_json(result.document())
    else:
        page(picture, at_once=no_pager)
    if export:
        texts = [explanation for _, explanation in (*result.confident, *result.uncertain)]
        write_each(export, lambda path: write(texts, path, picture))
