"""What `tmeattn predict` does when its options are checked: it classifies, counts what is done, and prints."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tmeattn.cli.support.command import echo_json
from tmeattn.plurals import counted

if TYPE_CHECKING:
    from tmeattn.inference.merging import Merged
    from tmeattn.inference.prediction import Prediction
    from tmeattn.inference.prediction_job import PredictionJob, TextClassifier
    from tmeattn.inference.workers import FileJob


def share_out(job: FileJob, processes: int) -> None:
    """Classify a file with several processes, with a progress line on stderr, then print a summary there."""
    from tmeattn.inference.workers import predict_with_processes

    began = time.perf_counter()
    with _count_texts() as progress:
        merged = predict_with_processes(job, processes, narrate=narrate, progress=progress)
    narrate(f"{counted(merged.rows, 'text')} in {time.perf_counter() - began:.1f} s, with {processes} processes.")
    _tell_notes(merged)


def merge_files(files: Sequence[Path], output: Path, *, force: bool) -> None:
    """Merge shards, and print what was merged on stderr."""
    from tmeattn.inference.merging import merge_shards

    merged = merge_shards(output, files, force=force)
    narrate(f"Merged {counted(merged.rows, 'text')} of {counted(merged.shards, 'shard')}.")
    _tell_notes(merged)


def _tell_notes(merged: Merged) -> None:
    for note in filter(None, [*merged.input.notes, merged.note]):
        narrate(note)


def _classifier(run: str, top: int | None) -> TextClassifier:
    """The classifier of a run, or of an ONNX file, for which torch is not imported.

    top: of `--top-classes`; the user is told where there are not so many.
    """
    from tmeattn.inference.onnx_classifier import OnnxClassifier, is_onnx

    classifier: TextClassifier
    if is_onnx(run):
        classifier = OnnxClassifier(Path(run))
    else:
        from tmeattn.inference.classifier import TrainedClassifier
        from tmeattn.runs.index import find_run

        classifier = TrainedClassifier(find_run(run))
    for note in classifier.notes:
        narrate(note)
    if top is not None and top > len(classifier.classes):
        count = counted(len(classifier.classes), "class", "classes")
        narrate(f"--top-classes {top}: the run has {count}, and all are given.")
    return classifier


def print_predictions(run: str, texts: Sequence[str], top: int | None, as_json: bool) -> None:
    from tmeattn.inference.prediction import predictions_of

    classifier = _classifier(run, top)
    predictions = predictions_of(classifier.classes, classifier.probabilities(texts))
    if top is not None:
        predictions = [prediction.with_top(top) for prediction in predictions]
    if as_json:
        echo_json([{"text": text, **asdict(prediction)} for text, prediction in zip(texts, predictions, strict=True)])
    else:
        _print_table(texts, predictions, with_others=top is not None and top > 1)


def _print_table(texts: Sequence[str], predictions: Sequence[Prediction], *, with_others: bool) -> None:
    from tmeattn.render.console import stdout_console
    from tmeattn.render.numbers import percent
    from tmeattn.render.tables import Column, table

    def others(prediction: Prediction) -> list[tuple[str, float]]:
        return list(prediction.probabilities.items())[1:]

    rows = [
        (
            prediction.label,
            percent(prediction.probability),
            *([", ".join(f"{name} {percent(one)}" for name, one in others(prediction))] if with_others else []),
            " ".join(text.split())[:200],
        )
        for text, prediction in zip(texts, predictions, strict=True)
    ]
    next_classes = ["next classes"] if with_others else []
    stdout_console().print(table(["label", Column("probability", numeric=True), *next_classes, "text"], rows))


def stream(run: str, job: PredictionJob) -> None:
    """Classify the rows of a table with a progress line on stderr, then print a summary there."""
    from tmeattn.inference.streaming import stream_predictions
    from tmeattn.training.resources import peak_memory

    classifier = _classifier(run, job.rows.top)
    with _count_texts() as progress:
        done = stream_predictions(job, classifier, narrate=narrate, progress=progress)
    texts = f"{counted(done.texts, 'text')} in {done.seconds:.1f} s"
    memory = f"; peak memory {peak / 2**20:,.0f} MiB" if (peak := peak_memory()) else ""
    narrate(f"{texts}: {done.texts / max(done.seconds, 1e-9):,.0f} texts/s{memory}.")
    for note in done.notes:
        narrate(note)


def narrate(line: str) -> None:
    from tmeattn.render.console import safe_line, stderr_console

    stderr_console().print(safe_line(line), soft_wrap=True)


@contextmanager
def _count_texts() -> Iterator[Callable[[int], None]]:
    """On a terminal, a line with the number of texts and the rate; gives a function to add texts."""
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from tmeattn.render.console import stderr_console

    console, began, done = stderr_console(), time.perf_counter(), 0
    columns = [SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task("Classifying", total=None)

        def add(texts: int) -> None:
            nonlocal done
            done += texts
            rate = done / (time.perf_counter() - began)
            display.update(task, description=f"{counted(done, 'text')}, {rate:,.0f} texts/s")

        yield add
