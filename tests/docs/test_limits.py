"""Each limit of the program is in the manual with its value, and with the variable that raises it."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from tmeattn import errors, files, installed, limits, scaffold, toml_files
from tmeattn.data.encoding import pool
from tmeattn.data.readers import text_input, text_writer
from tmeattn.docs import topics
from tmeattn.limits import Limit
from tmeattn.runs import checksums, event_reader, index

PAGES = {topic.name: topic.text for topic in topics()}
RAISED = [value for value in vars(limits).values() if isinstance(value, Limit)]
MIB, MB = 2**20, 10**6
FIXED: list[tuple[str, str, ModuleType, str, int, str]] = [
    ("data", "classes of a dataset", text_writer, "MOST_CLASSES", 1, ""),
    ("data", "characters of a label", text_writer, "LONGEST_LABEL", 1, ""),
    ("data", "the list of members of a zip", limits, "LARGEST_LIST", MIB, " MiB"),
    ("data", "characters of all different words", pool, "LONGEST_WORDS", MIB, " million"),
    ("data", "hold at once", text_input, "MOST_HELD", MIB, " MiB"),
    ("data", "a file of options", toml_files, "LARGEST_TOML", 2**10, " KiB"),
    ("data", "metadata of the distribution", installed, "LARGEST_METADATA", MIB, " MiB"),
    ("data", "name of a new plugin", scaffold, "LONGEST_NAME", 1, ""),
    ("data", "that a message quotes", errors, "MOST_QUOTED", 1, ""),
    ("runs", "a line of `events.jsonl`", event_reader, "MOST_LINE", MIB, " MiB"),
    ("runs", "`run.json`, `meta.json`", files, "LARGEST_JSON", MIB, " MiB"),
    ("runs", "depth of lists", files, "DEEPEST_JSON", 1, ""),
    ("runs", "the header of a checkpoint", checksums, "_LONGEST_HEADER", MB, " MB"),
    ("runs", "characters of a run name", index, "LONGEST_NAME", 1, ""),
]


def test_every_limit_that_can_be_raised_has_a_variable_and_its_default() -> None:
    assert len(RAISED) >= 4
    rows = dict(re.findall(r"^\| .*? \| (.*?) \| `(TMEATTN_MAX_\w+)` \|$", PAGES["data"], re.MULTILINE))
    listed = {variable: default for default, variable in rows.items()}
    for limit in RAISED:
        unit = "" if limit.scale == 1 else f" {limit.unit}"
        assert listed[limit.variable].startswith(f"{limit.default:,}{unit}"), limit.variable
        assert f"`{limit.variable}`" in PAGES["troubleshooting"]
    assert set(listed) == {limit.variable for limit in RAISED}


def test_the_expansion_of_a_compressed_file() -> None:
    told = f"{limits.LARGEST_EXPANSION} times its size beyond the first {limits.FREE_EXPANSION // MIB} MiB"
    assert told in PAGES["data"]


@pytest.mark.parametrize("limit", FIXED, ids=lambda limit: f"{limit[2].__name__}.{limit[3]}")
def test_every_fixed_limit_is_listed(limit: tuple[str, str, ModuleType, str, int, str]) -> None:
    page, words, module, name, scale, unit = limit
    value = f"{getattr(module, name) // scale:,}{unit}"
    rows = [line for line in PAGES[page].splitlines() if line.startswith("|") and words in line]
    assert len(rows) == 1
    assert f"| {value} |" in rows[0]
