"""Fixtures of the tests of watched runs (see logged_runs.py)."""

from support.logged_runs import clock, write_run

__all__ = ["clock", "write_run"]
