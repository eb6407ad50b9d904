"""`tmeattn faithfulness RUN`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import export_option, json_option, names_in, run_argument, split_option
from tmeattn.errors import BadInput, shortened

if TYPE_CHECKING:
    from tmeattn.runs.events import Listener


@click.command()
@run_argument(default="latest")
@click.option(
    "--methods", metavar="A,B,...", help="Methods to assess.  [default: all compatible ones except lime and uniform]"
)
@click.option(
    "--limit",
    type=click.IntRange(min=2),
    default=200,
    show_default=True,
    help="Maximum number of texts, evenly spaced over the split.",
)
@split_option()
@click.option("--twin", is_flag=True, help="Train the twin with uniform attention if there is none.")
@click.option(
    "--rationales",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Use annotated texts instead: a .jsonl file of ERASER, with its documents in the same folder.",
)
@export_option("the table", ".md, .csv, .tex or .json")
@json_option("the results")
def faithfulness(
    run: str,
    methods: str | None,
    limit: int,
    split: str,
    twin: bool,
    rationales: Path | None,
    export: Path | None,
    as_json: bool,
) -> None:
    """Assess how faithful the explanations of RUN are to the model.

    For each method, the words of highest score are left out, or kept alone, and the change of the prediction is
    measured. The scores are compared with the gradient, with leave-one-out and with the control `random`, and the run
    with a twin that was trained with uniform attention.

    \b
    tmeattn faithfulness latest --limit 500
    tmeattn faithfulness best --methods attention,integrated-gradients --twin --export table.tex
    """
    from tmeattn.faithfulness.study import StudyOptions, run_study
    from tmeattn.render.console import safe, safe_line, stderr_console, stdout_console
    from tmeattn.render.counting import counting
    from tmeattn.render.export.faithfulness import FORMATS, write
    from tmeattn.render.export.files import check_ending, check_no_input
    from tmeattn.render.faithfulness import faithfulness as results_page
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.runs.index import find_run

    if export is not None:
        check_ending(export, FORMATS)
    chosen = None if methods is None else names_in("--methods", methods)
    console = stderr_console()
    found = find_run(run)
    if export is not None:
        check_no_input(export, rationales, found.options["dataset"])
    begins(lambda: _check_file(rationales))

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(safe(title))
        with TrainingProgress(console) as progress:
            yield progress

    options = StudyOptions(chosen, limit, split, rationales, twin)
    with counting(console, "text") as progress:
        results = run_study(
            found, options, progress=progress, watch=watch, narrate=lambda line: console.print(safe_line(line))
        )
    if as_json:
        echo_json(results.document())
    else:
        stdout_console().print(results_page(results))
    if export is not None:
        write(results, export)
        console.print(safe(f"Wrote {export}"), soft_wrap=True)


def _check_file(path: Path | None) -> None:
    if path is not None and not path.is_file():
        raise BadInput(f"There is no file {shortened(path)}.", hint="Check the path of --rationales.")
