"""`tmeattn plugins list`."""

from __future__ import annotations

import os

import click

from tmeattn.cli.main import Group, echo_json
from tmeattn.registry import registry


@click.group(cls=Group)
def plugins() -> None:
    """What is installed, from whom, and what is broken.

    TMEATTN_PLUGINS=off leaves out every plugin but tmeattn's own.
    """


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print an array of plugins on stdout.")
def list_plugins(as_json: bool) -> None:
    """Installed plugins, what each provides, and what is wrong with it."""
    found = registry().plugins
    if as_json:
        echo_json(
            [
                {
                    "name": plugin.name,
                    "distribution": plugin.distribution,
                    "version": plugin.version,
                    "provides": plugin.provides,
                    "problems": plugin.problems,
                }
                for plugin in found
            ]
        )
        return
    from rich.text import Text

    from tmeattn.render.console import safe, stderr_console, stdout_console
    from tmeattn.render.tables import Column, table

    rows = [
        (
            f"{plugin.distribution} {plugin.version}",
            ", ".join(plugin.provides),
            Text(safe("; ".join(plugin.problems)), style="bold red") if plugin.problems else "works",
        )
        for plugin in found
    ]
    stdout_console().print(table(["plugin", Column("provides", wrap=True), Column("state", wrap=True)], rows))
    if os.environ.get("TMEATTN_PLUGINS", "").lower() == "off":
        stderr_console().print("TMEATTN_PLUGINS=off: other plugins are left out.")
