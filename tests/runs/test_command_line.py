"""Command lines as text."""

import pytest

from tmeattn.runs.command_line import typed


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
