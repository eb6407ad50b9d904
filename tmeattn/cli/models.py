"""`tmeattn models [NAME]`."""

from __future__ import annotations

import inspect
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import export_option, json_option
from tmeattn.registry import registry
from tmeattn.specs import ModelSpec


class ModelDocument(TypedDict):
    """A model in `tmeattn models --json`."""

    name: str
    summary: str
    attention: str
    reference: str
    plugin: str
    version: str


@click.command()
@click.argument("name", required=False)
@export_option("the models, or the options of NAME,", ".md, .tex or .csv")
@json_option("the model, or an array of models,")
def models(name: str | None, export: tuple[Path, ...], as_json: bool) -> None:
    """List the models, or show the formula, a diagram, the options and the size of the model NAME."""
    if export:
        from tmeattn.render.export.files import check_endings
        from tmeattn.render.export.listings import FORMATS

        check_endings(export, FORMATS)
    if name is None:
        _list(as_json)
    else:
        _page(registry().get(ModelSpec, name), as_json)
    if export:
        _export(name, export)


def _export(name: str | None, paths: tuple[Path, ...]) -> None:
    from tmeattn.render.export.files import write_each
    from tmeattn.render.export.listings import model_table, models_table, write
    from tmeattn.run_config import config_class

    if name is None:
        table = models_table(registry().all(ModelSpec))
    else:
        spec = registry().get(ModelSpec, name)
        table = model_table(spec, _recipes(spec), list(config_class(spec).model_fields))
    write_each(paths, lambda path: write([table], path))


def _recipes(spec: ModelSpec) -> dict[str, dict[str, object]]:
    """The values of all options in each recipe."""
    from tmeattn.run_config import resolve_run

    return {recipe: resolve_run(spec.name, {"recipe": recipe}).flat() for recipe in ("modern", "report")}


def _list(as_json: bool) -> None:
    specs = registry().all(ModelSpec)
    if as_json:
        echo_json([_document(spec) for spec in specs])
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.tables import Column, table

    rows = [(spec.name, spec.attention, spec.summary) for spec in specs]
    stdout_console().print(table(["model", "attention", Column("summary", wrap=True)], rows))


def _document(spec: ModelSpec) -> ModelDocument:
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
    from tmeattn.models.building import count_parameters
    from tmeattn.models.tracing import default_diagrams
    from tmeattn.run_config import config_class

    config = config_class(spec)
    recipes = _recipes(spec)
    parameters, diagrams = count_parameters(spec), default_diagrams(spec)
    if as_json:
        options = [
            {
                "name": field,
                "help": info.description,
                **{recipe: values[field] for recipe, values in recipes.items()},
            }
            for field, info in config.model_fields.items()
        ]
        echo_json(
            {
                **_document(spec),
                "description": inspect.getdoc(config),
                "parameters": parameters,
                "diagrams": [asdict(diagram) for diagram in diagrams],
                "options": options,
                "recipes": recipes,
            }
        )
        return
    from tmeattn.render.console import stdout_console
    from tmeattn.render.plugin_pages import ModelPage

    stdout_console().print(ModelPage(spec, parameters, diagrams=diagrams))
