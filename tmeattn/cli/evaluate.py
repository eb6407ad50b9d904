"""`tmeattn evaluate RUN`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import data_options, export_option, force_option, json_option, run_argument

if TYPE_CHECKING:
    from tmeattn.data.data_options import DataOptions


@click.command()
@run_argument(default="latest")
@data_options(ids=True)
@click.option(
    "--predictions",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the id, true class, predicted class and probabilities of every text: .csv, .tsv, .jsonl or "
    ".parquet.",
)
@force_option("an existing file of --predictions")
@click.option("--raw", is_flag=True, help="Write names to CSV as they are, also where a spreadsheet would run them.")
@click.option("--shuffle-words", is_flag=True, help="Also evaluate the texts with shuffled words.")
@click.option(
    "--shuffle-seed",
    type=click.IntRange(min=0),
    help="The seed of the permutations of --shuffle-words.  [default: 0]",
)
@export_option("the measures or their pictures", ".svg, .png, .md, .tex, .csv or .json")
@json_option("the metrics")
def evaluate(
    run: str,
    data: DataOptions,
    predictions: Path | None,
    force: bool,
    raw: bool,
    shuffle_words: bool,
    shuffle_seed: int | None,
    export: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Evaluate the best weights of RUN on its validation texts, or on any others.

    The interval of the accuracy is Wilson's 95 % interval: other texts of the same kind would give an accuracy in this
    range. Macro-F1 is the mean F1 of the classes, so rare classes count as much as common ones. The calibration error
    is the mean distance between the model's confidence and its accuracy (ECE, 15 bins). ROC-AUC and average precision
    tell how well the probability of a class orders the texts; thresholds are shown for two classes.

    --dataset takes other texts. Their labels are matched with the classes of the run by name, and with --map-label
    good=positive you say which class a label is. Texts without labels are only classified. Texts that the run was
    trained on are counted.

    --shuffle-words measures how much the model depends on the order of words. The words that the model reads of a text
    are permuted, the same way for every model that reads the same words. The difference between the accuracies has its
    95 % interval (paired bootstrap over the texts). A model that reads a bag of words does not change, except for
    rounding.

    \b
    tmeattn evaluate best --dataset reviews.csv --map-label good=positive --map-label bad=negative
    tmeattn evaluate latest --split test --predictions predictions.csv --export curves.svg
    """
    from tmeattn.errors import BadInput
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.inference.evaluate_run import evaluate_run
    from tmeattn.inference.evaluated_file import check_predictions, write_predictions
    from tmeattn.render.console import safe, safe_line, stderr_console, stdout_console
    from tmeattn.render.counting import counting
    from tmeattn.render.evaluation import evaluation_page, predicted_page
    from tmeattn.render.export.evaluation import FORMATS, write
    from tmeattn.render.export.files import check_endings, check_no_input, write_each
    from tmeattn.runs.index import find_run

    if shuffle_seed is not None and not shuffle_words:
        raise BadInput("--shuffle-seed needs --shuffle-words.")
    if predictions is None and (given := [name for name, on in (("force", force), ("raw", raw)) if on]):
        raise BadInput(f"--{given[0]} needs --predictions.")
    if export:
        check_endings(export, FORMATS)
    console = stderr_console()
    found = find_run(run, dataset=data.dataset)
    if export:
        check_no_input(export, data.dataset, found.options["dataset"])
    if predictions is not None:
        check_predictions(predictions, data.dataset or found.options["dataset"], force=force)
    begins()
    classifier = TrainedClassifier(found)
    with counting(console, "text") as progress:
        evaluated = evaluate_run(
            classifier,
            data=replace(data, keep_ids=predictions is not None),
            shuffle_seed=(shuffle_seed or 0) if shuffle_words else None,
            narrate=lambda line: console.print(safe_line(line)),
            progress=progress,
        )
    for note in classifier.notes:
        console.print(safe(note))
    if export and not evaluated.labelled:
        raise BadInput(f"--export: {evaluated.chosen.dataset} has no labels, so nothing can be measured.")
    if predictions is not None:
        write_predictions(evaluated, predictions, raw=raw)
    if not evaluated.labelled:
        predicted = evaluated.predicted_document()
        if as_json:
            echo_json(predicted)
        else:
            stdout_console().print(predicted_page(predicted))
    else:
        document = evaluated.document()
        if as_json:
            echo_json(document)
        else:
            stdout_console().print(evaluation_page(document))
        if export:
            write_each(export, lambda path: write(document, path))
    if predictions is not None:
        console.print(safe(f"Wrote {predictions}"), soft_wrap=True)
