"""Fixtures of the screens' tests (see logged_runs.py, run_screen.py, explain_screen.py)."""

from support.explain_screen import quick_and_coloured, runs
from support.logged_runs import clock, write_run
from support.run_screen import resumed, watched_texts

__all__ = ["clock", "quick_and_coloured", "resumed", "runs", "watched_texts", "write_run"]
