"""`tmeattn tui [RUN]`."""

from __future__ import annotations

import click

from tmeattn.cli.support.options import run_argument
from tmeattn.errors import BadInput


@click.command()
@run_argument(required=False)
def tui(run: str | None) -> None:
    """Train, watch and explain in a full-screen program.

    With RUN (an id, a unique prefix of an id, a name, a path, latest or best), the screen of this run opens first. Any
    program may train the run, also on another machine that shares the folder. Press F1 or ? for all keys and the
    manual.
    """
    import sys

    from tmeattn.library_output import screen_kept
    from tmeattn.runs.index import find_run

    found = find_run(run) if run else None
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise BadInput("tmeattn tui needs a terminal.", hint="In a script use: tmeattn runs list --json")
    from tmeattn.tui.app import TmeattnApp

    app = TmeattnApp(found)
    with screen_kept():
        app.run()
    if app.return_code:
        raise SystemExit(app.return_code)
