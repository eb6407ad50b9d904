"""What is not written down fails here."""

import re
from pathlib import Path

import pytest

import tmeattn.runs.events
from tmeattn.cli.main import COMMANDS, cli
from tmeattn.registry import discover
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


def test_every_kind_of_event_is_documented():
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tmeattn" / "training").glob("*.py"))
    kinds = set(re.findall(r'"kind": "(\w+)"', sources))
    assert {"started", "step", "epoch", "finished"} <= kinds
    assert [kind for kind in kinds if not re.search(rf"^    {kind}\b", tmeattn.runs.events.__doc__, re.MULTILINE)] == []


def test_the_readmes_files_exist():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).exists(), target
