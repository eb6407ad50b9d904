"""Texts about the evaluation of a run, its progress, and a cell of its confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from tmeattn.plurals import counted
from tmeattn.render.console import safe, safe_line
from tmeattn.render.counting import is_progress
from tmeattn.render.numbers import count, dataset_name, fitting, percent, seconds
from tmeattn.runs.control import error_in
from tmeattn.tui import keys

if TYPE_CHECKING:
    from tmeattn.evaluation.document import EvaluationDocument
    from tmeattn.runs.directory import RunDirectory
    from tmeattn.tui.services.background import BackgroundCommand

HOW_MANY = "Faithfulness on at most how many validation texts? They are evenly spaced over the split."
LOG = 6
"""Lines of a log among which the error of a failure is."""


def summary(run: RunDirectory, result: EvaluationDocument | None, room: int) -> Text:
    """The run and its main figures on one line, as many as fit `room` terminal cells."""
    line = Text(safe(run.name or run.id), style="bold", no_wrap=True, overflow="ellipsis")
    if result is None:
        return line
    low, high = result["accuracy_interval"]
    line.append(f"  accuracy {percent(result['accuracy'])} ")
    interval, texts = f"95 %: {100 * low:.1f} to {percent(high)}", counted(result["texts"], "text")
    line.append(fitting(room - line.cell_len, f"({interval}, {texts})", f"({interval})"), "dim")
    which = f"{safe(dataset_name(result['dataset']))}, {result['split']}"
    more = (
        (f"  macro-F1 {percent(result['macro_f1'])}", ""),
        (f"  calibration error {percent(result['calibration_error'])}", ""),
        (f"  {which}", "dim"),
    )
    for text, style in more:
        if line.cell_len + cell_len(text) > room:
            break
        line.append(text, style)
    return line


def waiting(pane: str, command: BackgroundCommand, remapped: Mapping[str, str]) -> str:
    """What is shown in place of results that are not there yet."""
    state, start = command.state(), keys.display_for("evaluation.evaluate", remapped)
    if state == "running" and command.is_stopping:
        return progress(command)
    if state == "running":
        return f"{progress(command)}\n\n{keys.display_for('evaluation.stop', remapped)} stops it."
    if state == "done":
        return "Reading the results …"
    what = "faithfulness of its explanations" if pane == "faithfulness" else "run"
    if state == "failed":
        return f"The {what} was not measured.\n\n{why_it_failed(command)}\n\n{start} starts it again."
    if pane == "faithfulness":
        return (
            "The faithfulness of the run's explanations has not been measured with its present weights.\n\n"
            f"{start} measures it on as many validation texts as you choose, in a process of its own: 200 texts take "
            f"some minutes.\nThe command is: tmeattn faithfulness {safe(PurePath(command.arguments[1]).name)}"
        )
    return f"{start} evaluates the run."


def why_it_failed(command: BackgroundCommand) -> str:
    """Why a command has ended without results, by the error in its log."""
    if command.is_stopping:
        return "Stopped."
    return error_in(command.tail(LOG)) or "The process was killed, or ended without an error message."


def progress(command: BackgroundCommand) -> str:
    """How far a command is, by the last line of its log."""
    if command.is_stopping:
        return "Stopping …"
    what = "Measuring faithfulness" if command.arguments[0] == "faithfulness" else "Evaluating"
    return f"{what}: {_now(command)}  ({seconds(command.elapsed)})"


def _now(command: BackgroundCommand) -> str:
    """What a command does now."""
    if any(path.exists() for path in command.results):
        return "writing the results"
    last = command.tail(1)
    if not last:
        return "loading the run"
    return last[0] if is_progress(last[0]) else "preparing the texts"


def confusion(true: str, predicted: str, number: int, of_true: int, of_predicted: int, room: int) -> Text:
    """The cell at the cursor of the confusion matrix: its classes and its texts, of those of each class; in `room`
    terminal cells."""
    line, total = Text(no_wrap=True, overflow="ellipsis"), of_true
    line.append(safe_line(true), "bold").append(" predicted as ").append(safe_line(predicted), "bold")
    share = f" ({percent(number / total)})" if total else ""
    column = f", {percent(number / of_predicted)} of the column" if of_predicted else ""
    long, short = f": {count(number)} of {counted(total, 'text')}", f": {count(number)} of {count(total)}"
    return line.append(
        fitting(room - line.cell_len, f"{long}{share}{column}", f"{short}{share}{column}", f"{short}{share}")
    )


def mistakes(number: int, only: tuple[str, str] | None) -> Text:
    """What the list of texts has."""
    if only is None:
        return Text(f"{counted(number, 'mistake')}, the most confident first")
    true, predicted = map(safe_line, only)
    return Text(f"{counted(number, 'text')} of {true} predicted as {predicted}, the most confident first")
