"""`tmeattn evaluate RUN`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.main import echo_json
from tmeattn.cli.support.options import json_option, run_argument, split_option

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory


@click.command()
@run_argument(default="latest")
@split_option()
@json_option("the metrics")
def evaluate(run: str, split: str, as_json: bool) -> None:
    """Measure the best weights of RUN on a split of its dataset.

    The interval is Wilson's 95 % interval of the accuracy: what another sample of texts might have given. Macro-F1 is
    the mean of the classes' F1, so that rare classes count as much as common ones. The calibration error is how far
    the model's confidence is from its accuracy, on average (ECE, 15 bins).
    """
    from tmeattn.runs.index import find_run

    result = document(find_run(run), split)
    if as_json:
        echo_json(result)
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.evaluation import evaluation_page

    stdout_console().print(evaluation_page(result))


def document(run: RunDirectory, split: str) -> dict[str, Any]:
    """The measures as `--json` prints them."""
    from tmeattn.evaluation.intervals import accuracy_interval
    from tmeattn.evaluation.quality import quality
    from tmeattn.inference.evaluate_run import measure
    from tmeattn.render.console import safe, stderr_console

    console = stderr_console()
    classifier, evaluation = measure(run, split, narrate=lambda line: console.print(safe(line)))
    for note in classifier.notes:
        console.print(safe(note))
    names = classifier.classes
    return {
        "run": run.id,
        "model": classifier.spec.name,
        "dataset": classifier.config.train.dataset,
        "split": split,
        "limit": classifier.config.train.limit,
        "texts": len(evaluation.labels_N),
        **{key: value for key, value in evaluation.means.items() if key != "histogram"},
        **quality(evaluation.probabilities_NC, evaluation.labels_N, names),
        "accuracy_interval": accuracy_interval(evaluation.means["accuracy"], len(evaluation.labels_N)),
        "confusion": {
            true: {name: int(number) for name, number in zip(names, row, strict=True)}
            for true, row in zip(names, evaluation.confusion(), strict=True)
        },
    }
