"""The process of the command: signals, standard streams and exit codes, through the interpreter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest
from support.preloaded import Preloaded, Process

from tmeattn.cli.main import run

Train = Callable[..., tuple[Process, TextIO]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell of POSIX")


def shell(environment: dict[str, str], command: str, redirected: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `tmeattn command`, with redirections as a shell writes them."""
    line = f'"{sys.executable}" -m tmeattn {command} {redirected}'
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("command", ["models", "models --json", "--help"])
def test_full_standard_output_is_one_line(environment: dict[str, str], command: str) -> None:
    code, _, said = shell(environment, command, "> /dev/full")
    assert (code, said) == (3, "Error: Cannot write to standard output: No space left on device. Free some space.\n")


def test_closed_streams(environment: dict[str, str]) -> None:
    assert shell(environment, "models", ">&- 2>&- <&-") == (0, "", "")
    code, out, said = shell(environment, "explain", "<&-")
    assert (code, out) == (2, "")
    assert said.startswith("Error: There is no text to explain.")
    assert len(said.splitlines()) == 1
    assert shell(environment, "nothing", "2>&-")[0] == 2


def test_full_standard_error_fails_no_command(environment: dict[str, str]) -> None:
    code, out, _ = shell(environment, "models", "2> /dev/full")
    assert code == 0
    assert "lstm-attn" in out


def test_a_reader_that_has_ended(environment: dict[str, str]) -> None:
    code, out, said = shell(environment, "docs runs", '| true; exit "${PIPESTATUS[0]}"')
    assert (code, out, said) == (0, "", "")


QUICK = "--dataset planted --vectors random --vector-size 8 --min-count 1 --batch-size 16 --threads 1 --patience 0"


@pytest.fixture
def train(environment: dict[str, str], preloaded: Preloaded, tmp_path: Path) -> Iterator[Train]:
    """`train("--epochs", "9", ignoring=[...])` starts a training; the process and its narration, line by line."""
    opened = []

    def start(*arguments: str, ignoring: Sequence[int] = ()) -> tuple[Process, TextIO]:
        narration = tmp_path / "narration"
        os.mkfifo(narration)
        command = ["train", "mean", *QUICK.split(), *arguments]
        process = preloaded.start(*command, env=environment, stdout=narration, stderr=narration, ignoring=ignoring)
        opened.append(narration.open(encoding="utf-8"))
        return process, opened[-1]

    yield start
    for narration in opened:
        narration.close()


def wait_for(said: str, narration: TextIO) -> None:
    while said not in (line := narration.readline()):
        assert line, "the training has ended"


def listed(capsys: pytest.CaptureFixture[str]) -> Any:
    """What `tmeattn runs list --json` prints of the one run."""
    assert run(["runs", "list", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    return found


def test_training_outlives_its_narration(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    """As in `tmeattn train mean 2>&1 | head -1`."""
    process, narration = train("--epochs", "6")
    assert narration.readline()
    narration.close()
    assert process.wait() == 0
    trained = listed(capsys)
    assert (trained["state"], trained["epoch"]) == ("finished", 6)


def test_a_terminal_that_hangs_up_stops_with_a_checkpoint(train: Train, capsys: pytest.CaptureFixture[str]) -> None:
    process, narration = train("--epochs", "3000")
    wait_for("epoch 2/", narration)
    process.send_signal(signal.SIGHUP)
    assert "and a checkpoint was saved" in narration.read().splitlines()[-1]
    assert process.wait() == 130
    assert listed(capsys)["state"] == "stopped"


def test_under_nohup_a_hang_up_is_ignored(train: Train) -> None:
    process, narration = train("--epochs", "3000", ignoring=[signal.SIGHUP])
    wait_for("epoch 2/", narration)
    process.send_signal(signal.SIGHUP)
    wait_for("epoch 9/", narration)
    process.send_signal(signal.SIGTERM)
    narration.read()
    assert process.wait() == 130
