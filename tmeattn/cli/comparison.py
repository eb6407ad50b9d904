"""`tmeattn runs compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import export_option, json_option, run_argument
from tmeattn.errors import BadInput, shortened

if TYPE_CHECKING:
    from tmeattn.evaluation.paired import TextComparison


@click.command()
@run_argument(many=True, required=False)
@click.option(
    "--group",
    "together",
    multiple=True,
    metavar="NAME=RUN,RUN,...",
    help="Put runs together under a name. Can be given several times.",
)
@click.option("--split", metavar="SPLIT", help="train, validation or test.  [default: validation; all of --dataset]")
@click.option("--dataset", metavar="NAME|PATH", help="Compare the runs on these texts, for example of another dataset.")
@click.option(
    "--map-label",
    "map_labels",
    multiple=True,
    metavar="LABEL=CLASS",
    help="A label of --dataset, and the class of the runs that it is. Can be given several times.",
)
@click.option("--no-texts", is_flag=True, help="Compare only what the runs have logged; classify no texts.")
@export_option("the comparison", ".md, .tex, .csv, .json, .svg or .png")
@json_option("runs, groups and differences")
def compare(
    run: tuple[str, ...],
    together: tuple[str, ...],
    split: str | None,
    dataset: str | None,
    map_labels: tuple[str, ...],
    no_texts: bool,
    export: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Compare runs; runs that differ only in their seed become a group.

    The texts of the validation split are classified with the best weights of every run. The accuracy of each run or
    group minus that of the first has a 95 % interval: paired bootstrap over the texts, and over the seeds of groups.
    Two single runs also have the p of McNemar's exact test.

    \b
    tmeattn runs compare base attention
    tmeattn runs compare base-0 base-1 base-2 new-0 new-1 new-2 --export table.tex
    tmeattn runs compare --group base=k3f9,m2p7 --group new=a8c2,zz01
    """
    from tmeattn.render.comparison import comparison_page
    from tmeattn.render.console import safe_line, stderr_console, stdout_console
    from tmeattn.render.counting import counting
    from tmeattn.render.export.comparison import FORMATS, check_drawing, document, write
    from tmeattn.render.export.files import check_endings, write_each
    from tmeattn.runs.comparison import compare_runs
    from tmeattn.runs.index import find_runs

    if export:
        check_endings(export, FORMATS)
        for path in export:
            check_drawing(path)
    named = [group_in(text) for text in together]
    found = find_runs([*run, *(one for _, references in named for one in references)])
    left = iter(found[len(run) :])
    groups = [(name, [next(left) for _ in references]) for name, references in named]
    comparison = compare_runs(found[: len(run)], groups)
    console = stderr_console()
    texts: TextComparison | None = None
    no_comparison: str | None = "--no-texts was given."
    if not no_texts:
        from tmeattn.inference.compare_texts import compare_on_texts

        with counting(console, "run") as progress:
            texts, no_comparison = compare_on_texts(
                comparison,
                found,
                split,
                dataset=dataset,
                map_labels=map_labels,
                progress=progress,
                narrate=lambda line: console.print(safe_line(line)),
            )
    if as_json:
        echo_json(document(comparison, texts, no_comparison))
    else:
        stdout_console().print(comparison_page(comparison, texts, None if no_texts else no_comparison))
    if export:
        write_each(export, lambda path: write(comparison, texts, no_comparison, path))


def group_in(text: str) -> tuple[str, list[str]]:
    """The name and the runs of `--group NAME=RUN,RUN,...`.

    Raises:
        BadInput: the name or the runs are missing.
    """
    name, _, runs = text.partition("=")
    references = [each.strip() for each in runs.split(",") if each.strip()]
    if not name.strip() or not references:
        raise BadInput(
            f"--group: {shortened(text)!r} has no name and runs.", hint="Write it like base=base-0,base-1,base-2."
        )
    return name.strip(), references
