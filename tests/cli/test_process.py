"""The process of the command: signals, standard streams and exit codes, through the interpreter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

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
    assert (code, said) == (3, "Error: Cannot write to standard output: No space left on device.\n")


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


def test_training_outlives_its_narration(environment: dict[str, str]) -> None:
    command = f"train mean {QUICK} --epochs 60 --name heard"
    code, _, _ = shell(environment, command, '2>&1 | head -1 > /dev/null; exit "${PIPESTATUS[0]}"')
    assert code == 0
    listed = shell(environment, "runs list --json", "")[1]
    assert '"state": "finished"' in listed
    assert '"epoch": 60' in listed


def train(environment: dict[str, str], prefix: list[str] | None = None) -> subprocess.Popen[str]:
    """A long training whose first epochs have been logged."""
    command = [*(prefix or []), sys.executable, "-m", "tmeattn", "train", "mean", *QUICK.split(), "--epochs", "100000"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    while "epoch 2/" not in (line := process.stderr.readline()):
        assert line, "the training has ended"
    return process


def state(environment: dict[str, str]) -> Any:
    (run,) = json.loads(shell(environment, "runs list --json", "")[1])
    return run["state"]


def test_a_terminal_that_hangs_up_stops_with_a_checkpoint(environment: dict[str, str]) -> None:
    with train(environment) as process:
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        assert "and a checkpoint was saved" in process.stderr.read().splitlines()[-1]
    assert process.returncode == 130
    assert state(environment) == "stopped"


def test_under_nohup_a_hang_up_is_ignored(environment: dict[str, str]) -> None:
    ignoring = ["bash", "-c", 'trap "" HUP; exec "$@"', "bash"]
    with train(environment, ignoring) as process:
        assert process.stderr is not None
        process.send_signal(signal.SIGHUP)
        while "epoch 9/" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
    assert process.returncode == 130
