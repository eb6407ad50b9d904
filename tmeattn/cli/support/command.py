"""What all commands share: groups that suggest the nearest name for a misspelt subcommand, JSON on stdout, and the
point at which a command has checked what it was given and begins."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from contextvars import ContextVar
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


_only_checks: ContextVar[bool] = ContextVar("only_checks", default=False)


class _Checked(BaseException):
    """A command that was only to be checked has reached its beginning."""


def begins(more: Callable[[], object] = lambda: None) -> None:
    """The beginning of a command that can be a job: all that is cheap to check about its options has been checked.

    Where the command is only checked, such as by `tmeattn submit`, it ends here.

    more: checks that the command itself makes later, and that need neither torch nor much time.
    """
    if _only_checks.get():
        more()
        raise _Checked


def check_only(context: click.Context) -> None:
    """Check what a command was given, without beginning. The command must call `begins`.

    Raises:
        TmeattnError: as the command itself.
    """
    token = _only_checks.set(True)
    try:
        with contextlib.suppress(_Checked), context:
            context.command.invoke(context)
    finally:
        _only_checks.reset(token)


def echo_json(value: Any) -> None:
    """Print one JSON document on stdout.

    A number that is not finite becomes null, because JSON cannot hold it. Characters are escaped if they could mislead
    a reader or control a terminal (`files.escaped`), and all beyond ASCII if the encoding of stdout cannot hold them.
    """
    import json

    from tmeattn.files import escaped, without_nan

    value = without_nan(value)
    text = escaped(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(value, indent=2, allow_nan=False)
    click.echo(text)
