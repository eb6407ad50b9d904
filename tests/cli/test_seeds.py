"""`--seeds` has one meaning in every command that has it."""

from typing import Any

import click
import pytest

from tmeattn.cli.reproduce import reproduce
from tmeattn.cli.train import train_command
from tmeattn.errors import BadInput
from tmeattn.registry import registry
from tmeattn.runs.seeds import MOST_SEEDS, seeds_in
from tmeattn.specs import ModelSpec


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        (None, []),
        ("3", [0, 1, 2]),
        (" 1 ", [0]),
        ("7,", [7]),
        ("0,1,2", [0, 1, 2]),
        ("5, 6", [5, 6]),
        (str(MOST_SEEDS), list(range(MOST_SEEDS))),
    ],
)
def test_a_number_counts_and_a_list_names(text: str | None, seeds: list[int]) -> None:
    assert seeds_in(text) == seeds


@pytest.mark.parametrize(
    "text", ["", "0", "-1", "101", "9" * 5000, "٣", "1.5", "x", "1,1", ",", "1,,2", "0,-1", "x" * 999]
)
def test_anything_else_is_refused_with_the_two_forms(text: str) -> None:
    with pytest.raises(BadInput, match="--seeds: ") as caught:
        seeds_in(text)
    assert caught.value.hint == "Write 3 for the seeds 0,1,2; 5,6 for these two; 7, for the seed 7 alone."
    assert len(caught.value.message) < 300


def test_the_help_of_every_command_says_the_same() -> None:
    commands: list[click.Command] = [train_command(registry().get(ModelSpec, "mean")), reproduce]
    context = click.Context(commands[0])
    found = [option for command in commands for option in command.get_params(context) if option.name == "seeds"]
    assert len(found) == 2
    for option in found:
        text: Any = option.get_help_record(context)
        assert text[0] == "--seeds N|LIST"
        assert "3 for the seeds 0,1,2, or a list: 5,6" in text[1]


def test_train_takes_a_number_of_seeds(tmeattn: Any, planted: dict[str, Any]) -> None:
    typed = [part for key, value in planted.items() for part in (f"--{key.replace('_', '-')}", str(value))]
    assert [run["seed"] for run in tmeattn("train", "mean", *typed, "--seeds", "2", "--json").json] == [
        0,
        1,
    ]
    (alone,) = tmeattn("train", "mean", *typed, "--seeds", "7,", "--json").json
    assert alone["seed"] == 7
