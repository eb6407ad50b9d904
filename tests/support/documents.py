"""What a command printed with `--json`, compared with the schema that `tmeattn docs json` prints of it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from tmeattn.cli.documents import documents
from tmeattn.cli.documents.schema import schema_of
from tmeattn.cli.main import COMMANDS


def path_of(arguments: Sequence[str]) -> str:
    """The path of the command of a command line without `tmeattn`, such as `tmeattn runs list`."""
    begin = next(place for place, word in enumerate(arguments) if word in COMMANDS)
    words = arguments[begin : begin + 3]
    for count in (3, 2, 1):
        if (path := " ".join(["tmeattn", *words[:count]])) in documents():
            return path
    return f"tmeattn {words[0]} MODEL"


@functools.cache
def _validator(path: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(*documents()[path], closed=True))


def problem(arguments: Sequence[str], document: Any) -> str | None:
    """How a document differs from the schema of its command, in which no further fields are allowed; None: not."""
    error = best_match(_validator(path_of(arguments)).iter_errors(document))
    return None if error is None else f"{path_of(arguments)}, {error.json_path}: {error.message[:300]}"
