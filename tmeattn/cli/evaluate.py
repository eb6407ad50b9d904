"""`tmeattn evaluate RUN`."""

from __future__ import annotations

import click

from tmeattn.cli.support.command import begins, echo_json
from tmeattn.cli.support.options import json_option, run_argument, split_option


@click.command()
@run_argument(default="latest")
@split_option()
@click.option("--shuffle-words", is_flag=True, help="Also evaluate the texts with shuffled words.")
@click.option(
    "--shuffle-seed",
    type=click.IntRange(min=0),
    help="The seed of the permutations of --shuffle-words.  [default: 0]",
)
@json_option("the metrics")
def evaluate(run: str, split: str, shuffle_words: bool, shuffle_seed: int | None, as_json: bool) -> None:
    """Evaluate the best weights of RUN on a split of its dataset.

    The interval of the accuracy is Wilson's 95 % interval: other texts of the same kind would give an accuracy in this
    range. Macro-F1 is the mean F1 of the classes, so rare classes count as much as common ones. The calibration error
    is the mean distance between the model's confidence and its accuracy (ECE, 15 bins).

    --shuffle-words measures how much the model depends on the order of words. The words that the model reads of a text
    are permuted, the same way for every model that reads the same words. The difference between the accuracies has its
    95 % interval (paired bootstrap over the texts). A model that reads a bag of words does not change, except for
    rounding.
    """
    from tmeattn.errors import BadInput
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.inference.evaluate_run import evaluate_run
    from tmeattn.render.console import safe, safe_line, stderr_console, stdout_console
    from tmeattn.render.evaluation import evaluation_page
    from tmeattn.runs.index import find_run

    if shuffle_seed is not None and not shuffle_words:
        raise BadInput("--shuffle-seed needs --shuffle-words.")
    console = stderr_console()
    found = find_run(run)
    begins()
    classifier = TrainedClassifier(found)
    evaluated = evaluate_run(
        classifier,
        split,
        shuffle_seed=(shuffle_seed or 0) if shuffle_words else None,
        narrate=lambda line: console.print(safe_line(line)),
    )
    for note in classifier.notes:
        console.print(safe(note))
    document = evaluated.document()
    if as_json:
        echo_json(document)
    else:
        stdout_console().print(evaluation_page(document))
