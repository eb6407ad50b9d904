"""`tmeattn tui [RUN]`."""

from __future__ import annotations

import click

from tmeattn.cli.support.options import run_argument
from tmeattn.errors import BadInput


@click.command()
@run_argument(required=False)
def tui(run: str | None) -> None:
    """Train, watch and explain in one full-screen program.

    RUN (an id, the beginning of one, a name, a path, latest or best) is opened at once, also one that another program
    trains, here or on another machine that shares its folder. F1 or ? shows all keys.
    """
    import sys

    from tmeattn.runs.index import find_run

    found = find_run(run) if run else None
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise BadInput("tmeattn tui needs a terminal.", hint="In a script use: tmeattn runs list --json")
    from tmeattn.tui.app import TmeattnApp

    app = TmeattnApp(found)
    app.run()
    if app.return_code:
        raise SystemExit(app.return_code)
