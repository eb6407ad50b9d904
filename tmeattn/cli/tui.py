"""`tmeattn tui [RUN]`."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.options import run_argument
from tmeattn.errors import BadInput, EnvironmentProblem

if TYPE_CHECKING:
    from textual.app import App

    from tmeattn.runs.directory import RunDirectory

INCAPABLE = ("dumb", "unknown")
"""Values of TERM of terminals that cannot move their cursor, such as the shell of an editor."""
DEFAULT_PORT = "8000"
INTERRUPTED = 130
"""The exit code after a signal."""


@click.command()
@run_argument(required=False)
@click.option(
    "--web",
    metavar="[PORT]",
    is_flag=False,
    flag_value=DEFAULT_PORT,
    help="Serve the screens to a browser, at port 8000 unless given (needs the extra web). Ctrl-C ends it.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    help="With --web, the address to listen at: anyone who reaches it can train and delete.  [default: 127.0.0.1]",
)
def tui(run: str | None, web: str | None, host: str | None) -> None:
    """Train, watch and explain in a full-screen program.

    With RUN (an id, a unique prefix of an id, a name, a path, latest or best), the screen of this run opens first. Any
    program may train the run, also on another machine that shares the folder. Press F1 or ? for all keys and the
    manual.
    """
    from tmeattn.runs.index import find_run

    if web is not None and run is None and not _is_number(web):
        run, web = web, DEFAULT_PORT  # tmeattn tui --web RUN
    if host is not None and web is None:
        raise BadInput("--host is for --web.", hint="Type: tmeattn tui --web --host ADDRESS")
    found = find_run(run) if run else None
    if web is not None:
        _serve(found, web, host)
    else:
        _open(found)


def _open(run: RunDirectory | None) -> None:
    """Open the screens in this terminal, or draw them for the browser that textual-serve has started this process for.

    Raises:
        BadInput: this is no terminal.
        EnvironmentProblem: the terminal cannot move its cursor.
    """
    from tmeattn.library_output import screen_kept
    from tmeattn.tui.web import is_served

    if not is_served():
        if not _is_terminal():
            raise BadInput("tmeattn tui needs a terminal.", hint="In a script use: tmeattn runs list --json")
        if os.environ.get("TERM") in INCAPABLE:
            raise EnvironmentProblem(
                f"The terminal cannot show a full screen: TERM is {os.environ['TERM']}.",
                hint="Use another terminal, or the commands: tmeattn train, tmeattn runs list, tmeattn explain.",
            )
    from tmeattn.tui.app import TmeattnApp

    app = TmeattnApp(run)
    _end_on_signals(app)
    if not is_served() and not _is_terminal():  # closed since, while SIGHUP was still ignored
        raise SystemExit(INTERRUPTED)
    with screen_kept():
        app.run()
    if app.return_code:
        raise SystemExit(app.return_code)


def _end_on_signals(app: App[Any]) -> None:
    """Let SIGTERM end the screens as a key does, and SIGHUP end the process at once, because its terminal is gone.

    SIGHUP counts also where it was ignored, as in a shell that nohup started: nobody can reach screens without their
    terminal, and the process would use the CPU until someone kills it. Screens in a browser need no terminal.

    An exception out of a screen, which ends other commands, would leave Textual's thread that reads the keys, and with
    it a process without a terminal that never ends.
    """

    from tmeattn.tui.web import is_served

    def end(number: int, frame: FrameType | None) -> None:
        if not app.is_running:
            raise KeyboardInterrupt
        app.call_later(app.exit, return_code=INTERRUPTED)  # after what opens now

    def end_at_once(number: int, frame: FrameType | None) -> None:
        os._exit(INTERRUPTED)

    if signal.getsignal(signal.SIGTERM) != signal.SIG_IGN:
        signal.signal(signal.SIGTERM, end)
    hangup = getattr(signal, "SIGHUP", None)  # not on Windows
    if hangup is not None and not (is_served() and signal.getsignal(hangup) == signal.SIG_IGN):
        signal.signal(hangup, end_at_once)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def _serve(run: RunDirectory | None, port: str, host: str | None) -> None:
    """Serve the screens to browsers.

    Raises:
        BadInput: the port is no number of one.
    """
    from tmeattn.tui.web import LARGEST_PORT, LOOPBACK, is_loopback, serve

    if not _is_number(port) or not 0 < int(port[:6]) <= LARGEST_PORT:
        raise BadInput(f"--web takes a port from 1 to {LARGEST_PORT}, not {port!r}.")
    address = host or LOOPBACK

    def announce(url: str) -> None:
        click.echo(f"Open {url} in a browser. Ctrl-C ends this; trainings go on.", err=True)
        if not is_loopback(address):
            click.echo("Warning: anyone who reaches this address can train, read and delete as you.", err=True)

    serve(str(run.path) if run else None, address, int(port), announce)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
