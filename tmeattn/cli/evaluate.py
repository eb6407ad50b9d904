"""`tmeattn evaluate RUN`."""

from __future__ import annotations

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import json_option, run_argument, split_option


@click.command()
@run_argument(default="latest")
@split_option()
@json_option("the metrics")
def evaluate(run: str, split: str, as_json: bool) -> None:
    """Evaluate the best weights of RUN on a split of its dataset.

    The interval of the accuracy is Wilson's 95 % interval: other texts of the same kind would give an accuracy in this
    range. Macro-F1 is the mean F1 of the classes, so rare classes count as much as common ones. The calibration error
    is the mean distance between the model's confidence and its accuracy (ECE, 15 bins).
    """
    from tmeattn.inference.classifier import TrainedClassifier
    from tmeattn.inference.evaluate_run import evaluate_run
    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.evaluation import evaluation_page
    from tmeattn.runs.index import find_run

    console = stderr_console()
    classifier = TrainedClassifier(find_run(run))
    evaluated = evaluate_run(classifier, split, narrate=lambda line: console.print(safe(line)))
    for note in classifier.notes:
        console.print(safe(note))
    document = evaluated.document()
    if as_json:
        echo_json(document)
    else:
        stdout_console().print(evaluation_page(document))
