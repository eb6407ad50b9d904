"""Every field of every `--json` document and of every event is on the page "JSON and event formats"."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.events_section import section, written
from support.planted_home import PlantedHome

from tmeattn.docs import topics
from tmeattn.registry import registry
from tmeattn.runs.event_types import EVENT_TYPES, fields_of
from tmeattn.specs import ModelSpec

(FORMATS,) = [topic.text for topic in topics() if topic.name == "formats"]
SECTIONS = dict(re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", FORMATS, re.MULTILINE | re.DOTALL))

RATIONALES = '{"annotation_id": "1", "evidences": [[{"docid": "1", "start_token": 1, "end_token": 2}]]}\n'
COMMANDS = {
    "tmeattn train simple-attn --name first --epochs 3 --json": ["Runs"],
    "tmeattn train simple-attn --seeds 1,2 --json": ["Runs"],
    "tmeattn train transformer --layers 1 --heads 2 --name maps --json": ["Runs"],
    "tmeattn resume first --json": ["Runs"],
    "tmeattn sweep mean --space lr=1e-3,1e-2 --trials 1 --json": ["Sweeps"],
    "tmeattn sweep show --json": ["Sweeps"],
    "tmeattn sweep best --json": ["Sweeps"],
    "tmeattn sweep list --json": ["Sweeps"],
    "tmeattn runs list --json": ["Runs"],
    "tmeattn runs show latest --json": ["Runs", "Events"],
    "tmeattn runs show maps --json": ["Runs", "Events"],
    "tmeattn runs compare first maps --json": ["Runs", "Events"],
    "tmeattn runs tag first +kept --json": ["Runs"],
    "tmeattn runs queue add --json -- train mean": ["Runs"],
    "tmeattn runs queue --json": ["Runs"],
    "tmeattn explain 'the good film' --run first --json": ["Explanations"],
    "tmeattn explain 'the good film' --run first --compare maps --method leave-one-out --json": ["Explanations"],
    "tmeattn explain --index 1 --run maps --method attention --layer 1 --head 2 --json": ["Explanations"],
    "tmeattn predict 'the good film' --run first --json": ["Predictions"],
    "tmeattn evaluate maps --json": ["Evaluation"],
    "tmeattn evaluate maps --shuffle-words --json": ["Evaluation"],
    "tmeattn mistakes first --top 1 --json": ["Mistakes", "Explanations"],
    "tmeattn faithfulness first --methods attention,random --limit 4 --twin --json": ["Faithfulness"],
    "tmeattn faithfulness first --methods attention,random --rationales marked.jsonl --json": ["Faithfulness"],
    "tmeattn faithfulness --planted simple-attn --dataset planted --option epochs=3 --option lr=0.1 --json": [
        "Faithfulness"
    ],
    "tmeattn faithfulness first maps --methods random --limit 4 --json": ["Faithfulness"],
    "tmeattn models --json": ["Models"],
    "tmeattn models lstm-attn --json": ["Models"],
    "tmeattn data list --json": ["Data"],
    "tmeattn data show planted --json": ["Data"],
    "tmeattn data show reviews.csv --json": ["Data"],
    "tmeattn config get --json": ["Defaults and the manual"],
    "tmeattn docs --json": ["Defaults and the manual"],
    "tmeattn docs runs --json": ["Defaults and the manual"],
    "tmeattn docs --search entropy --json": ["Defaults and the manual"],
    "tmeattn plugins list --json": ["Plugins"],
    "tmeattn plugins doctor --json": ["Plugins"],
    "tmeattn plugins new new-attn --json": ["Plugins"],
    "tmeattn reproduce table1 --list --json": ["Reproduction"],
    "tmeattn reproduce fig2 --json": ["Reproduction"],
    "tmeattn reproduce fig4 --json": ["Reproduction"],
    "tmeattn reproduce fig12 --json": ["Reproduction", "Models"],
    "tmeattn reproduce fig6 --seeds 2 --json": ["Reproduction"],
    "tmeattn reproduce table1 --json": ["Reproduction"],
    "tmeattn reproduce heatmaps --json": ["Reproduction", "Explanations"],
    "tmeattn reproduce fig19 --json": ["Reproduction"],
}
"""Each command, and the sections that must name its fields."""

BY_DATA = {
    *(
        "probabilities",
        "confusion",
        "per_class",
        "options",
        "resolved",
        "importance",
        "modern",
        "report",
        "splits",
        "classes",
        "shared",
    ),
    *("precision", "sampled", "quantiles", "without_vector", "typical", "model_options", "config/train"),
}
"""Fields whose object has names of classes, options, splits or numbers as its fields."""
WHOLE = {"confusion"}
"""Those of them whose values are also such objects."""


def fields(value: Any, parent: str = "") -> Iterator[str]:
    """The names of all fields of a document, at any depth, without those that come from the data."""
    if isinstance(value, list):
        for item in value:
            yield from fields(item, parent)
    elif isinstance(value, dict):
        data = parent in BY_DATA or parent.rpartition("/")[2] in BY_DATA - {"config/train"}
        for name, item in value.items():
            if not data:
                yield name
            if parent not in WHOLE:
                yield from fields(item, f"{parent}/{name}" if parent == "config" else name if not data else "")


def named(sections: list[str]) -> set[str]:
    """The names in code spans of some sections."""
    return {name for title in sections for span in re.findall(r"`([^`]+)`", SECTIONS[title]) for name in [span]}


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
def test_every_json_field_is_documented(printed: tuple[dict[str, Any], Any], command: str) -> None:
    found = set(fields(printed[0][command]))
    assert found
    assert sorted(found - named(COMMANDS[command])) == []


def test_every_command_with_json_is_looked_at() -> None:
    import click

    from tmeattn.cli.main import cli

    def below(command: click.Command, path: str) -> Iterator[str]:
        if any("--json" in parameter.opts for parameter in command.params):
            yield path
        if isinstance(command, click.Group):
            for name in command.list_commands(click.Context(command)):
                yield from below(command.get_command(click.Context(command), name), f"{path} {name}")  # type: ignore[arg-type]

    # Documented by name below: they need a plugin, time, or a cluster.
    elsewhere = {"tmeattn runs track", "tmeattn plugins check", "tmeattn submit"}
    models = {f"tmeattn {command} {spec.name}" for command in ("train", "sweep") for spec in registry().all(ModelSpec)}
    paths = [path for path in below(cli, "tmeattn") if path not in models | {"tmeattn sweep"}]
    left_out = {path for path in paths if not any(command.startswith(path + " ") for command in COMMANDS)}
    assert left_out == elsewhere
    assert {"run", "tracker", "events"} <= named(["Runs"])
    assert {"job", "command", "runs", "script", "log"} <= named(["Jobs"])
    assert {"name", "of", "problem", "advice", "skipped"} <= named(["Plugins"])


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
        assert set(fields(event)) - named(["Events"]) == set()
