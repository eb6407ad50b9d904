"""The texts that a user has added to the watch list of a run: `watch.json` in its folder.

`tmeattn train --watch-text` and the screens write the file; the training process reads it, also when it changes while
the run is trained. The texts influence nothing that is trained.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, cast

from tmeattn.errors import BadInput, shortened
from tmeattn.files import disk_errors, open_regular, read_error, read_json, to_json, write_atomically
from tmeattn.plurals import counted
from tmeattn.runs.typed_json import matches

if TYPE_CHECKING:
    from tmeattn.runs.directory import RunDirectory

FILE = "watch.json"
FORMAT = 1
MOST_TEXTS = 12
"""Texts that a user can add: every look at them takes time of the training, and lines of the event log."""
MOST_CHARACTERS = 20_000
_LARGEST_FILE = 4 * MOST_TEXTS * MOST_CHARACTERS


class _Text(TypedDict):
    text: str


class AddedText(_Text, total=False):
    """A text that the user has added. label: the name of its true class, where it is known."""

    label: str | None


class WatchFile(TypedDict):
    """The content of `watch.json`."""

    format: int
    texts: list[AddedText]


def added_texts(run: RunDirectory) -> list[AddedText]:
    """The texts that were added, in the order in which they were; none where there is no file.

    Raises:
        BadInput: the file is damaged, or a newer version has written it.
    """
    path = run.path / FILE
    content = read_json(path)
    if content is None and not os.path.lexists(path):
        return []
    if content is None or content.get("format") != FORMAT or not matches(content, WatchFile):
        raise BadInput(
            f"{path} is damaged, so that the texts that were added to the watch list are not watched.",
            hint="Delete the file, and add the texts again.",
        )
    return cast(WatchFile, content)["texts"][:MOST_TEXTS]


def stamp(run: RunDirectory) -> tuple[int, int] | None:
    """Another value after every change of the file; None where there is none."""
    try:
        stat = os.stat(f"{run.path}/{FILE}")  # noqa: PTH116  a training process asks often
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size


def write_added(run: RunDirectory, texts: Sequence[AddedText]) -> None:
    """Replace the texts that were added. They are checked as `checked` does.

    Raises:
        BadInput: a text cannot be watched, or there are too many.
        EnvironmentProblem: the file cannot be written.
    """
    content: WatchFile = {"format": FORMAT, "texts": [{**each, "text": checked(each["text"])} for each in texts]}
    _check_number(len(texts))
    with disk_errors("the watch list", run.path):
        write_atomically(run.path / FILE, to_json(content))


def add(run: RunDirectory, text: str, label: str | None = None) -> None:
    """Add a text behind the others. label: the name of its true class, where it is known.

    Raises:
        BadInput: the text cannot be watched, is watched already, or there are too many.
        EnvironmentProblem: the file cannot be written.
    """
    text, before = checked(text), added_texts(run)
    if text in [each["text"] for each in before]:
        raise BadInput("The text is on the watch list already.")
    write_added(run, [*before, {"text": text, "label": label}])


def remove(run: RunDirectory, text: str) -> bool:
    """Remove a text that was added; False where it was not.

    Raises:
        BadInput, EnvironmentProblem: the file cannot be read or written.
    """
    before = added_texts(run)
    kept = [each for each in before if each["text"] != text]
    if len(kept) == len(before):
        return False
    write_added(run, kept)
    return True


def checked(text: str) -> str:
    """The text without white space around it.

    Raises:
        BadInput: it is empty or too long.
    """
    text = text.strip()
    if not text:
        raise BadInput("A text of the watch list is empty.")
    if len(text) > MOST_CHARACTERS:
        raise BadInput(
            f"A text of the watch list has {len(text):,} characters, but at most {MOST_CHARACTERS:,} are possible: "
            f"{shortened(text)}"
        )
    return text


def chosen_texts(typed: Sequence[str], file: Path | None) -> list[str]:
    """The texts of `--watch-text` and the lines of `--watch-file`, each once, in their order.

    Raises:
        BadInput: a text cannot be watched, there are too many, or the file cannot be read or is no UTF-8.
        EnvironmentProblem: the disk cannot be read.
    """
    texts = [checked(text) for text in typed]
    for number, line in enumerate(_lines(file) if file else (), start=1):
        if line.strip():
            try:
                texts.append(checked(line))
            except BadInput as error:
                raise BadInput(f"--watch-file: {file}, line {number}: {error.message}") from None
    if file is not None and len(texts) == len(typed):
        raise BadInput(f"--watch-file: {file} has no text.", hint="Write one text on each line.")
    texts = list(dict.fromkeys(texts))
    _check_number(len(texts))
    return texts


def _check_number(texts: int) -> None:
    if texts > MOST_TEXTS:
        raise BadInput(
            f"The watch list would have {counted(texts, 'text')} of your own, but at most {MOST_TEXTS} are possible.",
            hint="Choose fewer texts.",
        )


def _lines(path: Path) -> list[str]:
    try:
        with open_regular(path.expanduser()) as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise read_error(path, error, what="--watch-file: ") from None
    if len(data) > _LARGEST_FILE:
        raise BadInput(
            f"--watch-file: {path} has more than {_LARGEST_FILE:,} bytes.", hint="Write one short text on each line."
        )
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(f"--watch-file: {path} is no UTF-8, at byte {error.start:,}.") from None
