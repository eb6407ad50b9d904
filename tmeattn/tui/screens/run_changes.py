"""What the user changes on runs of the list: tags, the name, and their deletion. Each begins with a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tmeattn.errors import TmeattnError
from tmeattn.plurals import counted
from tmeattn.render.console import safe_line
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import check_name
from tmeattn.runs.lock import delete as delete_run
from tmeattn.runs.lock import is_trained
from tmeattn.runs.renaming import rename_run
from tmeattn.runs.tags import change_tags, changes_in
from tmeattn.tui.messages import ShowProblem
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.dialogs import AskText, Confirm
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.tui.wording import runs as run_wording
from tmeattn.watching.run_state import RunState

Done = Callable[[], None]
"""Called when the files of runs may have changed."""


def ask_tags(screen: BaseScreen, chosen: Sequence[ListedRun], done: Done) -> None:
    """Add tags to runs, or remove them."""
    tags = sorted({tag for one in chosen for tag in one.facts["tags"]}, key=str.lower)
    which = run_wording.title(chosen[0]) if len(chosen) == 1 else counted(len(chosen), "run")
    question = f"Tags of {which}: {' '.join(tags) or 'none'}. Add with +tag, remove with -tag:"

    def check(text: str) -> None:
        changes_in(text.split())

    def change(text: str | None) -> None:
        if not text:
            return
        add, remove = changes_in(text.split())
        for one in chosen:
            try:
                change_tags(one.run, add, remove)
            except TmeattnError as error:
                screen.post_message(ShowProblem(error))
                break
        done()

    screen.app.push_screen(AskText(question, "", check), change)


def ask_name(screen: BaseScreen, selected: RunState, done: Done) -> None:
    """Give a run another name, or none."""

    def check(name: str) -> None:
        if name:
            check_name(name, of=selected.run)

    def rename(name: str | None) -> None:
        if name is not None:
            try:
                rename_run(selected.run, name or None)
            except TmeattnError as error:
                screen.post_message(ShowProblem(error))
        done()

    question = f"Rename {selected.run.id} (leave empty to clear)"
    screen.app.push_screen(AskText(question, selected.name or "", check), rename)


def ask_deletion(screen: BaseScreen, folders: Sequence[Path], done: Done) -> None:
    """Delete runs, none of which may be trained just now."""
    running = [folder.name for folder in folders if is_trained(RunDirectory(folder))]
    if running:
        screen.post_message(ShowProblem(f"{', '.join(running)} is running: press s to stop it first."))
        return

    def delete(yes: bool | None) -> None:
        if not yes:
            return
        for folder in folders:
            if not folder.exists():  # another program deleted it
                continue
            try:
                delete_run(RunDirectory(folder))
            except TmeattnError as error:
                screen.post_message(ShowProblem(error))
        done()

    names = ", ".join(_named(RunDirectory(folder)) for folder in folders)
    question = f"Delete {names} with all checkpoints? This cannot be undone."
    screen.app.push_screen(Confirm(question, "Delete"), delete)


def _named(run: RunDirectory) -> str:
    """The id of a run, after its name if it has one."""
    return f"{safe_line(run.name)} ({run.id})" if run.name else run.id
