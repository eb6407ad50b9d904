"""What does not fit the terminal goes through the user's pager, as with git."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import RenderableType


def page(picture: RenderableType, *, at_once: bool = False) -> None:
    """Print to stdout; on a terminal that it is too high for, through PAGER, by default `less`, which keeps colours and
    leaves the text on the screen. `at_once` never does."""
    from tmeattn.render.console import stdout_console

    console = stdout_console()
    if at_once or not (console.is_terminal and sys.stdout.isatty() and sys.stdin.isatty()):
        console.print(picture)
        return
    with console.capture() as capture:
        console.print(picture)
    shown = capture.get()
    if shown.count("\n") < console.height:
        click.echo(shown, nl=False, color=True)
        return
    os.environ.setdefault("LESS", "FRX")
    click.echo_via_pager(shown, color=True)
