"""Tags of runs: which words can be one, and that two processes lose none."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from support.created_runs import create_run

from tmeattn.cli.main import run as command
from tmeattn.errors import BadInput
from tmeattn.runs.summary import summarize
from tmeattn.runs.tags import LONGEST_TAG, MOST_TAGS, change_tags, changes_in, check_tag


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMEATTN_HOME", str(tmp_path))
    return tmp_path / "runs"


def test_tags_are_added_removed_and_kept_beside_the_name(root: Path) -> None:
    run = create_run(root, "mine")
    assert change_tags(run, ["paper", "Draft", "paper"], []) == ["Draft", "paper"]
    assert change_tags(run, ["PAPER", "x"], ["draft", "never"]) == ["paper", "x"]
    run.rename("other")
    assert (summarize(run).name, summarize(run).tags) == ("other", ("paper", "x"))
    assert json.loads((run.path / "meta.json").read_text())["notes"] == ""


def test_a_damaged_list_of_tags_is_read_as_none(root: Path) -> None:
    run = create_run(root, "mine")
    (run.path / "meta.json").write_text('{"name": "mine", "tags": "paper"}')
    summary = summarize(run)
    assert (summary.name, summary.tags) == ("mine", ())
    assert "meta.json is damaged" in summary.problems[0]


@pytest.mark.parametrize(
    "tag", ["", "a b", "a,b", "a:b", 'a"b', "a*", "-a", "+a", "a\x1b", "a" * (LONGEST_TAG + 1), "\u2028"]
)
def test_what_cannot_be_a_tag(tag: str) -> None:
    with pytest.raises(BadInput, match="cannot be a tag"):
        check_tag(tag)


def test_changes_and_their_limits(root: Path) -> None:
    assert changes_in(["+a", "-b", "c"]) == (["a", "c"], ["b"])
    with pytest.raises(BadInput, match="both added and removed"):
        changes_in(["+a", "-A"])
    run = create_run(root)
    with pytest.raises(BadInput, match=f"{MOST_TAGS} are the most"):
        change_tags(run, [f"t{at}" for at in range(MOST_TAGS + 1)], [])


def test_processes_that_tag_at_once_lose_nothing(root: Path) -> None:
    run = create_run(root)
    threads = [threading.Thread(target=change_tags, args=(run, [f"t{at}"], [])) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert change_tags(run, [], []) == ["t0", "t1", "t2", "t3"]


def test_the_command_the_list_and_the_filter(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = create_run(root, "first"), create_run(root, "second")
    assert command(["runs", "tag", "first", second.id, "+paper", "+help", "-draft"]) == 0
    assert capsys.readouterr().out == "first: help paper\nsecond: help paper\n"
    assert command(["runs", "tag", "first", "-help", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [{"id": first.id, "name": "first", "tags": ["paper"]}]
    assert command(["runs", "list", "--filter", "tag:help name:second", "--json"]) == 0
    assert [(one["id"], one["tags"]) for one in json.loads(capsys.readouterr().out)] == [(second.id, ["help", "paper"])]
    assert command(["runs", "list", "--filter", "tag:none"]) == 0
    assert "No run fits the filter, of 2 runs" in capsys.readouterr().err
    assert command(["runs", "list", "--filter", "acc>>1"]) == 2
    assert "Character 5 of the filter" in capsys.readouterr().err
    assert command(["runs", "tag", "first", "+a b"]) == 2


@pytest.mark.parametrize("words", [["-h"], ["first", "-h"]])
def test_the_short_option_of_the_help_is_no_tag(
    words: list[str], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = create_run(root, "first")
    change_tags(run, ["h"], [])
    assert command(["runs", "tag", *words]) == 0
    assert capsys.readouterr().out.startswith("Usage: tmeattn runs tag")
    assert change_tags(run, [], []) == ["h"]
