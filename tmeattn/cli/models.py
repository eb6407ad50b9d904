"""`tmeattn models [NAME]`."""

from __future__ import annotations

import inspect
from typing import Any

import click

from tmeattn.cli.main import echo_json
from tmeattn.registry import registry
from tmeattn.specs import ModelSpec


@click.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def models(name: str | None, as_json: bool) -> None:
    """List the models; with NAME its formula, a picture, its options and its size."""
    if name is None:
        _list(as_json)
    else:
        _page(registry().get(ModelSpec, name), as_json)


def _list(as_json: bool) -> None:
    specs = registry().all(ModelSpec)
    if as_json:
        echo_json([_facts(spec) for spec in specs])
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    rows = [(spec.name, spec.attention, spec.summary) for spec in specs]
    stdout_console().print(table(["model", "attention", Column("what it is", wrap=True)], rows))


def _facts(spec: ModelSpec) -> dict[str, Any]:
    plugin = registry().plugin_of(spec)
    return {
        "name": spec.name,
        "summary": spec.summary,
        "attention": spec.attention,
        "reference": spec.reference,
        "plugin": plugin.distribution,
        "version": plugin.version,
    }


def _page(spec: ModelSpec, as_json: bool) -> None:
    from tmeattn.config import config_class, resolve_run
    from tmeattn.models.building import count_parameters

    config = config_class(spec)
    recipes = {recipe: resolve_run(spec.name, {"recipe": recipe}).flat() for recipe in ("modern", "report")}
    parameters = count_parameters(spec)
    if as_json:
        options = [
            {
                "name": field,
                "help": info.description,
                **{recipe: values[field] for recipe, values in recipes.items()},
            }
            for field, info in config.model_fields.items()
        ]
        document = {**_facts(spec), "description": inspect.getdoc(config), "parameters": parameters}
        echo_json({**document, "options": options, "recipes": recipes})
        return
    from rich.console import Group
    from rich.text import Text

    from tmeattn.render.console import safe, stdout_console
    from tmeattn.render.tables import Column, flag, shown, table

    own = [
        (
            flag(field),
            shown(recipes["modern"][field]),
            shown(recipes["report"][field]),
            info.description,
        )
        for field, info in config.model_fields.items()
    ]
    tuned = [
        (flag(key), shown(value), shown(recipes["report"][key]), "")
        for key, value in recipes["modern"].items()
        if key not in config.model_fields and value is not None and value != recipes["report"][key] and key != "recipe"
    ]
    numeric = [Column("modern", numeric=True), Column("report", numeric=True)]
    console = stdout_console()
    console.print(Text(spec.name, style="bold"))
    for text, preformatted in blocks(inspect.getdoc(config) or spec.summary, console.width):
        console.print(Text(safe(text)), soft_wrap=preformatted)
    console.print(
        Group(
            Text(f"\n{_size(parameters)}"),
            Text(safe(f"Source: {spec.reference}.") if spec.reference else "", style="dim"),
            Text(),
            table(["model option", *numeric, Column("meaning", wrap=True)], own),
            Text(),
            table(["recipes differ in", *numeric], [row[:3] for row in tuned]),
        )
    )


def _size(parameters: int | None) -> str:
    from tmeattn.render.tables import count

    if parameters is None:
        return "How many parameters it has depends on the texts that it is prepared for."
    return f"{count(parameters)} parameters beside the word vectors (width 50, 2 classes)."


def blocks(docstring: str, width: int) -> list[tuple[str, bool]]:
    """A docstring's paragraphs with an empty line between two, and whether each is to be printed as it stands.

    The lines of a paragraph are joined, to be wrapped anew. Indented ones (formulas, pictures) keep their lines; where
    one would not fit `width`, all of them lose as much of their common indent as it takes.
    """
    paragraphs = [(text, any(line.startswith(" ") for line in text.splitlines())) for text in docstring.split("\n\n")]
    lines = [line for text, kept in paragraphs if kept for line in text.splitlines()]
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    cut = max(0, min(indent, max(map(len, lines), default=0) - width))
    shown = [
        ("\n".join(line[cut:] for line in text.splitlines()) if kept else " ".join(text.splitlines()), kept)
        for text, kept in paragraphs
    ]
    return [part for one in shown for part in (("", False), one)][1:]
