"""All commands that write a file refuse a folder that does not exist in the same way, before they compute anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from tmeattn.cli.main import cli
from tmeattn.runs.directory import RunDirectory

COMMANDS = {
    "evaluate --export": "evaluate {run} --export {place}/x.md",
    "evaluate --predictions": "evaluate {run} --predictions {place}/x.csv",
    "explain --export": "explain good --run {run} --export {place}/x.html",
    "faithfulness --export": "faithfulness {run} --export {place}/x.md",
    "mistakes --export": "mistakes {run} --export {place}/x.html",
    "models --export": "models --export {place}/x.md",
    "predict --output": "predict --file {texts} --run {run} --output {place}/x.csv",
    "runs compare --export": "runs compare {run} {run} --export {place}/x.md",
    "runs export TARGET": "runs export {run} {place}/x.zip",
    "runs list --export": "runs list --export {place}/x.md",
    "runs show --export": "runs show {run} --export {place}/x.svg",
    "sweep show --export": "sweep show --export {place}/x.md",
}
"""A command line for each option that names a file to write."""
MAKES_FOLDERS = {"plugins new --into", "reproduce --export"}
"""The options that name a folder, which is created where it does not exist."""
NAMES = {"--export", "--output", "--predictions", "--into", "target"}


def options(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from options(command, (*path, name))
        for parameter in command.params:
            for flag in {*parameter.opts} & NAMES if isinstance(parameter.type, click.Path) else ():
                yield " ".join((*path, name, flag if flag.startswith("-") else flag.upper()))


def test_every_option_that_names_a_file_to_write_is_tried() -> None:
    assert set(options(cli)) == COMMANDS.keys() | MAKES_FOLDERS


@pytest.mark.parametrize("line", COMMANDS.values(), ids=COMMANDS.keys())
def test_a_folder_that_is_not_there_is_bad_input(
    tmeattn: Any, trained: RunDirectory, tmp_path: Path, line: str
) -> None:
    texts, file = tmp_path / "texts.txt", tmp_path / "file"
    texts.write_text("good\n")
    file.write_text("mine")
    for place in (tmp_path / "none", file):
        words = [word.format(run=trained.id, texts=texts, place=place) for word in line.split()]
        assert tmeattn(*words).refused() == f"There is no folder {place}. Create it, or choose another."
