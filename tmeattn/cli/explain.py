"""`tmeattn explain TEXT`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.completion import runs as complete_runs
from tmeattn.cli.main import echo_json
from tmeattn.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from tmeattn.explain.classifier import Classifier
    from tmeattn.explain.explanation import Explanation


@click.command()
@click.argument("text", required=False)
@click.option(
    "--run",
    default="latest",
    metavar="RUN",
    shell_complete=complete_runs,
    help="Which run explains.  [default: latest]",
)
@click.option("--method", metavar="NAME", help="attention (default where the model has it), leave-one-out, ...")
@click.option("--class", "target", metavar="NAME", help="The class to explain, where the method depends on it.")
@click.option("--index", type=click.IntRange(min=0), help="Explain this text of the run's dataset instead.")
@click.option("--split", help="The split that --index counts in.  [default: validation]")
@click.option("--export", type=click.Path(dir_okay=False, path_type=Path), help="Also write the picture as .svg.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON on stdout.")
def explain(
    text: str | None,
    run: str,
    method: str | None,
    target: str | None,
    index: int | None,
    split: str | None,
    export: Path | None,
    as_json: bool,
) -> None:
    """Predict TEXT and colour its words by what the model attends to.

    TEXT may also come on standard input. Words that the model does not know are marked.

    \b
    tmeattn explain "A wonderful film."
    tmeattn explain --index 7 --split validation
    """
    if export is not None and export.suffix.lower() != ".svg":
        raise BadInput(f"--export: {export} must end in .svg.")
    if index is not None and text is not None:
        raise BadInput("Give a text or --index, not both.")
    if split is not None and index is None:
        raise BadInput("--split only says where --index counts.", hint="Add --index N.")
    if index is None:
        text = text_or_stdin(text)
    from tmeattn.explain.classifier import Classifier
    from tmeattn.explain.explain import Request
    from tmeattn.explain.explain import explain as explain_text
    from tmeattn.runs.index import find_run

    classifier = Classifier(find_run(run))
    label = None
    if index is not None:
        text, label = text_of_split(classifier, split or "validation", index)
    show(explain_text(classifier, Request(text or "", method, target, label)), export, as_json)


def text_or_stdin(text: str | None) -> str:
    """The text given, or what standard input holds (also for `-`).

    Raises:
        BadInput: nothing was given, nothing is piped in, or it is empty.
    """
    if text is None or text == "-":
        if sys.stdin.isatty():
            raise BadInput("There is no text to explain.", hint='Give one: tmeattn explain "a wonderful film"')
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if not text.strip():
        raise BadInput("The text is empty.", hint='Give one: tmeattn explain "a wonderful film"')
    return text


def text_of_split(classifier: Classifier, split: str, index: int) -> tuple[str, str]:
    """A text of the run's dataset and the name of its true class."""
    from tmeattn.data.sources import dataset_of

    dataset = dataset_of(classifier.config.train)
    splits = dataset.read()
    if split not in splits:
        raise UnknownName("split", split, splits, list_command="tmeattn explain --help")
    texts = splits[split].texts
    if index >= len(texts):
        raise BadInput(f"--index {index}: the split {split} of {dataset.name} has texts 0 to {len(texts) - 1}.")
    return texts[index], dataset.classes[splits[split].labels[index]]


def show(explanation: Explanation, export: Path | None, as_json: bool) -> None:
    """Print an explanation and write its picture."""
    if as_json:
        echo_json(as_document(explanation))
    if not as_json or export:
        from tmeattn.render.console import stdout_console
        from tmeattn.render.heatmap import heatmap

        if not as_json:
            stdout_console().print(heatmap(explanation))
        if export:
            export_svg(explanation, export)


def export_svg(explanation: Explanation, path: Path) -> None:
    """The heatmap as a picture of a terminal."""
    import io

    from rich.console import Console

    from tmeattn.render.heatmap import heatmap
    from tmeattn.runs.files import OTHER_FOLDER, disk_errors, write_atomically

    console = Console(
        record=True, width=92, file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False
    )
    console.print(heatmap(explanation))
    with disk_errors("the picture", path, hint=OTHER_FOLDER):
        write_atomically(path, console.export_svg(title="tmeattn explain").encode())


def as_document(explanation: Explanation) -> dict[str, Any]:
    """The explanation as `--json` prints it: classes by name, words with their place in the text."""
    document = asdict(explanation)
    classes = document.pop("classes")
    document["predicted"], document["target"] = classes[explanation.predicted], classes[explanation.target]
    document["probabilities"] = dict(zip(classes, explanation.probabilities, strict=True))
    return document
