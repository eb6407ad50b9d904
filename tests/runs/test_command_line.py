"""Command lines as text."""

import pytest

from tmeattn.runs.command_line import given_value, typed


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["tmeattn", "train", "mean", "--name", "two words"], "tmeattn train mean --name 'two words'"),
        (["-c"], ""),  # what earlier versions wrote for runs that were trained side by side
        (None, ""),
        ([], ""),
    ],
)
def test_a_command_line_is_text_that_can_be_typed_again(command, text):
    assert typed(command) == text


def test_the_value_of_an_option_is_found_in_both_of_its_forms():
    assert given_value(["--seed", "7", "--from", "latest"], "--from") == "latest"
    assert given_value(["--from=a=b", "--seed=7"], "--from") == "a=b"
    assert given_value(["--seed", "7", "--from"], "--from") is None
    assert given_value(["--from-file", "x"], "--from") is None
