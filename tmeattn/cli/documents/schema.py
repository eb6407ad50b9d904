"""JSON Schema (draft 2020-12) of the types that describe JSON documents.

A type is a TypedDict whose fields are `Annotated` with a description, as in `runs.event_types`, or what such fields
have: str, int, float, bool, None, Any, Literal, lists, dicts and unions.
"""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from tmeattn.runs import event_types

PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(*kinds: Any, closed: bool = False) -> dict[str, Any]:
    """The schema of a document that is of one of these types.

    closed: objects have no fields but those described. Otherwise they may, because later versions may add fields.
    """
    found: dict[str, Any] = {}
    schemas = [_schema(kind, found, closed) for kind in kinds]
    whole = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"$schema": DRAFT, **whole, **({"$defs": found} if found else {})}


def _schema(kind: Any, found: dict[str, Any], closed: bool) -> dict[str, Any]:
    origin, parts = get_origin(kind), get_args(kind)
    if kind is Any:
        return {}
    if is_typeddict(kind):
        if kind.__name__ not in found:
            found[kind.__name__] = {}  # for a type that contains itself
            found[kind.__name__] = _object(kind, found, closed)
        return {"$ref": f"#/$defs/{kind.__name__}"}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin in (Union, types.UnionType):
        return _one_of([_schema(part, found, closed) for part in parts])
    if origin is list:
        return {"type": "array", "items": _schema(parts[0], found, closed)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(parts[1], found, closed)}
    return {"type": PLAIN[kind]}


def _object(kind: Any, found: dict[str, Any], closed: bool) -> dict[str, Any]:
    fields = {}
    for name, annotated in get_type_hints(kind, include_extras=True).items():
        plain = get_args(annotated)[0] if get_origin(annotated) is NotRequired else annotated
        described = get_origin(plain) is Annotated
        schema = _schema(plain.__origin__ if described else plain, found, closed)
        if schema == {"type": "number"} and kind.__module__ == event_types.__name__:
            schema = {"type": ["number", "null"]}  # NaN of a training that diverged
        fields[name] = {**schema, **({"description": plain.__metadata__[0]} if described else {})}
    return {
        "type": "object",
        "description": " ".join((inspect.getdoc(kind) or "").split()),
        "properties": fields,
        "required": sorted(kind.__required_keys__),
        **({"additionalProperties": False} if closed else {}),
    }


def _one_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if all(schema.keys() == {"type"} and isinstance(schema["type"], str) for schema in schemas):
        return {"type": [schema["type"] for schema in schemas]}
    return {"anyOf": schemas}
