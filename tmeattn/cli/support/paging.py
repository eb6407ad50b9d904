"""Long output goes through the user's pager, as in git."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import RenderableType


def page(renderable: RenderableType, *, at_once: bool = False) -> None:
    """Print to stdout. Output that has more lines than the terminal goes through PAGER.

    The default pager is `less`, which shows colours and leaves the text on the screen. `at_once` disables the pager.
    """
    from tmeattn.render.console import stdout_console

    console = stdout_console()
    if at_once or not (console.is_terminal and sys.stdout.isatty() and sys.stdin.isatty()):
        console.print(renderable)
        return
    with console.capture() as capture:
        console.print(renderable)
    text = capture.get()
    if text.count("\n") < console.height:
        click.echo(text, nl=False, color=True)
        return
    os.environ.setdefault("LESS", "FRX")
    click.echo_via_pager(text, color=True)
