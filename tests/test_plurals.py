"""Counts with their nouns."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import tmeattn
from tmeattn.plurals import counted, plural

_HARMLESS = {
    "a", "as", "bytes", "characters", "digits", "dimensions", "has", "is", "its", "nats", "needs", "points", "seconds",
    "this", "times", "was",
}  # fmt: skip
"""Words with an s after a number that are no plural, or units of fixed numbers."""

_SEVERAL = (
    " columns can be the ", " columns have the name ", " different labels", " rows: they look like ", " layers",
    " confusions.", " seeds", " runs", " finite scores", " positions", " tags; ", " classes that differ most, ",
)  # fmt: skip
"""How messages go on that only appear for more than one."""


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ("text",), "0 texts"),
        (1, ("text",), "1 text"),
        (2300, ("text",), "2,300 texts"),
        (1, ("process", "processes"), "1 process"),
        (2, ("process", "processes"), "2 processes"),
        (1, ("row is", "rows are"), "1 row is"),
        (-1, ("point",), "-1 points"),
        (1.0, ("text",), "1 text"),
    ],
)
def test_a_count_and_its_noun(number: float, words: tuple[str, ...], expected: str) -> None:
    assert counted(number, *words) == expected


def test_the_noun_alone() -> None:
    assert [plural(number, "is", "are") for number in (0, 1, 2)] == ["are", "is", "are"]


def test_no_message_has_a_number_in_front_of_a_fixed_plural() -> None:
    """A length in front of a word with an s: of one of them, the message would be "1 rows"."""
    found = []
    for path in sorted(Path(tmeattn.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                for value, text in zip(node.values, node.values[1:], strict=False):
                    if not (isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant)):
                        continue
                    word = re.match(r" (?:different )?([a-z]+s)\b(?!/)", str(text.value))
                    if (
                        word
                        and word[1] not in _HARMLESS
                        and not text.value.startswith(_SEVERAL)
                        and _is_length(value.value)
                    ):
                        found.append(f"{path.name}:{value.lineno}: {ast.unparse(value.value)}{str(text.value)[:30]!r}")
    assert not found, "use tmeattn.plurals.counted"


def test_the_plural_is_made_of_the_noun_of_one() -> None:
    """A plural as the noun of one gives "2 rowss"."""
    found = []
    for path in sorted(Path(tmeattn.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 2):
                continue
            noun = node.args[1]
            if node.func.id in ("counted", "plural", "counting") and isinstance(noun, ast.Constant):
                found += [f"{path.name}:{node.lineno}: {noun.value}"] if str(noun.value).endswith("s") else []
    assert not found, "give the noun of one, or both forms"


def _is_length(value: ast.expr) -> bool:
    """Whether an expression is `len(...)`, or `count(...)` of `render.numbers`."""
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("len", "count")
