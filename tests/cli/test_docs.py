"""`tmeattn docs`."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pytest

from tmeattn.docs import ORDER, topics


def test_without_a_topic_all_are_listed(tmeattn: Any) -> None:
    listed = tmeattn("docs", "--json").json
    assert [topic["name"] for topic in listed] == list(ORDER)
    assert all(topic.keys() == {"name", "title", "summary"} for topic in listed)
    shown = tmeattn("docs")
    assert (shown.code, shown.err) == (0, "")
    for topic in topics():
        assert f"{topic.name} " in shown.out
        assert topic.summary.split()[0] in shown.out
    assert "tmeattn docs --search WORD" in shown.out


@pytest.mark.parametrize("name", ORDER)
def test_a_page(tmeattn: Any, name: str) -> None:
    (topic,) = [topic for topic in topics() if topic.name == name]
    result = tmeattn("docs", name)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(topic.title)
    assert "\x1b" not in result.out
    document = tmeattn("docs", name, "--json").json
    assert {key: document[key] for key in ("name", "title", "text")} == asdict(topic)
    assert document.keys() - asdict(topic).keys() == ({"exit_codes", "commands"} if name == "json" else set())


def test_the_page_json_has_every_command_for_programs(tmeattn: Any) -> None:
    document = tmeattn("docs", "json", "--json").json
    commands = {one["command"]: one for one in document["commands"]}
    assert {"tmeattn train MODEL", "tmeattn runs queue add", "tmeattn docs"} <= commands.keys()
    predict = commands["tmeattn predict"]
    assert predict["usage"] == "[OPTIONS] [TEXT]..."
    assert predict["help"].startswith("Classify each TEXT")
    (keep,) = [option for option in predict["options"] if "--keep" in option["flags"]]
    assert keep["repeatable"]
    assert keep["values"] == "COLUMN"
    assert predict["document"]["items"] == {"$ref": "#/$defs/PredictedText"}
    assert set(predict["exit_codes"]) == {"0", "1", "2", "3", "130"}
    assert "--search" in commands["tmeattn docs"]["exit_codes"]["2"]
    assert commands["tmeattn tui"]["document"] is None


def test_an_unknown_topic(tmeattn: Any) -> None:
    assert tmeattn("docs", "explanation").refused().endswith("Did you mean explanations?")
    assert tmeattn("docs", "zebra").refused().endswith("List them with: tmeattn docs")


def test_a_search(tmeattn: Any) -> None:
    found = tmeattn("docs", "--search", "ENTROPY penalty", "--json").json
    assert {match["topic"] for match in found} >= {"training", "faithfulness"}
    assert all("entropy penalty" in match["line"].lower() for match in found)
    assert all(match.keys() == {"topic", "heading", "line"} for match in found)
    shown = tmeattn("docs", "--search", "entropy penalty").out
    assert "training: The entropy penalty\n" in shown


def test_a_search_in_one_page(tmeattn: Any) -> None:
    assert {match["topic"] for match in tmeattn("docs", "runs", "--search", "tracker", "--json").json} == {"runs"}


def test_a_search_that_finds_nothing(tmeattn: Any) -> None:
    said = tmeattn("docs", "--search", "zebra").refused()
    assert said == "The manual does not contain 'zebra'. List the topics with: tmeattn docs"
    assert tmeattn("docs", "tui", "--search", "zebra").refused().startswith("The page tui does not contain")
    assert tmeattn("docs", "--search", "zebra", "--json").json == []
    assert tmeattn("docs", "--search", " ").refused().startswith("--search needs a word.")


@pytest.mark.parametrize("arguments", [["docs"], ["docs", "models"], ["docs", "--search", "alpha"]], ids=" ".join)
def test_no_heavy_library_is_imported(arguments: list[str], environment: dict[str, str]) -> None:
    code = (
        "import json, sys\n"
        "from tmeattn.cli.main import run\n"
        f"run({arguments!r})\n"
        "print('\\n' + json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    modules = set(json.loads(result.stdout.splitlines()[-1]))
    assert "rich" in modules
    assert modules & {"torch", "torchtext", "textual", "pydantic", "numpy", "polars", "pandas", "pluggy"} == set()
