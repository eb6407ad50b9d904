"""`tmeattn models [NAME]`."""

from __future__ import annotations

import inspect
from typing import Any

import click

from tmeattn.cli.support.command import echo_json
from tmeattn.cli.support.options import json_option
from tmeattn.registry import registry
from tmeattn.specs import ModelSpec


@click.command()
@click.argument("name", required=False)
@json_option("the model, or an array of models,")
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
    from tmeattn.render.console import stdout_console
    from tmeattn.render.plugin_pages import ModelPage

    stdout_console().print(ModelPage(spec, parameters))
