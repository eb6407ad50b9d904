"""`tmeattn plugins list|doctor|check|new`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.options import json_option
from tmeattn.errors import BadInput, UnknownName
from tmeattn.plugin import Plugin
from tmeattn.plurals import counted, plural
from tmeattn.registry import registry

if TYPE_CHECKING:
    from rich.text import Text

    from tmeattn.specs import Spec
    from tmeattn.testing import Check

KINDS = ("model", "dataset", "explainer", "tracker", "tokenizer")
"""The kinds of packages that `plugins new` creates."""


class PluginDocument(TypedDict):
    """A plugin in `plugins list --json`: see `tmeattn.plugin.Plugin`."""

    name: str
    distribution: str
    version: str
    provides: list[str]
    problems: list[str]
    warnings: list[str]


class DiagnosisDocument(PluginDocument):
    """A plugin in `plugins doctor --json`; `seconds` is its load time."""

    target: str
    seconds: float
    imports: list[str]
    tracebacks: list[str]
    advice: str | None


class CheckDocument(TypedDict):
    """A check in `plugins check --json`: see `tmeattn.testing.Check`. `of` is the checked spec or distribution."""

    name: str
    of: str
    problem: str | None
    advice: str | None
    skipped: str | None


@click.group(cls=Group)
def plugins() -> None:
    """List, diagnose and check the installed plugins, or create a new plugin.

    TMEATTN_PLUGINS=off disables every plugin except tmeattn's own.
    """


@plugins.command("list")
@json_option("an array of plugins")
def list_plugins(as_json: bool) -> None:
    """List the installed plugins, what each provides, and its problems."""
    found = registry().plugins
    if as_json:
        echo_json([_document(plugin) for plugin in found])
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    rows = [(f"{plugin.distribution} {plugin.version}", ", ".join(plugin.provides), _state(plugin)) for plugin in found]
    stdout_console().print(table(["plugin", Column("provides", wrap=True), Column("state", wrap=True)], rows))
    _print_if_off()


def _document(plugin: Plugin) -> PluginDocument:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "provides": plugin.provides,
        "problems": plugin.problems,
        "warnings": plugin.warnings,
    }


def _state(plugin: Plugin) -> Text:
    """The problems of a plugin in red, else its warnings in yellow, else `loaded`."""
    from rich.text import Text

    from tmeattn.render.console import safe

    if plugin.problems:
        return Text(safe("; ".join(plugin.problems)), style="bold red")
    return Text(safe("; ".join(plugin.warnings)), style="yellow") if plugin.warnings else Text("loaded")


def _print_if_off() -> None:
    from tmeattn.render.console import stderr_console

    if os.environ.get("TMEATTN_PLUGINS", "").lower() == "off":
        stderr_console().print("TMEATTN_PLUGINS=off: only tmeattn's own plugin is loaded.")


@plugins.command()
@json_option("versions, plugins and remedies")
def doctor(as_json: bool) -> None:
    """Show versions, load times, imported packages, tracebacks and remedies.

    This also imports the code that the specs of the plugins refer to, which can take some seconds.

    If a plugin crashes the program, disable all plugins: TMEATTN_PLUGINS=off tmeattn plugins doctor
    """
    import platform
    from importlib.metadata import version

    from tmeattn.specs import API_VERSION
    from tmeattn.testing.diagnosis import diagnosed

    found = [diagnosed(plugin) for plugin in registry().plugins]
    versions = {
        "tmeattn": version("tmeattn"),
        "api": API_VERSION,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "pluggy", "pydantic")},
    }
    if as_json:
        echo_json({"versions": versions, "plugins": [_diagnosis_document(plugin) for plugin in found]})
        return
    from tmeattn.render.console import stdout_console

    stdout_console().print(" · ".join(f"{name} {number}" for name, number in versions.items()) + "\n")
    _print_diagnosis(found)
    _print_if_off()


def _diagnosis_document(plugin: Plugin) -> DiagnosisDocument:
    from tmeattn.testing.diagnosis import advice

    return {
        **_document(plugin),
        "target": plugin.target,
        "seconds": plugin.seconds,
        "imports": plugin.imports,
        "tracebacks": plugin.tracebacks,
        "advice": advice(plugin),
    }


def _print_diagnosis(found: list[Plugin]) -> None:
    """A table of the plugins, then the tracebacks and the remedy of each."""
    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.tables import Column, table
    from tmeattn.testing.diagnosis import advice

    console = stdout_console()
    rows = [
        (
            f"{plugin.distribution} {plugin.version}",
            plugin.target,
            f"{plugin.seconds * 1000:.0f}",
            ", ".join(plugin.imports),
            _state(plugin),
        )
        for plugin in found
    ]
    columns: list[str | Column] = [
        "plugin",
        Column("module", drop=2),
        Column("load time (ms)", numeric=True),
        Column("imports", wrap=True, drop=1),
        Column("state", wrap=True),
    ]
    console.print(table(columns, rows))
    for plugin in found:
        for traceback in plugin.tracebacks:
            console.print(safe(f"\n{plugin.distribution} ({plugin.target}):"))
            for line in traceback.rstrip().splitlines():
                console.print(safe(f"  {line}"), soft_wrap=True)
        if (remedy := advice(plugin)) is not None:
            console.print(safe(f"\n{plugin.distribution}: {remedy}"), soft_wrap=True)


@plugins.command()
@click.argument("plugin")
@json_option("an array of checks")
def check(plugin: str, as_json: bool) -> None:
    """Check everything that an installed plugin provides against the plugin contract.

    PLUGIN is a distribution, such as tmeattn-entmax, the name of its entry point, or a name that it provides, such as
    that of its model, which alone is checked then. Models are built, trained on toy
    texts, stopped, resumed and explained, which takes some seconds each. A failed check names the remedy. Checks that
    need something this machine lacks, such as data that were not downloaded, are skipped.
    """
    found = _find(plugin)
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.testing.spec_checks import checks_of

    results: list[tuple[str, Check]] = []
    for entry in found:
        results += [(entry.distribution, result) for result in _loading_checks(entry)]
        for spec in _chosen(registry().specs_of(entry), plugin):
            stderr_console().print(safe(f"Checking {spec.name} ..."))
            results += [(spec.name, result) for result in checks_of(spec)]
    if as_json:
        echo_json([_check_document(of, result) for of, result in results])
    else:
        _print_checks(results)
    if skipped := sum(result.skipped is not None for _, result in results):
        checks, were = counted(len(results), "check"), plural(skipped, "was", "were")
        needed = plural(skipped, "it needs", "they need")
        stderr_console().print(f"{skipped} of {checks} {were} skipped: this machine lacks what {needed}.")
    failed = sum(result.problem is not None for _, result in results)
    if failed:
        raise BadInput(
            f"{failed} of {counted(len(results), 'check')} of {plugin} failed.",
            hint=f"{plural(failed, 'It names', 'Each names')} the remedy.",
        )


def _find(name: str) -> list[Plugin]:
    """The entry points of a distribution, or the entry point of that name, or the plugins that provide that name.

    Raises:
        UnknownName: no plugin has this name.
    """
    known = registry().plugins
    found = [plugin for plugin in known if name in (plugin.distribution, plugin.distribution.replace("-", "_"))]
    found = found or [plugin for plugin in known if plugin.name == name]
    found = found or [plugin for plugin in known if name in plugin.provides]
    if not found:
        names = [plugin.distribution for plugin in known]
        raise UnknownName("plugin", name, names, list_command="tmeattn plugins list")
    return found


def _chosen(specs: Sequence[Spec], name: str) -> list[Spec]:
    """The specs of that name; all of them where the name is that of their plugin."""
    return [spec for spec in specs if spec.name == name] or list(specs)


def _loading_checks(plugin: Plugin) -> list[Check]:
    """The problems and warnings of loading a plugin as checks."""
    from tmeattn.testing import Check

    problems = [*plugin.problems, *plugin.warnings]
    advice = "To see its traceback, run: tmeattn plugins doctor" if plugin.tracebacks else ""
    return [Check("loading", problem + ".", advice) for problem in problems] or [Check("loading")]


def _check_document(of: str, result: Check) -> CheckDocument:
    return {
        "name": result.name,
        "of": of,
        "problem": result.problem,
        "advice": result.advice or None,
        "skipped": result.skipped,
    }


def _print_checks(results: list[tuple[str, Check]]) -> None:
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    rows = [(of, result.name, _result(result)) for of, result in results]
    stdout_console().print(table(["of", "check", Column("result", wrap=True)], rows))


def _result(check: Check) -> Text:
    from rich.text import Text

    from tmeattn.render.console import safe

    if check.skipped:
        return Text(safe(f"skipped: {check.skipped}"), style="yellow")
    if check.problem:
        return Text(safe(f"{check.problem} {check.advice}".rstrip()), style="bold red")
    return Text("passed")


@plugins.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="model", show_default=True, help="What the plugin provides.")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder that will contain the package's folder.  [default: the current folder]",
)
@json_option("the paths of the new files")
def new(name: str, kind: str, into: Path, as_json: bool) -> None:
    """Create a plugin: a package that can be installed, works, and has tests.

    NAME is the name of the distribution, such as my-attention, and of the model:

    \b
    tmeattn plugins new my-attention
    pip install -e my-attention
    tmeattn train my-attention
    """
    from tmeattn.scaffold import create

    package = create(name, kind, into)
    if as_json:
        folder, next_commands = str(package.folder), package.next_commands
        echo_json({"name": name, "kind": kind, "folder": folder, "files": package.files, "next": next_commands})
        return
    from tmeattn.render.console import safe, stderr_console, stdout_console

    console = stdout_console()
    for file in package.files:
        console.print(safe(str(package.folder / file)), soft_wrap=True)
    lines = [f"  {command}" for command in package.next_commands]
    stderr_console().print(safe("\n".join(["\nNext commands:", *lines])), soft_wrap=True)
