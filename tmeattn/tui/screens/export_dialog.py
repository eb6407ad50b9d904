"""The export of what a screen shows to a file: its name and format, and a confirmation before a file is replaced."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

from tmeattn.errors import BadInput, TmeattnError
from tmeattn.explain.explanation import Explanation
from tmeattn.render.console import safe
from tmeattn.render.explanations import side_by_side
from tmeattn.render.export.explanations import FORMATS, write
from tmeattn.render.heatmap import heatmap
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.dialogs import HINT, AskText, Confirm

NAME = "explanation.html"


def export(screen: BaseScreen, explanations: Sequence[Explanation]) -> None:
    """Ask for a file name and write the explanations of one text by one run or two; a notification shows the result."""

    def write_to(path: Path) -> None:
        picture = heatmap(explanations[0]) if len(explanations) == 1 else side_by_side(*explanations[:2])
        write(explanations, path, picture)

    export_as(screen, "the explanation", NAME, FORMATS, write_to)


def export_as(
    screen: BaseScreen, what: str, name: str, formats: Collection[str], write: Callable[[Path], object]
) -> None:
    """Ask for a file name and write there, on another thread; a notification shows the result.

    what: such as "the comparison". name: the proposed file. formats: the endings. write: raises `TmeattnError`.
    """
    question = f"Export {what} to a file that ends in {', '.join(formats)}"
    dialog = AskText(question, name, partial(check, formats=formats), export_hint())
    screen.app.push_screen(dialog, partial(_start, screen, write))


def check(text: str, formats: Collection[str] = FORMATS) -> None:
    """Raises `BadInput` for a name that cannot be the file of an export."""
    path = _path(text)
    if path.suffix.lower() not in formats:
        raise BadInput(f"The name must end in {', '.join(formats)}.")
    if path.is_dir():
        raise BadInput(f"{safe(text)} is a folder.")
    if not path.parent.is_dir():
        raise BadInput(f"The folder {safe(str(path.parent))} does not exist.")


def folder_of(text: str) -> Path:
    """The folder that a user has typed. Raises `BadInput` for a text that cannot be one."""
    return _path(text)


def check_folder(text: str) -> None:
    """Raises `BadInput` for a text that cannot be the folder of an export; it is created where it does not exist."""
    path = folder_of(text)
    if not text.strip():
        raise BadInput("Type the name of a folder.")
    if path.exists() and not path.is_dir():
        raise BadInput(f"{safe(text)} is a file.")


def export_hint() -> str:
    """The keys of the question, and the current folder, in which a name without a folder is."""
    try:
        return f"{HINT}  ·  in {safe(str(Path.cwd()))}"
    except OSError:  # it was deleted
        return HINT


def _path(text: str) -> Path:
    try:
        return Path(text).expanduser().absolute()
    except (OSError, RuntimeError, ValueError) as error:  # no such user, a NUL byte
        raise BadInput(f"{safe(text)} cannot be a file: {error}.") from error


def _start(screen: BaseScreen, write: Callable[[Path], object], text: str | None) -> None:
    if text is None:
        return
    path = _path(text)

    def begin(yes: bool | None = True) -> None:
        if yes:
            screen.run_worker(_write(screen, write, path), group="export")

    if path.exists():
        screen.app.push_screen(Confirm(f"Replace {safe(str(path))}?", "Replace"), begin)
    else:
        begin()


async def _write(screen: BaseScreen, write: Callable[[Path], object], path: Path) -> None:
    try:
        await asyncio.to_thread(write, path)
    except TmeattnError as error:
        screen.notify(safe(str(error)), severity="error", markup=False)
    else:
        screen.notify(safe(str(path)), title="Exported", markup=False)
