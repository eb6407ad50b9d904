"""Options made from configuration fields, so that the command line, config files and Python accept the same values.

An option passes its text unchanged to `run_config.resolve_run`, which converts and validates it.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tmeattn.cli.support.completion import runs as complete_runs
from tmeattn.config import takes_several_texts
from tmeattn.render.numbers import flag, option_value
from tmeattn.run_config import choices_of

METAVARS = {int: "INTEGER", float: "NUMBER", str: "TEXT", tuple: "INTEGERS"}


def options_of(config: type[BaseModel], defaults: Mapping[str, Any], report: Mapping[str, Any]) -> list[click.Option]:
    """One option for each field. The help shows the values of the recipes: `defaults` (modern) and `report`."""
    return [
        _option(name, info, _default_text(name, info, defaults, report)) for name, info in config.model_fields.items()
    ]


def _option(name: str, info: FieldInfo, default: str) -> click.Option:
    text = f"{info.description or ''}{default}"
    if info.annotation is bool:
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        verb = str(extra.get("off", "no"))
        off = flag(name.replace("tune_", f"{verb}_") if verb != "no" else f"no_{name}")
        return click.Option([f"{flag(name)}/{off}", name], default=None, help=text)
    if choices := choices_of(info):
        return click.Option([flag(name), name], type=click.Choice(choices), help=text)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    if takes_several_texts(info.annotation):
        metavar = str(extra.get("metavar", "TEXT"))
        return click.Option([flag(name), name], multiple=True, metavar=metavar, callback=_several, help=text)
    metavar = str(extra.get("metavar") or _metavar(info.annotation))
    complete = complete_runs if metavar == "RUN" else None
    return click.Option([flag(name), name], type=str, metavar=metavar, shell_complete=complete, help=text)


def _several(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """None where the option is not given; nothing for "", which takes back what --from or --config gives."""
    return tuple(filter(str.strip, values)) if values else None


def _metavar(annotation: Any) -> str:
    """INTEGER, NUMBER ...; for a union, those of its members."""
    if get_origin(annotation) is Literal:
        return "|".join(map(str, get_args(annotation)))
    if get_origin(annotation) is types.UnionType or str(get_origin(annotation)) == "typing.Union":
        return "|".join(_metavar(part) for part in get_args(annotation) if part is not type(None))
    if hasattr(annotation, "__metadata__"):
        return _metavar(get_args(annotation)[0])
    return METAVARS.get(get_origin(annotation) or annotation, "TEXT")


def _default_text(name: str, info: FieldInfo, defaults: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    modern = defaults.get(name)
    parts = [] if modern is None else [option_value(modern)]
    if name != "recipe" and report.get(name) != modern:
        parts.append(f"report: {'none' if report.get(name) is None else option_value(report[name])}")
    return f"  [default: {'; '.join(parts)}]" if parts else ""
