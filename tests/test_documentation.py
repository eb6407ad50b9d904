"""A command, an option, a hook, a variable, an event or a name that is not documented fails here.

The JSON documents are compared with the manual in docs/test_json_fields.py, the command blocks are run in
docs/test_command_blocks.py.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tmeattn.cli.main import COMMANDS, cli
from tmeattn.docs import ORDER, topics
from tmeattn.registry import KINDS, discover
from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, VectorsSpec

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "tmeattn/README.md").read_text(encoding="utf-8")
PAGES = {topic.name: topic.text for topic in topics()}
MANUAL = "\n".join(PAGES.values())
SECTIONS = dict(re.findall(r"^## (tmeattn \S+)\n(.*?)(?=^## |\Z)", PAGES["commands"], re.MULTILINE | re.DOTALL))


def flags(text: str) -> set[str]:
    """The long options that a text names."""
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def below(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, each with its path."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from below(found, f"{path} {name}")


EVERYTHING = dict(below(cli, "tmeattn"))


def options(command: click.Command) -> set[str]:
    """The long options of a command, without `--help`."""
    given = {
        flag
        for parameter in command.params
        if not getattr(parameter, "hidden", False)
        for flag in (*parameter.opts, *parameter.secondary_opts)
    }
    return {flag for flag in given if flag.startswith("--")} - {"--help"}


# The README


def test_the_readme_is_short() -> None:
    assert len(README.split()) <= 1500


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"| `tmeattn {command}" in README


@pytest.mark.parametrize("name", ["runs", "plugins", "data", "config"])
def test_every_subcommand_is_in_the_readme(name: str) -> None:
    (row,) = re.findall(rf"^\| `tmeattn {name}` \| (.*) \|$", README, re.MULTILINE)
    group = EVERYTHING[f"tmeattn {name}"]
    assert isinstance(group, click.Group)
    assert [command for command in group.commands if f"`{command}`" not in row] == []


def test_every_page_of_the_manual_is_linked_from_the_readme() -> None:
    assert re.findall(r"^- \[.*?\]\(tmeattn/docs/([a-z-]+)\.md\)", README, re.MULTILINE) == list(ORDER)


def test_what_uv_installs_is_this_project_with_an_extra_of_it() -> None:
    (extras,) = re.findall(r'`uv tool install "\.\[([a-z,]+)\]"` in the clone', README)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(extras.split(",")) <= project["optional-dependencies"].keys()
    assert list(project["scripts"]) == ["tmeattn"]


def test_the_first_two_blocks_of_the_readme_are_what_ci_runs() -> None:
    first, second, *_ = re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert first.startswith("python3 -m venv .venv")
    assert first.count("\n") == 1, "CI appends options to the training, so it must be the end of one line"
    assert "tmeattn train" in first
    assert second.endswith("pytest\n")


# The manual


@pytest.mark.parametrize("kind", [ModelSpec, DatasetSpec, VectorsSpec, ExplainerSpec])
def test_every_built_in_name_is_in_the_manual(kind: type) -> None:
    registry = discover()
    names = [spec.name for spec in registry.all(kind) if registry.plugin_of(spec).distribution == "tmeattn"]
    assert names
    assert [name for name in names if f"`{name}`" not in MANUAL] == []


def test_every_explainer_is_in_the_help() -> None:
    text = cli.get_command(None, "explain").get_help(cli.make_context("tmeattn", ["explain", "x"]))
    text = "".join(text.split())  # a name may be wrapped at its hyphen
    assert [spec.name for spec in discover().all(ExplainerSpec) if spec.name not in text] == []


def test_every_command_has_a_section_and_every_section_a_command() -> None:
    assert set(SECTIONS) == {f"tmeattn {command}" for command in COMMANDS}


MODEL_COMMANDS = {f"tmeattn {group} {spec.name}" for group in ("train", "sweep") for spec in discover().all(ModelSpec)}


@pytest.mark.parametrize("path", [path for path in EVERYTHING if path.count(" ") > 0 and path not in MODEL_COMMANDS])
def test_every_subcommand_and_option_is_in_its_commands_section(path: str) -> None:
    section = SECTIONS[" ".join(path.split()[:2])]
    lines = [line for line in section.splitlines() if re.search(rf"`{path}(?= |`)", line)]
    assert lines, f"{path} is not on the page commands"
    text = " ".join(lines) if path.count(" ") > 1 else section
    assert options(EVERYTHING[path]) - flags(text) == set()


def test_every_global_option_is_in_the_manual() -> None:
    assert options(cli) - flags(PAGES["commands"].partition("## tmeattn")[0]) == set()


def test_every_option_of_training_is_in_the_manual() -> None:
    from tmeattn.config import TrainOptions
    from tmeattn.run_config import config_class

    train = {flag for name in TrainOptions.model_fields for flag in [f"--{name.replace('_', '-')}"]}
    common = options(EVERYTHING["tmeattn train mean"]) - {"--dropout", "--input-dropout"}
    assert train <= common
    assert common - flags(SECTIONS["tmeattn train"]) == set()
    sweep = options(EVERYTHING["tmeattn sweep mean"]) - options(EVERYTHING["tmeattn train mean"])
    assert {"--space", "--pruner"} <= sweep
    assert sweep - flags(SECTIONS["tmeattn sweep"]) == set()
    registry = discover()
    for spec in registry.all(ModelSpec):
        if registry.plugin_of(spec).distribution == "tmeattn":
            assert config_class(spec).model_fields
            own = options(EVERYTHING[f"tmeattn train {spec.name}"]) - common
            assert own - flags(PAGES["models"]) <= {flag for flag in own if flag.startswith("--no-")}, spec.name


def test_every_option_in_the_readme_and_the_manual_exists() -> None:
    known = {flag for command in EVERYTHING.values() for flag in options(command)} | {"--help", "--no-deps"}
    # The model encoder is a plugin of this repository, with a page of its own.
    source = (ROOT / "plugins" / "tmeattn-transformers" / "tmeattn_transformers" / "__init__.py").read_text("utf-8")
    fields = re.findall(r"^    (\w+): .*= Field\(", source, re.MULTILINE)
    assert "freeze_encoder" in fields
    known |= {f"--{no}{field.replace('_', '-')}" for field in fields for no in ("", "no-")}
    scripts = r"^```(?:text|dockerfile)\n[^`]*?(?:torchrun|#SBATCH|FROM ).*?^```$"  # options of torchrun, srun, pip ...
    shown = flags(re.sub(scripts, "", README + MANUAL, flags=re.MULTILINE | re.DOTALL))
    assert {"--alpha", "--kind", "--track"} <= shown
    assert sorted(shown - known) == []


def test_every_environment_variable_is_in_the_manual() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tmeattn").rglob("*.py"))
    names = set(re.findall(r"\b_?TMEATTN_[A-Z_]+\b", sources)) | set(re.findall(r'environ[^"\n]*"([A-Z_]+)"', sources))
    assert {"TMEATTN_HOME", "TMEATTN_PLUGINS", "TMEATTN_RUN_ID", "OMP_NUM_THREADS", "LESS"} <= names
    inside = {"COLUMNS", "PYTHONPATH", "LC_ALL", "TZ"}  # set for tmeattn's own child processes
    assert [name for name in sorted(names - inside) if f"`{name}" not in PAGES["troubleshooting"]] == []


def test_every_exit_code_is_in_the_manual() -> None:
    from tmeattn import errors

    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}
    assert codes >= {1, 2, 3, 130}
    assert [code for code in codes if f"| {code} |" not in PAGES["troubleshooting"]] == []


def test_every_hook_is_in_the_manual() -> None:
    hooks = re.findall(r"^def (tmeattn_\w+)", (ROOT / "tmeattn/hookspecs.py").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(hooks) == set(KINDS)
    for hook, kind in KINDS.items():
        assert f"| `{hook}` | `{kind.__name__}` |" in PAGES["plugins"]


def test_every_target_of_the_report_is_in_the_manual() -> None:
    from tmeattn.reproduce.targets import all_targets

    assert [name for name in all_targets() if f"`{name}`" not in PAGES["reproduce"]] == []


def test_every_file_of_a_run_is_in_the_manual() -> None:
    run = ROOT / "tests/earlier_versions/v0_1/finished"
    files = [path.name + "/" * path.is_dir() for path in run.iterdir()]
    assert "events.jsonl" in files
    assert [name for name in files if f"`{name}`" not in PAGES["runs"]] == []


# The architecture


def test_every_path_in_the_architecture_exists() -> None:
    named = re.findall(r"`([\w/.]+(?:/|\.py|\.toml|\.tcss|\.md))`", ARCHITECTURE)
    assert {"tui/keys.py", "data/readers/", "reproduce/part1.toml"} <= set(named)
    roots = (ROOT / "tmeattn", ROOT)
    outside = {"tmeattn/", "run.json", "events.jsonl"}
    assert [name for name in named if name not in outside and not any((root / name).exists() for root in roots)] == []


def test_every_folder_and_module_is_in_the_architecture() -> None:
    package = ROOT / "tmeattn"
    folders = [path.parent.relative_to(package) for path in package.rglob("__init__.py") if path.parent != package]
    rows = [f"{folder.as_posix()}/" for folder in folders if "templates" not in folder.parts]
    rows += [path.name for path in package.glob("*.py")]
    assert len(rows) > 30
    assert [name for name in rows if f"\n| `{name}` | " not in ARCHITECTURE] == []


def test_the_layers_of_the_architecture_are_those_of_import_linter() -> None:
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if "tmeattn.cli" in contract.get("layers", [])]
    checked = [name for layer in layers for name in layer.replace("tmeattn.", "").split(" | ")]
    (block,) = re.findall(r"^```text\n(cli\n.*?)^```", ARCHITECTURE, re.MULTILINE | re.DOTALL)
    assert block.replace(",", "").split() == checked


# What contributors use


def test_ci_runs_on_every_version_of_python_that_is_supported() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    (matrix,) = re.findall(r"python-version: \[(.*)\]", workflow)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert re.findall(r"[\d.]+", matrix) == re.findall(r"Python :: (3\.\d+)", project)
    assert "run: .ci/run" in workflow


def test_pre_commit_has_the_tested_version_of_ruff() -> None:
    (version,) = re.findall(r"rev: v(\S+)", (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert f"\nruff=={version}\n" in (ROOT / "constraints.txt").read_text(encoding="utf-8")


# The screens


def test_every_key_is_in_the_section_of_its_screen() -> None:
    from tmeattn.tui.key_table import KEYS
    from tmeattn.tui.keys import display

    sections = re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGES["tui"], re.MULTILINE | re.DOTALL)
    texts = {title.partition(" (")[0].lower(): text for title, text in sections}
    names = {"app": "on every screen", "new": "new run", "map": "attention map"}
    for key in KEYS:
        text = texts[names.get(key.place, key.place)]
        assert [name for name in display(key.keys).split() if f"`{name}`" not in text] == [], key.id


# Python


def test_every_method_of_a_model_is_in_the_manual() -> None:
    from tmeattn.api import Model

    methods = [name for name, value in vars(Model).items() if callable(value) and not name.startswith("_")]
    assert {"predict", "explain", "evaluate"} <= set(methods)
    assert [name for name in methods if f"`{name}(" not in PAGES["python"]] == []
