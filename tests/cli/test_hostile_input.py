"""Texts that begin with a dash, inputs of 100 kB, odd widths of the terminal, and JSON that misleads nobody."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tmeattn.cli.support.command import echo_json
from tmeattn.errors import MOST_QUOTED, BadInput, UnknownName, brief, shortened
from tmeattn.render.console import stdout_console

LONG = "x" * 100_000
SPACED = "x y " * 25_000


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["explain", "- awful soup"], "- "),
        (["predict", "-5 stars"], "-5"),
        (["predict", "fine", "--great film, really"], "--great film, really"),
        (["explain", "-- file of it"], "-- file of it"),
    ],
)
def test_a_text_that_begins_with_a_dash(tmeattn: Any, arguments: list[str], option: str) -> None:
    said = tmeattn(*arguments).refused()
    assert said.startswith(f"No such option '{option}'")
    assert f'stands after --, behind all options: tmeattn {arguments[0]} -- "- a text"' in said


def test_a_misspelt_option_is_still_corrected(tmeattn: Any) -> None:
    said = tmeattn("predict", "fine", "--rum", "m").refused()
    assert "Did you mean" in said
    assert "'--run'" in said
    assert "stands after --" not in said
    assert "--help" in tmeattn("runs", "list", "--zzz").refused()


def test_shortened() -> None:
    assert shortened("a" * 200) == "a" * 200
    assert shortened("a" * 201 + "b") == "a" * 140 + "…" + "a" * 58 + "b"
    assert len(shortened(LONG)) == MOST_QUOTED


@pytest.mark.parametrize("hostile", ["'" * 9000, "\\" * 9000, "'\\" * 9000, "a'b" * 9000, " '" * 9000, '"' * 9000])
def test_brief_ends_soon_and_is_short(hostile: str) -> None:
    assert len(brief(f"There is no run named {hostile}.")) <= 1000
    assert len(str(UnknownName("run", hostile, ["a"]))) < 600
    assert str(BadInput("short", hint="hint")) == "short hint"


def test_brief_keeps_what_is_around_a_quotation() -> None:
    message = f"The run 'a' has no class {SPACED!r}, and the user's file is fine."
    assert brief(message).startswith("The run 'a' has no class 'x y x y")
    assert brief(message).endswith("…x y ', and the user's file is fine.".replace("…", "")[-30:])
    assert len(brief(message)) < 300


def test_json_shows_no_character_that_misleads(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"a\u202e": "\x85\x9b\x7f\u2028\u2029\u2066\u200f\ufeff\ud800 é 中 😀 \U000e0041", "b": ["\u061c"]}
    echo_json(value)
    out = capsys.readouterr().out
    assert not [one for one in out if one != "\n" and unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"}]
    assert "é 中 😀" in out
    assert json.loads(out) == value


@pytest.mark.parametrize("columns", ["0", "1", "abc"])
def test_a_table_is_printed_at_any_width(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert stdout_console().width == 80


@pytest.mark.parametrize("long", [LONG, SPACED], ids=["one word", "words"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["{}"],
        ["--{}"],
        ["--home", "{}", "runs", "list"],
        ["train", "{}"],
        ["train", "mean", "--dataset", "{}"],
        ["train", "mean", "--name", "{}"],
        ["train", "mean", "--epochs", "{}"],
        ["train", "mean", "--seeds", "{}"],
        ["train", "mean", "--optimizer", "{}"],
        ["train", "mean", "--config", "{}"],
        ["train", "mean", "--from", "{}"],
        ["models", "{}"],
        ["predict", "--run", "{}", "text"],
        ["predict", "--{}"],
        ["explain", "text", "--export", "{}"],
        ["explain", "--file", "{}"],
        ["runs", "show", "{}"],
        ["runs", "compare", "{}", "{}"],
        ["data", "show", "{}"],
        ["data", "fetch", "{}"],
        ["config", "set", "{}", "1"],
        ["plugins", "check", "{}"],
        ["plugins", "new", "{}"],
        ["docs", "{}"],
        ["reproduce", "{}"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_a_long_input_is_one_line_that_quotes_little_of_it(tmeattn: Any, arguments: list[str], long: str) -> None:
    result = tmeattn(*(argument.replace("{}", long) for argument in arguments))
    assert result.code in (2, 3), result.err[:500]
    assert result.err.count("\n") == 1
    assert "Internal error" not in result.err
    assert len(result.err) < 600
    quoted = max(map(len, re.findall(r"x+" if long == LONG else r"(?:x y )+", result.err)), default=0)
    assert quoted <= MOST_QUOTED


def test_a_home_that_cannot_be_is_refused(tmeattn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    homes = {"~nobody-here/x": "determine home", str(tmp_path / "file"): "Not a directory", "é" * 200: "too long"}
    for home, why in homes.items():
        monkeypatch.setenv("TMEATTN_HOME", home)
        assert why in tmeattn("runs", "list").refused()
