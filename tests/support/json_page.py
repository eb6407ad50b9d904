"""The page "JSON documents" of the manual, and the table of exit codes, written from the types of the documents.

`python tests/support/json_page.py` writes them, after a type, a command or an exit code has changed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tmeattn.cli.documents import documents
from tmeattn.cli.documents.exit_codes import OF_COMMANDS, table
from tmeattn.cli.documents.reference import reference
from tmeattn.cli.documents.schema import schema_of
from tmeattn.cli.main import cli
from tmeattn.docs import FOLDER

PAGE = FOLDER / "json.md"
WITH_TABLE = (FOLDER / "commands.md", FOLDER / "troubleshooting.md")
"""Further pages with the table of exit codes."""
TABLE = re.compile(r"^\| exit code \| meaning \|\n(?:\|.*\n)+", re.MULTILINE)
INTRODUCTION = """\
# JSON documents

What every command prints with `--json`, and the exit codes of all commands.

`tmeattn docs json --json` prints the same for programs: of each command its help, its options, its exit codes, and as\
 `document` the JSON Schema (draft 2020-12) of what it prints. In Python, `jsonschema.validate(printed, document)`\
 checks a document.

With `--json`, standard output is one JSON document, and progress and messages go to standard error. A command that\
 fails prints no document: look at the exit code first. Fields keep their names and meanings between versions; new ones\
 may be added, so a program should pass over fields that it does not know.

Accuracies and probabilities are fractions in [0, 1]. Entropies are in nats, and a normalized entropy is divided by the\
 logarithm of the number of words. Times are in seconds. A missing value is `null`; so is a number that is not finite.\
 The files that commands write and the events of a run's log are on the page [File and event formats](formats.md).
"""


def page() -> str:
    """The page as it must be."""
    others = [f"- `{name}`, {code}: {text}" for name, codes in OF_COMMANDS.items() for code, text in codes.items()]
    parts = [INTRODUCTION, "## Exit codes\n", table(), "\nSome commands are more precise:\n", *others]
    parts += ["\n## Commands\n", *(_command(one) for one in reference(cli)["commands"])]
    objects = schema_of(*(kind for kinds in documents().values() for kind in kinds))["$defs"]
    parts += ['\n## Objects\n\nA field marked "optional" may be absent.']
    parts += [_object(name, objects[name]) for name in sorted(objects)]
    return "\n".join(parts) + "\n"


def with_table(path: Path) -> str:
    """A page with the table as it must be."""
    return TABLE.sub(lambda _: table() + "\n", path.read_text(encoding="utf-8"))


def _command(one: dict[str, Any]) -> str:
    purpose = " ".join(one["help"].partition("\n\n")[0].split())
    if (document := one["document"]) is None:
        return f"- `{one['command']}`: {purpose} It has no `--json`."
    kinds = [
        _type(kind) for kind in document.get("anyOf", [{key: document[key] for key in document if key[:2] != "$s"}])
    ]
    return f"- `{one['command']}`: {purpose} `--json`: {' or '.join(kinds)}."


def _object(name: str, schema: dict[str, Any]) -> str:
    required = schema["required"]
    fields = [
        f"- `{field}` ({_type(of)}{'' if field in required else ', optional'}): {of.get('description', 'The kind')}."
        for field, of in schema["properties"].items()
    ]
    return "\n".join([f"\n### {name}\n", schema["description"], "", *fields])


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    kind = schema.get("type", "any value")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"array of {_several(_type(schema['items']))}"
    return f"object of {_several(_type(schema['additionalProperties']))} by name" if kind == "object" else str(kind)


def _several(name: str) -> str:
    if name == "any value":
        return "any values"
    first, _, rest = name.partition(" ")
    return (
        f"{first}s {rest}".strip() if first in ("string", "integer", "number", "boolean", "array", "object") else name
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    for one in WITH_TABLE:
        one.write_text(with_table(one), encoding="utf-8")
