"""The section "Events" of the manual, written from the types of the events.

`python tests/support/events_section.py` writes it into tmeattn/docs/formats.md, after a type has changed.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from tmeattn.docs import FOLDER
from tmeattn.runs.event_types import EVENT_TYPES, PART_TYPES, fields_of

PAGE = FOLDER / "formats.md"
BEGIN = "## Events\n"
NAMES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
PARTS = {
    "EpochPart": "`train` and `validation` of an `epoch`",
    "Histogram": "A `histogram`",
    "WatchedText": "A text of `watched`",
}
INTRODUCTION = """
`events.jsonl` in a run's folder has one JSON object per line, in the order of time. Every event has `kind`, which is\
 one of the headings below, and `time`, the seconds since 1970 (UTC). A field marked "optional" may be absent. NaN and\
 infinity are written as `{"$float": "nan"}`, because JSON has no number for them. Lines are ASCII.
"""


def section() -> str:
    """The section as it is on the page, from its heading to the end of the page."""
    kinds = [_type(f"`{kind}`", event_type) for kind, event_type in EVENT_TYPES.items()]
    parts = [_type(PARTS[name], part) for name, part in PART_TYPES.items()]
    return "\n".join([BEGIN.rstrip(), INTRODUCTION, *kinds, *parts]).rstrip() + "\n"


def written() -> str:
    """The section as the page has it now."""
    return BEGIN + PAGE.read_text(encoding="utf-8").partition(BEGIN)[2]


def _type(title: str, described: type[Any]) -> str:
    purpose = " ".join((inspect.getdoc(described) or "").split())
    fields = [
        f"- `{field.name}` ({_json_type(field.type)}{'' if field.required else ', optional'}): {field.description}."
        for field in fields_of(described)
        if field.name != "time"
    ]
    return "\n".join([f"### {title}\n", purpose, "", *fields, ""])


def _json_type(written: str) -> str:
    """A type as JSON names it: `float | None` is a number or null."""
    if written.endswith(" | None"):
        return f"{_json_type(written.removesuffix(' | None'))} or null"
    if found := re.fullmatch(r"list\[(.*)\]", written):
        inner = _json_type(found[1])
        return f"array of {inner.replace('array', 'arrays', 1) if inner.startswith('array') else inner + 's'}"
    return NAMES.get(written, "object")


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.partition(BEGIN)[0] + section(), encoding="utf-8")
