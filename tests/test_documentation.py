"""What is not written down fails here."""

import re
from pathlib import Path

import click
import pytest

from tmeattn.cli.main import COMMANDS, cli
from tmeattn.registry import discover
from tmeattn.runs.event_types import EVENT_TYPES, fields_of
from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, VectorsSpec

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_stands_in_the_readme(command):
    assert f"`tmeattn {command}" in README


@pytest.mark.parametrize("kind", [ModelSpec, DatasetSpec, VectorsSpec])
def test_everything_built_in_stands_in_the_readme(kind):
    registry = discover()
    names = [spec.name for spec in registry.all(kind) if registry.plugin_of(spec).distribution == "tmeattn"]
    assert names
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_explainer_stands_in_the_help():
    text = cli.get_command(None, "explain").get_help(cli.make_context("tmeattn", ["explain", "x"]))
    text = "".join(text.split())  # a name may be wrapped at its hyphen
    assert [spec.name for spec in discover().all(ExplainerSpec) if spec.name not in text] == []


def test_every_subcommand_stands_in_the_readme():
    for name in ("runs", "plugins"):
        (row,) = re.findall(rf"^\| `tmeattn {name}` \| (.*) \|$", README, re.MULTILINE)
        group = cli.get_command(None, name)
        assert [command for command in group.commands if f"`{command}`" not in row] == []


def test_every_environment_variable_stands_in_the_readme():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tmeattn").rglob("*.py"))
    names = set(re.findall(r"\bTMEATTN_[A-Z]+\b", sources))
    assert {"TMEATTN_HOME", "TMEATTN_PLUGINS"} <= names
    assert [name for name in names if name not in README] == []


def commands_below(command):
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(None):
            yield from commands_below(command.get_command(click.Context(command), name))


def test_every_option_in_the_readme_exists():
    parameters = [parameter for command in commands_below(cli) for parameter in command.params]
    known = {flag for parameter in parameters for flag in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
    shown = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", README))
    assert {"--alpha", "--kind", "--track"} <= shown
    assert sorted(shown - known) == []


def test_every_kind_of_event_is_documented():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tmeattn" / "training").glob("*.py"))
    kinds = set(re.findall(r'"kind": "(\w+)"', sources))
    assert {"started", "step", "epoch", "finished"} <= kinds
    assert kinds <= set(EVENT_TYPES)
    assert all(fields_of(event_type) and event_type.__doc__ for event_type in EVENT_TYPES.values())


def test_the_readmes_files_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
