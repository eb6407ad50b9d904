"""`tmeattn mistakes RUN`."""

from __future__ import annotations

from pathlib import Path

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import (
    export_option,
    json_option,
    no_pager_option,
    run_argument,
    split_option,
    top_option,
)


@click.command()
@run_argument(default="latest")
@split_option()
@top_option(5, "texts of each kind")
@click.option("--method", metavar="NAME", help="The attribution method.  [default: as in tmeattn explain]")
@export_option("the texts", ".html, .svg, .png, .tex, .json or .csv")
@no_pager_option()
@json_option("the texts")
def mistakes(
    run: str, split: str, top: int, method: str | None, export: Path | None, no_pager: bool, as_json: bool
) -> None:
    """Show the most confident mistakes of RUN, and the texts with the least certain predictions.

    The number of a text is its index for `tmeattn explain --index`.

    \b
    tmeattn mistakes latest --top 3
    tmeattn mistakes best --method integrated-gradients --export mistakes.html
    """
    from tmeattn.cli.support.paging import page
    from tmeattn.explain.mistakes import find_mistakes
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.render.counting import counting
    from tmeattn.render.explanations import mistakes as mistakes_page
    from tmeattn.render.export.explanations import FORMATS, write
    from tmeattn.render.export.files import check_ending, check_no_input
    from tmeattn.runs.index import find_run

    if export is not None:
        check_ending(export, FORMATS)
    console = stderr_console()
    found = find_run(run)
    if export is not None:
        check_no_input(export, found.options["dataset"])
    begins()
    classifier = TrainedClassifier(found)
    with counting(console, "text") as progress:
        result = find_mistakes(classifier, split=split, top=top, method=method, progress=progress)
    picture = mistakes_page(result)
    if as_json:
        echo_json(result.document())
    else:
        page(picture, at_once=no_pager)
    if export is not None:
        write([explanation for _, explanation in (*result.confident, *result.uncertain)], export, picture)
        console.print(safe(f"Wrote {export}"), soft_wrap=True)
