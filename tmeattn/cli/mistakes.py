"""`tmeattn mistakes RUN`."""

from __future__ import annotations

from pathlib import Path

import click

from tmeattn.cli.main import echo_json
from tmeattn.cli.support.completion import runs as complete_runs


@click.command()
@click.argument("run", default="latest", shell_complete=complete_runs)
@click.option("--split", default="validation", show_default=True, help="Which split of the run's dataset.")
@click.option("--top", type=click.IntRange(min=1), default=5, show_default=True, help="Texts of either kind.")
@click.option("--method", metavar="NAME", help="How words are scored.  [default: as in tmeattn explain]")
@click.option(
    "--export",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write them: .html, .svg, .png, .tex, .json or .csv.",
)
@click.option("--no-pager", is_flag=True, help="Print what is too long for the terminal all at once.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON on stdout.")
def mistakes(
    run: str, split: str, top: int, method: str | None, export: Path | None, no_pager: bool, as_json: bool
) -> None:
    """Show the texts that RUN gets wrong with most confidence, and those that it is least certain of.

    The number of a text is what `tmeattn explain --index` takes.

    \b
    tmeattn mistakes latest --top 3
    tmeattn mistakes best --method integrated-gradients --export mistakes.html
    """
    from tmeattn.cli.support.paging import page
    from tmeattn.explain.mistakes import find_mistakes
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.render.counting import counting
    from tmeattn.render.explanations import mistakes as shown
    from tmeattn.render.export.explanations import FORMATS, write
    from tmeattn.render.export.files import check_ending
    from tmeattn.runs.index import find_run

    if export is not None:
        check_ending(export, FORMATS)
    console = stderr_console()
    classifier = TrainedClassifier(find_run(run))
    with counting(console, "texts") as progress:
        found = find_mistakes(classifier, split=split, top=top, method=method, progress=progress)
    picture = shown(found)
    if as_json:
        echo_json(found.document())
    else:
        page(picture, at_once=no_pager)
    if export is not None:
        write([explanation for _, explanation in (*found.confident, *found.uncertain)], export, picture)
        console.print(safe(f"Wrote {export}"), soft_wrap=True)
