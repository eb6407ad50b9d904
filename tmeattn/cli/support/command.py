"""What all commands share: groups that suggest the nearest name for a misspelt subcommand, and JSON on stdout."""

from __future__ import annotations

import math
import sys
from typing import Any

import click

from tmeattn.errors import UnknownName


class Group(click.Group):
    """A group of commands that suggests the nearest name for a misspelt subcommand."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known and not ctx.resilient_parsing:
            raise UnknownName("command", args[0], known, list_command=f"{ctx.command_path} --help")
        return super().resolve_command(ctx, args)


def echo_json(value: Any) -> None:
    """Print one JSON document on stdout.

    A number that is not finite becomes null, because JSON cannot hold it. Characters are escaped if they could mislead
    a reader or control a terminal (`files.escaped`), and all beyond ASCII if the encoding of stdout cannot hold them.
    """
    import json

    from tmeattn.files import escaped

    value = _finite(value)
    text = escaped(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, allow_nan=False)
    click.echo(text)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
