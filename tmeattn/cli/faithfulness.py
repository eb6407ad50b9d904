"""`tmeattn faithfulness [RUN]...`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import data_options, export_option, json_option, names_in, run_argument
from tmeattn.cli.support.planted_table import planted_option
from tmeattn.errors import BadInput, shortened

if TYPE_CHECKING:
    from tmeattn.data.data_options import DataOptions
    from tmeattn.runs.events import Listener


@click.command()
@run_argument(required=False, many=True)
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
@click.option(
    "--operator",
    metavar="A,B,...",
    default="delete,unknown,infill",
    show_default=True,
    help="How words are erased in the comparison with random rationales: left out, replaced by the unknown word, or by "
    "words of other texts.",
)
@click.option(
    "--random-rationales",
    type=click.IntRange(1, 10_000),
    metavar="M",
    default=50,
    show_default=True,
    help="Random rationales of each text that a method is compared with.",
)
@click.option(
    "--limit-random",
    type=click.IntRange(min=0),
    metavar="N",
    default=100,
    show_default=True,
    help="Maximum number of texts of this comparison; 0 leaves it out.",
)
@click.option(
    "--limit-bounded",
    type=click.IntRange(min=0),
    metavar="N",
    default=50,
    show_default=True,
    help="Maximum number of texts whose best and worst reachable erasure is searched, for the normalised measures; 0 "
    "leaves them out.",
)
@click.option(
    "--keep-rate",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    metavar="SHARE",
    default=0.5,
    show_default=True,
    help="The mean share of the word vectors that soft erasure keeps.",
)
@click.option(
    "--measures",
    metavar="A,B,...",
    help="Of several runs: the measures to show, or all.  [default: normalised erasure, win rate with infill]",
)
@click.option(
    "--attention-tests",
    is_flag=True,
    help="Also test attention itself, on 100 texts: erase its weights until the decision flips, and search other "
    "weights that keep the predictions.",
)
@click.option("--twin", is_flag=True, help="Train the twin with uniform attention if there is none.")
@click.option(
    "--rationales",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Use annotated texts instead: a .jsonl file of ERASER, with its documents in the same folder, or the "
    "dataset.json of HateXplain.",
)
@planted_option()
@export_option("the table", ".md, .csv, .tex or .json")
@json_option("the results")
@data_options()
def faithfulness(
    run: tuple[str, ...],
    methods: str | None,
    limit: int,
    data: DataOptions,
    operator: str,
    random_rationales: int,
    limit_random: int,
    limit_bounded: int,
    keep_rate: float,
    measures: str | None,
    attention_tests: bool,
    twin: bool,
    rationales: Path | None,
    export: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Assess how faithful the explanations of RUN are to the model (default: the latest run).

    For each method, the words of highest score are left out, or kept alone, and the change of the prediction is
    measured: raw, between the worst and the best that any order of the words reaches, against random rationales, and
    with parts of the word vectors masked. The scores are compared with the gradient, with leave-one-out and with the
    control `random`, and the run with a twin that was trained with uniform attention.

    Of several runs, a table for each measure has a column for each run.

    With the defaults, 500 texts of 230 words take lstm-attn about two minutes on two fast cores; --limit-random and
    --limit-bounded set how much of it the slow measures take.

    \b
    tmeattn faithfulness latest --limit 500
    tmeattn faithfulness best latest --measures all
    tmeattn faithfulness best --methods attention,integrated-gradients --twin --export table.tex
    tmeattn faithfulness --planted lstm-attn,transformer
    """
    from tmeattn.errors import BadInput
    from tmeattn.faithfulness.operators import operators_in
    from tmeattn.faithfulness.study import StudyOptions, run_study
    from tmeattn.render.attention_tests import attention_section
    from tmeattn.render.console import safe, safe_line, stderr_console, stdout_console
    from tmeattn.render.counting import counting
    from tmeattn.render.export.faithfulness import FORMATS, write
    from tmeattn.render.export.files import check_endings, check_no_input, write_each
    from tmeattn.render.faithfulness import faithfulness as results_page
    from tmeattn.render.faithfulness_runs import SHOWN, check_measures, document, faithfulness_of_runs
    from tmeattn.render.progress import TrainingProgress
    from tmeattn.runs.index import find_runs

    if export:
        check_endings(export, FORMATS)
    chosen = None if methods is None else names_in("--methods", methods)
    operators = operators_in(operator)
    shown = SHOWN if measures is None else None if measures == "all" else names_in("--measures", measures)
    check_measures(shown)
    console = stderr_console()
    if rationales is not None and (given := [name for name in data.given() if name != "map-label"]):
        raise BadInput(
            f"--rationales has texts of its own, so --{given[0]} has no effect.", hint="Leave one of them out."
        )
    found = list(dict.fromkeys(find_runs(run or ("latest",), dataset=data.dataset)))
    if export:
        for one in found:
            check_no_input(export, rationales, data.dataset, one.options["dataset"])
    begins(lambda: _check_file(rationales))

    @contextmanager
    def watch(title: str) -> Iterator[Listener]:
        console.print(safe(title))
        with TrainingProgress(console) as progress:
            yield progress

    options = StudyOptions(
        chosen,
        limit,
        data,
        rationales,
        twin,
        operators=operators,
        bounded=limit_bounded,
        compared=limit_random,
        draws=random_rationales,
        keep_rate=keep_rate,
        attention_tests=attention_tests,
    )
    results = []
    for one in found:
        if len(found) > 1:
            console.print(safe(f"Assessing {one.id}"))
        with counting(console, "text") as progress:
            results.append(
                run_study(
                    one, options, progress=progress, watch=watch, narrate=lambda line: console.print(safe_line(line))
                )
            )
    if as_json:
        echo_json(results[0].document() if len(results) == 1 else document(results))
    elif len(results) == 1:
        stdout_console().print(results_page(results[0]))
        if (tests := results[0].attention_tests) is not None:
            stdout_console().print(attention_section(tests))
    else:
        stdout_console().print(faithfulness_of_runs(results, shown))
    if export:
        write_each(export, lambda path: write(results, path))


def _check_file(path: Path | None) -> None:
    if path is not None and not path.is_file():
        raise BadInput(f"There is no file {shortened(path)}.", hint="Check the path of --rationales.")
