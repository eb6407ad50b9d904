"""Help for everything, completion, and how little is imported for it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest

from tmeattn.cli.main import COMMANDS, cli, run
from tmeattn.hookspecs import hookimpl
from tmeattn.plugin import Plugin
from tmeattn.registry import Registry, registry
from tmeattn.runs.directory import RunDirectory
from tmeattn.specs import ModelSpec

HEAVY = {"torch", "torchtext", "textual", "pydantic", "numpy", "polars", "pandas", "rich"}


def walk(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and all below it, each with its context."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, click.Context(below, parent=context, info_name=name))


EVERYTHING = list(walk(cli, click.Context(cli, info_name="tmeattn", **cli.context_settings)))


@pytest.mark.parametrize(("command", "context"), EVERYTHING, ids=[context.command_path for _, context in EVERYTHING])
def test_every_command_and_option_has_help(command: click.Command, context: click.Context) -> None:
    assert command.help
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts
    page = command.get_help(context)
    for parameter in command.get_params(context):
        if getattr(parameter, "hidden", False):
            continue
        for option in (*parameter.opts, *parameter.secondary_opts):
            assert not option.startswith("--") or option in page


def test_the_walk_reaches_everything() -> None:
    paths = {context.command_path.removeprefix("tmeattn ") for _, context in EVERYTHING}
    assert set(COMMANDS) <= paths
    assert {f"train {spec.name}" for spec in registry().all(ModelSpec)} <= paths
    assert {"runs list", "runs delete", "plugins list", "data fetch", "config set"} <= paths


def test_every_summary_stands_in_the_help(tmeattn: Any) -> None:
    result = tmeattn("--help")
    assert (result.code, result.err) == (0, "")
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in result.out
        assert summary.split()[0] in result.out
    assert tmeattn("-h").out == result.out


@pytest.mark.parametrize("command", [[], ["train"], ["runs"], ["plugins"], ["data"], ["config"]])
def test_a_group_alone_shows_its_help(tmeattn: Any, command: list[str]) -> None:
    result = tmeattn(*command)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: tmeattn")


def test_help_shows_both_recipes_and_the_models_own_options_first(tmeattn: Any) -> None:
    page = tmeattn("train", "lstm-attn", "--help").out
    assert page.index("--hidden-size") < page.index("Options:\n  --dataset")
    words = " ".join(page.split())
    assert "[default: adamw; report: sgd]" in words
    assert "--tune-embeddings / --freeze-embeddings" in words
    assert "--lr NUMBER" in words
    assert "--batch-size INTEGER" in words


# Completion


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], list[str]]:
    """What bash is offered for what has been typed."""

    def complete(typed: str) -> list[str]:
        monkeypatch.setenv("_TMEATTN_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
        with pytest.raises(SystemExit) as left:
            run([])
        assert left.value.code == 0
        out, err = capsys.readouterr()
        assert err == ""
        return [line.partition(",")[2] for line in out.splitlines()]

    return complete


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("tmeattn ex", "explain"),
        ("tmeattn runs l", "list"),
        ("tmeattn train lstm-", "lstm-attn"),
        ("tmeattn train lstm --hidden-", "--hidden-size"),
        ("tmeattn train lstm --optimizer sg", "sgd"),
    ],
)
def test_completion(complete: Callable[[str], list[str]], typed: str, offered: str) -> None:
    assert offered in complete(typed)


@pytest.mark.parametrize("typed", ["explain x --run", "runs show", "runs compare", "resume", "train mean --from"])
def test_completion_offers_runs(trained: RunDirectory, complete: Callable[[str], list[str]], typed: str) -> None:
    trained.rename("mine")
    assert {trained.id, "mine", "latest", "best"} <= set(complete(f"tmeattn {typed} "))
    assert complete(f"tmeattn {typed} {trained.id[:3]}") == [trained.id]


def test_completion_offers_datasets(complete: Callable[[str], list[str]]) -> None:
    assert {"imdb-25k", "imdb"} <= set(complete("tmeattn data show imdb"))
    assert complete("tmeattn data fetch glove-3") == ["glove-300d"]


def test_completion_offers_targets(complete: Callable[[str], list[str]]) -> None:
    assert complete("tmeattn reproduce tab") == ["table1", "table2", "table3"]


@pytest.mark.parametrize("typed", ["tmeattn trian ", "tmeattn train nothing --", "tmeattn runs lst "])
def test_completion_of_nonsense_is_quiet(complete: Callable[[str], list[str]], typed: str) -> None:
    complete(typed)


def test_completion_leaves_out_a_model_that_is_broken(
    fresh_registry: Registry, complete: Callable[[str], list[str]]
) -> None:
    @hookimpl
    def tmeattn_models() -> list[ModelSpec]:
        return [ModelSpec("lstm-broken", "Broken", "no_such_module:Config", "no_such_module:build", "none")]

    plugin = types.SimpleNamespace(tmeattn_models=tmeattn_models)
    fresh_registry.register(Plugin("broken", "broken", "1.0", "broken"), plugin)
    offered = complete("tmeattn train lstm")
    assert {"lstm", "lstm-attn"} <= set(offered)
    assert "lstm-broken" not in offered


# Imports


WITHOUT_TORCH = {"torch", "torchtext", "polars", "textual"}


@pytest.mark.parametrize(
    ("unwanted", "commands"),
    [
        (
            HEAVY,
            ["--help", "--version", "runs --help", "explain --help", "data --help", "config --help", "predict --help"],
        ),
        ({*WITHOUT_TORCH, "requests", "pooch"}, ["data list"]),
        (
            WITHOUT_TORCH,
            ["runs list", "runs list --json", "models", "plugins list", "config get", "train lstm-attn --help"],
        ),
    ],
    ids=["help", "data", "lists"],
)
def test_imports(commands: list[str], unwanted: set[str], environment: dict[str, str]) -> None:
    """In one process, command after command: what one imports is still there after the next."""
    code = (
        "import json, sys\n"
        "from tmeattn.cli.main import run\n"
        f"for command in {commands!r}:\n"
        "    code = run(command.split())\n"
        "    sys.stdout.flush()\n"
        "    print('\\n' + json.dumps([command, code, sorted({name.partition('.')[0] for name in sys.modules})]))"
    )
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in result.stdout.splitlines() if re.match(r'\["[\w -]+", \d+, \[', line)]
    assert [command for command, *_ in found] == commands
    for command, status, modules in found:
        assert status == 0, command
        assert "click" in modules
        assert unwanted & set(modules) == set(), command


@pytest.mark.parametrize("command", [["models"], ["models", "--json"], ["--help"]], ids=" ".join)
def test_a_reader_that_has_left_is_no_error(command: list[str], environment: dict[str, str]) -> None:
    """As in `tmeattn models | head -1`."""
    arguments = [sys.executable, "-m", "tmeattn", *command]
    with subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_module_and_exit_code(environment: dict[str, str]) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "tmeattn", "--version"], env=environment, capture_output=True, text=True
    )
    assert (shown.returncode, shown.stderr) == (0, "")
    refused = subprocess.run(
        [sys.executable, "-m", "tmeattn", "explain", "x"], env=environment, capture_output=True, text=True
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("Error: There is no trained run yet.")
