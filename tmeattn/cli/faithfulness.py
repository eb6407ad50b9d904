"""`tmeattn faithfulness RUN`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import export_option, json_option, names_in, run_argument, split_option

if TYPE_CHECKING:
    from tmeattn.runs.events import Listener


@click.command()
@run_argument(default="latest")
@click.option("--methods", metavar="A,B,...", help="Methods to test.  [default: all that serve; not lime, uniform]")
@click.option(
    "--limit", type=click.IntRange(min=2), default=200, show_default=True, help="So many texts, evenly spread."
)
@split_option()
@click.option("--twin", is_flag=True, help="Train the uniform-weights twin where there is none yet.")
@click.option(
    "--rationales",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Test on annotated texts instead: ERASER's .jsonl, its documents beside it.",
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
    """Test whether explanations of RUN tell what the model does.

    Words of highest score are left out, or kept alone, and the prediction is watched; scores are compared with
    gradients and leave-one-out, with the control `random`, and the run with a twin whose weights are equal.

    \b
    tmeattn faithfulness latest --limit 500
    tmeattn faithfulness best --methods attention,integrated-gradients --twin --export table.tex
    """
    from tmeattn.faithfulness.study import Study, conduct
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.counting import counting
    from tmeattn.render.export.faithfulness import FORMATS, write
    from tmeattn.render.export.files import check_ending
    from tmeattn.render.faithfulness import faithfulness as shown
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.runs.index import find_run

    if export is not None:
        check_ending(export, FORMATS)
    console = stderr_console()

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(safe(title))
        with TrainingProgress(console) as progress:
            yield progress

    study = Study(None if methods is None else names_in("--methods", methods), limit, split, rationales, twin)
    with counting(console, "texts") as progress:
        found = conduct(
            find_run(run), study, progress=progress, watch=watch, narrate=lambda line: console.print(safe(line))
        )
    if as_json:
        echo_json(found.document())
    else:
        stdout_console().print(shown(found))
    if export is not None:
        write(found, export)
        console.print(safe(f"Wrote {export}"), soft_wrap=True)
