"""The actions of the list of runs on the selected run, or on the marked ones."""

from __future__ import annotations

from tmeattn.errors import TmeattnError
from tmeattn.plurals import counted
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.index import check_name
from tmeattn.runs.lock import delete as delete_run
from tmeattn.runs.lock import is_trained
from tmeattn.runs.renaming import rename_run
from tmeattn.runs.tags import change_tags, changes_in
from tmeattn.tui.messages import CopyText, OpenComparison, OpenData, OpenExplain, ResumeRun, ShowProblem, StopRun
from tmeattn.tui.screens.base import BaseScreen
from tmeattn.tui.screens.dialogs import AskText, Confirm
from tmeattn.tui.services.listed_run import ListedRun
from tmeattn.tui.services.run_list import RunList
from tmeattn.tui.services.run_state import RunState
from tmeattn.tui.services.sweep_groups import PREFIX
from tmeattn.tui.widgets.run_table import RunTable
from tmeattn.tui.wording import runs as run_wording

ONE_RUN = "Mark the runs to compare: press space on two or more, then c."


class RunListActions(BaseScreen):
    """The base of the list of runs: what is selected and marked in its table, and what the keys do with it."""

    runs: RunList
    table: RunTable

    def refresh_runs(self) -> None:
        """Read what is new in the files and show it."""
        raise NotImplementedError

    def show_runs(self) -> None:
        """Show the list again."""
        raise NotImplementedError

    @property
    def selected(self) -> RunState | None:
        """The run at the cursor; None for a damaged run, or without runs."""
        return self.runs.opened(self.table.selected)

    def _selected_study(self) -> str | None:
        """The sweep whose line is under the cursor."""
        selected = self.table.selected or ""
        return selected.removeprefix(PREFIX) if selected.startswith(PREFIX) else None

    @property
    def _marked(self) -> list[ListedRun]:
        """The marked runs, as far as they still exist."""
        return [self.runs.runs[run_id] for run_id in self.table.marked if run_id in self.runs.runs]

    def action_compare(self) -> None:
        """Compare the marked runs; a single marked run with the selected one."""
        chosen, selected = self._marked, self.runs.runs.get(self.table.selected or "")
        if len(chosen) < 2 and selected is not None:
            chosen = list(dict.fromkeys([*chosen, selected]))
        if len(chosen) < 2:
            self.post_message(ShowProblem(ONE_RUN))
        else:
            self.post_message(OpenComparison([one.run for one in chosen]))

    def action_tag(self) -> None:
        """Add tags to the marked runs or else the selected run, or remove them."""
        selected = self.runs.runs.get(self.table.selected or "")
        chosen = self._marked or ([selected] if selected is not None else [])
        if not chosen:
            return
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
                    self.post_message(ShowProblem(error))
                    break
            self.refresh_runs()

        self.app.push_screen(AskText(question, "", check), change)

    def action_resume(self) -> None:
        if self.selected is not None:
            self.post_message(ResumeRun(self.selected))

    def action_stop(self) -> None:
        if self.selected is not None:
            self.post_message(StopRun(self.selected))

    def action_explain(self) -> None:
        if self.selected is not None and self.selected.run.has_checkpoint():
            self.post_message(OpenExplain(run=self.selected.run))
        else:
            self.post_message(ShowProblem(run_wording.NO_WEIGHTS))

    def action_evaluate(self) -> None:
        """Evaluate the selected run."""
        if (listed := self.selected) is not None and listed.run.has_checkpoint():
            from tmeattn.tui.screens.evaluation import EvaluationScreen

            self.app.push_screen(EvaluationScreen(self.session, listed.run))
        elif listed is not None:
            self.post_message(ShowProblem(run_wording.NO_WEIGHTS))

    def action_browse(self) -> None:
        if self.selected is not None:
            self.post_message(OpenData(self.selected.run))

    def action_copy(self) -> None:
        if self.selected is not None:
            self.post_message(CopyText(run_wording.command(self.selected.run)))

    def action_rename(self) -> None:
        selected = self.selected
        if selected is None:
            return

        def check(name: str) -> None:
            if name:
                check_name(name, of=selected.run)

        def rename(name: str | None) -> None:
            if name is not None:
                try:
                    rename_run(selected.run, name or None)
                except TmeattnError as error:
                    self.post_message(ShowProblem(error))
            self.refresh_runs()

        question = f"Rename {selected.run.id} (leave empty to clear)"
        self.app.push_screen(AskText(question, selected.name or "", check), rename)

    def action_delete(self) -> None:
        chosen = [one.run.id for one in self._marked] or [
            run_id for run_id in (self.table.selected,) if run_id and self._selected_study() is None
        ]
        running = [run_id for run_id in chosen if is_trained(RunDirectory(self.runs.root / run_id))]
        if running:
            self.post_message(ShowProblem(f"{', '.join(running)} is running: press s to stop it first."))
        elif chosen:
            question = f"Delete {', '.join(chosen)} with all checkpoints? This cannot be undone."
            self.app.push_screen(Confirm(question, "Delete"), lambda yes: self._delete(chosen) if yes else None)

    def _delete(self, chosen: list[str]) -> None:
        for run_id in chosen:
            path = self.runs.root / run_id
            if not path.exists():  # another program deleted it
                continue
            try:
                delete_run(RunDirectory(path))
            except TmeattnError as error:
                self.post_message(ShowProblem(error))
        self.table.marked.clear()
        self.runs.forget()
        self.refresh_runs()
        self.show_runs()
