"""Every document of `--json` is as its schema says, from which the page "JSON documents" is written. Every event and
its fields are on the page "File and event formats"."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any, is_typeddict

import click
import pytest
from jsonschema import Draft202012Validator
from support import json_page
from support.documents import path_of, problem
from support.events_section import section, written
from support.planted_home import PlantedHome

from tmeattn import errors
from tmeattn.cli.documents import documents, explaining, faithful, installed, measuring, reproduction, training
from tmeattn.cli.documents.exit_codes import EXIT_CODES, OF_COMMANDS, TRAINING, exit_codes_of
from tmeattn.cli.documents.reference import all_commands, reference
from tmeattn.cli.main import cli
from tmeattn.docs import topics
from tmeattn.runs.event_types import EVENT_TYPES, fields_of

(FORMATS,) = [topic.text for topic in topics() if topic.name == "formats"]
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", FORMATS, re.MULTILINE | re.DOTALL))

RATIONALES = '{"annotation_id": "1", "evidences": [[{"docid": "1", "start_token": 1, "end_token": 2}]]}\n'
COMMANDS = (
    "tmeattn train simple-attn --name first --epochs 3 --json",
    "tmeattn train simple-attn --seeds 1,2 --json",
    "tmeattn train transformer --layers 1 --heads 2 --name maps --json",
    "tmeattn resume first --json",
    "tmeattn sweep mean --space lr=1e-3,1e-2 --epochs 1 --trials 1 --json",
    "tmeattn sweep show --json",
    "tmeattn sweep best --json",
    "tmeattn sweep list --json",
    "tmeattn runs list --json",
    "tmeattn runs show latest --json",
    "tmeattn runs show maps --json",
    "tmeattn runs compare first maps --json",
    "tmeattn runs tag first +kept --json",
    "tmeattn runs queue add --json -- train mean",
    "tmeattn runs queue --json",
    "tmeattn explain 'the good film' --run first --json",
    "tmeattn explain 'the good film' --run first --compare maps --method leave-one-out --json",
    "tmeattn explain --index 1 --run maps --method attention --layer 1 --head 2 --json",
    "tmeattn predict 'the good film' --run first --json",
    "tmeattn evaluate maps --json",
    "tmeattn evaluate maps --shuffle-words --json",
    "tmeattn mistakes first --top 1 --json",
    "tmeattn faithfulness first --methods attention,random --limit 4 --twin --json",
    "tmeattn faithfulness first --methods attention,random --rationales marked.jsonl --json",
    "tmeattn faithfulness --planted simple-attn --dataset planted --option epochs=3 --option lr=0.1 --json",
    "tmeattn faithfulness first maps --methods random --limit 4 --json",
    "tmeattn models --json",
    "tmeattn models lstm-attn --json",
    "tmeattn data list --json",
    "tmeattn data show planted --json",
    "tmeattn data show reviews.csv --json",
    "tmeattn config get --json",
    "tmeattn docs --json",
    "tmeattn docs runs --json",
    "tmeattn docs --search entropy --json",
    "tmeattn plugins list --json",
    "tmeattn plugins doctor --json",
    "tmeattn plugins new new-attn --json",
    "tmeattn reproduce table1 --list --json",
    "tmeattn reproduce fig2 --json",
    "tmeattn reproduce fig4 --json",
    "tmeattn reproduce fig12 --json",
    "tmeattn reproduce fig6 --seeds 2 --json",
    "tmeattn reproduce table1 --json",
    "tmeattn reproduce heatmaps --json",
    "tmeattn reproduce fig19 --json",
)
"""Command lines with `--json`, of each command at least one."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The document of each command, and all events of the runs that they trained."""
    folder: Path = tmp_path_factory.mktemp("documents")
    (folder / "docs").mkdir()
    (folder / "docs" / "1").write_text("the good film")
    (folder / "marked.jsonl").write_text(RATIONALES)
    rows = [f"{word} {number},{label}" for number in range(9) for word, label in (("good", "yes"), ("bad", "no"))]
    (folder / "reviews.csv").write_text("\n".join(["text,label", *rows]))
    documents = {}
    with PlantedHome(folder) as home:
        for command in COMMANDS:
            result = home(command)
            assert result.code == 0, f"{command}\n{result.err}"
            documents[command] = json.loads(result.out)
    logs = (folder / "home" / "runs").glob("*/events.jsonl")
    events = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return documents, events


@pytest.mark.parametrize("command", COMMANDS)
def test_every_document_is_as_its_schema_says(printed: tuple[dict[str, Any], Any], command: str) -> None:
    assert problem(shlex.split(command)[1:], printed[0][command]) is None


def without_schema(root: click.Command) -> set[str]:
    """The commands that have `--json` and no schema, or a schema and no `--json`."""
    with_json = {
        path for path, command in all_commands(root, "tmeattn") if any("--json" in one.opts for one in command.params)
    }
    return with_json ^ documents().keys()


def test_every_command_with_json_has_a_schema() -> None:
    assert without_schema(cli) == set()


def test_a_command_with_json_and_without_a_schema_is_found() -> None:
    root = click.Group(commands={"new": click.Command("new", params=[click.Option(["--json"], is_flag=True)])})
    assert "tmeattn new" in without_schema(root)


def test_every_command_with_json_is_looked_at() -> None:
    elsewhere = {"tmeattn runs track", "tmeattn plugins check", "tmeattn submit"}  # in the tests of these commands
    assert documents().keys() - {path_of(shlex.split(command)[1:]) for command in COMMANDS} == elsewhere


def test_a_document_with_another_field_or_type_is_found() -> None:
    listed = [{"name": "runs", "title": "Runs", "summary": "About runs."}]
    assert problem(["docs", "--json"], listed) is None
    assert problem(["docs", "--json"], [{**listed[0], "more": 1}]) is not None
    tags = {"id": "a", "name": None, "tags": [], "more": 1}
    assert "tmeattn runs tag, $[0]: Additional" in str(problem(["runs", "tag", "x", "--json"], [tags]))
    assert problem(["docs", "--json"], [{**listed[0], "title": 1}]) is not None
    assert problem(["docs", "--json"], [{"name": "runs"}]) is not None


def test_every_schema_is_one_and_allows_fields_of_later_versions() -> None:
    for one in reference(cli)["commands"]:
        if one["document"] is not None:
            Draft202012Validator.check_schema(one["document"])
    (topic,) = [one for one in reference(cli)["commands"] if one["command"] == "tmeattn runs tag"]
    tags = {"id": "a", "name": None, "tags": [], "later": 1}
    assert Draft202012Validator(topic["document"]).is_valid([tags])


def test_every_object_has_one_name() -> None:
    modules = [explaining, faithful, installed, measuring, reproduction, training]
    own = [name for module in modules for name, kind in vars(module).items() if kind_of(kind, module)]
    assert sorted(own) == sorted(set(own))


def kind_of(kind: Any, module: Any) -> bool:
    return is_typeddict(kind) and kind.__module__ == module.__name__


def test_the_pages_are_written_from_the_types() -> None:
    again = "write it anew: python tests/support/json_page.py"
    assert json_page.PAGE.read_text(encoding="utf-8") == json_page.page(), again
    for path in json_page.WITH_TABLE:
        assert path.read_text(encoding="utf-8") == json_page.with_table(path), again
        assert json_page.TABLE.search(path.read_text(encoding="utf-8"))


def test_the_exit_codes_are_those_of_the_errors() -> None:
    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")}
    assert EXIT_CODES.keys() == codes | {0}
    paths = {path for path, _ in all_commands(cli, "tmeattn")}
    assert OF_COMMANDS.keys() | set(TRAINING) <= paths
    assert all(codes.keys() <= EXIT_CODES.keys() for codes in OF_COMMANDS.values())


def test_only_commands_that_train_can_diverge() -> None:
    assert exit_codes_of("tmeattn sweep MODEL")[1] == "There was an internal error, or the training diverged."
    for listing in ("tmeattn sweep list", "tmeattn sweep show", "tmeattn sweep best", "tmeattn sweep delete"):
        assert exit_codes_of(listing)[1] == "There was an internal error."


def test_every_panel_is_looked_at(printed: tuple[dict[str, Any], Any]) -> None:
    documents = [document for command, document in printed[0].items() if "reproduce" in command]
    panels = {panel["kind"] for document in documents if isinstance(document, dict) for panel in document["panels"]}
    assert panels == {"curve", "ridge", "heatmap", "matrix", "diagram"}


def test_every_event_and_field_is_documented_from_the_types() -> None:
    assert written() == section(), "write it anew: python tests/support/events_section.py"
    assert [kind for kind in EVENT_TYPES if f"\n### `{kind}`\n" not in SECTIONS["Events"]] == []


def test_logs_have_documented_events_and_fields_only(printed: tuple[Any, list[dict[str, Any]]]) -> None:
    """The types are compared with real logs too, because a checker of types does not read JSON."""
    kinds = {event["kind"] for event in printed[1]}
    assert {"started", "step", "epoch", "watched", "checkpoint", "finished"} <= kinds <= set(EVENT_TYPES)
    for event in printed[1]:
        documented = {field.name for field in fields_of(EVENT_TYPES[event["kind"]])}
        assert event.keys() - documented == {"kind"}
