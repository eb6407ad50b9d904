"""What the tests of run directories share."""

from support.logged_runs import write_run

__all__ = ["write_run"]
