"""All commands with their help, their exit codes and the schemas of their JSON documents."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import click

from tmeattn.cli.documents import documents
from tmeattn.cli.documents.exit_codes import EXIT_CODES, exit_codes_of
from tmeattn.cli.documents.installed import CommandHelp, OptionHelp
from tmeattn.cli.documents.schema import schema_of

MODEL_GROUPS = ("tmeattn train", "tmeattn sweep")
"""The groups with a command for each model, which are described as one."""


def reference(root: click.Command) -> dict[str, Any]:
    """The exit codes and all commands below the group of the program."""
    commands = [_help(path, command) for path, command in all_commands(root, "tmeattn")]
    return {"exit_codes": _codes(EXIT_CODES), "commands": commands}


def all_commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Each command below a group that can be typed, with its path; those of the models as one, such as
    `tmeattn train MODEL`."""
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    if command.invoke_without_command:
        yield path, command
    names = command.list_commands(context)
    if path in MODEL_GROUPS:
        known = command.commands if path != "tmeattn train" else {}
        yield f"{path} MODEL", _of_all_models([_found(command, name) for name in names if name not in known])
        names = [name for name in names if name in known]
    for name in names:
        yield from all_commands(_found(command, name), f"{path} {name}")


def _found(group: click.Group, name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def _of_all_models(commands: list[click.Command]) -> click.Command:
    """A command with the options that all these commands have."""
    first, *others = commands
    shared = set.intersection(*({option.name for option in one.params} for one in [first, *others]))
    title = inspect.cleandoc(first.help or "").split(":")[0].replace(first.name or "", "a model")
    options = [option for option in first.params if option.name in shared]
    more = "Each model has its own options, too: see the page models."
    return click.Command("MODEL", params=options, help=f"{title}. {more}")


def _help(path: str, command: click.Command) -> CommandHelp:
    context = click.Context(command, info_name=path)
    kinds = documents().get(path)
    text = inspect.cleandoc(command.help or "").replace("\b\n", "").partition("\f")[0]
    return {
        "command": path,
        "usage": " ".join(command.collect_usage_pieces(context)),
        "help": text.strip(),
        "options": [_option(option, context) for option in command.get_params(context) if _is_shown(option)],
        "exit_codes": _codes(exit_codes_of(path)),
        "document": schema_of(*kinds) if kinds else None,
    }


def _is_shown(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and not parameter.hidden and parameter.name != "help"


def _option(option: click.Parameter, context: click.Context) -> OptionHelp:
    assert isinstance(option, click.Option)
    written = option.get_help_record(context)
    flag = option.is_flag or option.count
    return {
        "flags": [*option.opts, *option.secondary_opts],
        "help": " ".join((written[1] if written else "").split()),
        "values": None if flag else option.make_metavar(context),
        "repeatable": option.multiple,
    }


def _codes(codes: dict[int, str]) -> dict[str, str]:
    return {str(code): meaning for code, meaning in codes.items()}
