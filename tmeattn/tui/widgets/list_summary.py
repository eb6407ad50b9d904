"""The line above the list of runs: how many there are, and how the list is sorted and filtered."""

from __future__ import annotations

from textual.widgets import Static

from tmeattn.plurals import counted
from tmeattn.render.console import safe
from tmeattn.tui.services.run_list import RunList


class ListSummary(Static):
    """How many runs there are, run, wait and are marked; or what is wrong with the filter."""

    def __init__(self) -> None:
        super().__init__("", id="summary", markup=False)
        self._shown = ""

    def show(self, runs: RunList, *, visible: int, queued: str, marked: int, order: str, text: str) -> None:
        """Show the figures of a list.

        visible: how many of the runs the filter lets through.   queued: those that wait, in words.
        order:   of the list.                                    text:   of the filter.
        """
        total = counted(len(runs.runs), "run")
        parts = [
            f"{visible} of {total}" if text else total,
            f"reading {runs.unlisted} more" if runs.unlisted else "",
            f"{runs.running} running" if runs.running else "",
            queued,
            f"{marked} marked" if marked else "",
            f"sort: {order}",
            f"filter: {text}" if text else "",
        ]
        wrong = runs.problem if text else None
        line = wrong or " · ".join(filter(None, parts))
        if line != self._shown:
            self._shown = line
            self.set_class(bool(wrong), "wrong")
            self.update(safe(line), layout=False)
