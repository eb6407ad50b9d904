"""Fixtures of the screens' tests (see logged_runs.py)."""

from logged_runs import clock, write_run

__all__ = ["clock", "write_run"]
