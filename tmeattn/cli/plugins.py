"""`tmeattn plugins list|doctor|check|new`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tmeattn.cli.support.command import Group, echo_json
from tmeattn.cli.support.options import json_option
from tmeattn.errors import BadInput, UnknownName
from tmeattn.plugin import Plugin
from tmeattn.registry import registry

if TYPE_CHECKING:
    from tmeattn.testing import Check

KINDS = ("model", "dataset", "explainer", "tracker")


@click.group(cls=Group)
def plugins() -> None:
    """What is installed, from whom, and what is broken; check a plugin, or start one of your own.

    TMEATTN_PLUGINS=off leaves out every plugin but tmeattn's own.
    """


@plugins.command("list")
@json_option("an array of plugins")
def list_plugins(as_json: bool) -> None:
    """Installed plugins, what each provides, and what is wrong with it."""
    found = registry().plugins
    if as_json:
        echo_json([_facts(plugin) for plugin in found])
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    rows = [(f"{plugin.distribution} {plugin.version}", ", ".join(plugin.provides), _state(plugin)) for plugin in found]
    stdout_console().print(table(["plugin", Column("provides", wrap=True), Column("state", wrap=True)], rows))
    _say_if_off()


def _facts(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "provides": plugin.provides,
        "problems": plugin.problems,
        "warnings": plugin.warnings,
    }


def _state(plugin: Plugin) -> Any:
    from rich.text import Text

    from tmeattn.render.console import safe

    if plugin.problems:
        return Text(safe("; ".join(plugin.problems)), style="bold red")
    return Text(safe("; ".join(plugin.warnings)), style="yellow") if plugin.warnings else "loaded"


def _say_if_off() -> None:
    from tmeattn.render.console import stderr_console

    if os.environ.get("TMEATTN_PLUGINS", "").lower() == "off":
        stderr_console().print("TMEATTN_PLUGINS=off: other plugins are left out.")


@plugins.command()
@json_option("versions, plugins and remedies")
def doctor(as_json: bool) -> None:
    """Versions, load times, what each plugin imports, and the tracebacks of those that fail.

    All code that plugins point at is imported too, which may take some seconds.

    A plugin that takes the whole program down can be left out: TMEATTN_PLUGINS=off tmeattn plugins doctor
    """
    import platform
    from importlib.metadata import version

    from tmeattn.specs import API_VERSION
    from tmeattn.testing.diagnosis import advice, diagnosed

    found = [diagnosed(plugin) for plugin in registry().plugins]
    versions = {
        "tmeattn": version("tmeattn"),
        "api": API_VERSION,
        "python": platform.python_version(),
        **{name: version(name) for name in ("torch", "pluggy", "pydantic")},
    }
    if as_json:
        details = [
            {
                **_facts(plugin),
                "target": plugin.target,
                "seconds": plugin.seconds,
                "imports": plugin.imports,
                "tracebacks": plugin.tracebacks,
                "advice": advice(plugin),
            }
            for plugin in found
        ]
        echo_json({"versions": versions, "plugins": details})
        return
    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.tables import Column, table

    console = stdout_console()
    console.print(" · ".join(f"{name} {number}" for name, number in versions.items()) + "\n")
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
        Column("ms to load", numeric=True),
        Column("imports", wrap=True, drop=1),
        Column("state", wrap=True),
    ]
    console.print(table(columns, rows))
    for plugin in found:
        for traceback in plugin.tracebacks:
            console.print(safe(f"\n{plugin.distribution} ({plugin.target}):"))
            for line in traceback.rstrip().splitlines():
                console.print(safe(f"  {line}"), soft_wrap=True)
        if (told := advice(plugin)) is not None:
            console.print(safe(f"\n{plugin.distribution}: {told}"), soft_wrap=True)
    _say_if_off()


@plugins.command()
@click.argument("plugin")
@json_option("an array of checks")
def check(plugin: str, as_json: bool) -> None:
    """Hold everything that an installed plugin provides to the contract; failures say what to change.

    PLUGIN is a distribution, such as tmeattn-entmax, or an entry of it. Models are built, trained on made-up texts,
    stopped, resumed and explained, which takes some seconds each. What this machine lacks, such as data that were not
    fetched, is skipped.
    """
    found = _find(plugin)
    from tmeattn.render.console import safe, stderr_console
    from tmeattn.testing.spec_checks import checks_of

    results: list[tuple[str, Check]] = []
    for one in found:
        results += [(one.distribution, result) for result in _loading(one)]
        for spec in registry().specs_of(one):
            stderr_console().print(safe(f"Checking {spec.name} ..."))
            results += [(spec.name, result) for result in checks_of(spec)]
    if as_json:
        echo_json(
            [
                {
                    "name": result.name,
                    "of": of,
                    "problem": result.problem,
                    "advice": result.advice or None,
                    "skipped": result.skipped,
                }
                for of, result in results
            ]
        )
    else:
        _show(results)
    if skipped := sum(result.skipped is not None for _, result in results):
        stderr_console().print(f"{skipped} of {len(results)} checks were skipped: this machine lacks what they need.")
    failed = sum(result.problem is not None for _, result in results)
    if failed:
        raise BadInput(f"{failed} of {len(results)} checks of {plugin} failed.", hint="Each says what to change.")


def _find(name: str) -> list[Plugin]:
    """The entry points of a distribution, or the one of that name.

    Raises:
        UnknownName: there is none.
    """
    known = registry().plugins
    found = [plugin for plugin in known if name in (plugin.distribution, plugin.distribution.replace("-", "_"))]
    found = found or [plugin for plugin in known if plugin.name == name]
    if not found:
        names = [plugin.distribution for plugin in known]
        raise UnknownName("plugin", name, names, list_command="tmeattn plugins list")
    return found


def _loading(plugin: Plugin) -> list[Check]:
    """What went wrong, or should be different, when it was loaded."""
    from tmeattn.testing import Check

    wrong = [*plugin.problems, *plugin.warnings]
    advice = "Its traceback: tmeattn plugins doctor" if plugin.tracebacks else ""
    return [Check("loading", problem + ".", advice) for problem in wrong] or [Check("loading")]


def _show(results: list[tuple[str, Check]]) -> None:
    from rich.text import Text

    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.tables import Column, table

    def finding(result: Check) -> Text:
        if result.skipped:
            return Text(safe(f"skipped: {result.skipped}"), style="yellow")
        return (
            Text(safe(f"{result.problem} {result.advice}".rstrip()), style="bold red")
            if result.problem
            else Text("holds")
        )

    rows = [(of, result.name, finding(result)) for of, result in results]
    stdout_console().print(table(["of", "check", Column("finding", wrap=True)], rows))


@plugins.command()
@click.argument("name")
@click.option("--kind", type=click.Choice(KINDS), default="model", help="What it brings.  [default: model]")
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder in which the package's own folder is made.  [default: the current one]",
)
@json_option("the names of the new files")
def new(name: str, kind: str, into: Path, as_json: bool) -> None:
    """Start a plugin: a package that can be installed, works, and is tested.

    NAME is the distribution's, such as my-attention. A model of that name can then be trained at once:

    \b
    tmeattn plugins new my-attention
    pip install -e my-attention
    tmeattn train my-attention
    """
    from tmeattn.scaffold import create

    made = create(name, kind, into)
    if as_json:
        echo_json({"name": name, "kind": kind, "folder": str(made.folder), "files": made.files, "next": made.next})
        return
    from tmeattn.render.console import safe, stderr_console, stdout_console

    console = stdout_console()
    for file in made.files:
        console.print(safe(str(made.folder / file)), soft_wrap=True)
    stderr_console().print(safe("\nNext:\n" + "\n".join(f"  {line}" for line in made.next)), soft_wrap=True)
