"""One writer a run and one run a name, whatever processes do."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import filelock
import pytest
from support.created_runs import create_run

from tmeattn.errors import BadInput, EnvironmentProblem
from tmeattn.runs import lock as lock_module
from tmeattn.runs.creation import remove_incomplete
from tmeattn.runs.directory import RunDirectory
from tmeattn.runs.lock import LOCK, is_trained, is_written, naming, writing

HOLDER = (
    "import sys, time, fcntl\n"
    "file = open(sys.argv[1], 'a')\n"
    "fcntl.flock(file, fcntl.LOCK_EX)\n"
    "print('held', flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    monkeypatch.setattr(lock_module, "_WRITER_TIMEOUT", 0.0)
    return create_run(tmp_path / "runs")


@pytest.fixture
def holder(run: RunDirectory) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of the run."""
    pytest.importorskip("fcntl")
    command = [sys.executable, "-c", HOLDER, str(run.path / LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def refused(run: RunDirectory) -> str:
    with pytest.raises(BadInput, match="is being trained by") as caught, writing(run):
        pass
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_the_second_writer_is_told_who_the_first_is(run: RunDirectory, holder: subprocess.Popen[str]) -> None:
    pid, host = holder.pid, socket.gethostname()
    run.write_status({"state": "running", "pid": pid, "host": host, "heartbeat": time.time() - 3})
    assert refused(run) == f"The run {run.id} is being trained by process {pid} on {host} (heartbeat 3 s ago)."


def test_the_lock_is_kept_while_suspended_and_gone_with_a_kill(
    run: RunDirectory, holder: subprocess.Popen[str]
) -> None:
    holder.send_signal(signal.SIGSTOP)
    refused(run)
    assert is_written(run)
    holder.kill()
    holder.wait()
    with writing(run):
        pass
    assert not is_written(run)


def test_the_lock_moves_with_the_folder(run: RunDirectory, holder: subprocess.Popen[str], tmp_path: Path) -> None:
    refused(RunDirectory(run.path.rename(tmp_path / "elsewhere")))


@pytest.mark.parametrize(
    "damage",
    [
        {"pid": -1},
        {"pid": 0},
        {"pid": True},
        {"pid": 10**30},
        {"pid": "12"},
        {"pid": os.getppid(), "process": "proc of another process"},
        {"pid": os.getppid(), "heartbeat": time.time() + 1e9},
        {"host": "elsewhere", "heartbeat": time.time() + 3600},
        {"host": "elsewhere", "heartbeat": 10**400},
        {"host": "elsewhere", "heartbeat": None},
        {"host": ["elsewhere"], "heartbeat": "now"},
    ],
)
def test_a_status_without_a_living_process_blocks_nobody(run: RunDirectory, damage: dict[str, Any]) -> None:
    status: Any = {"state": "running", "pid": os.getppid(), "host": socket.gethostname(), "heartbeat": 0.0, **damage}
    run.write_status(status)
    assert run.state() in ("crashed", "created")  # a number that is too large makes the whole file unreadable
    with writing(run):
        pass


def test_a_writer_without_a_shared_lock_is_respected(run: RunDirectory) -> None:
    run.write_status({"state": "running", "pid": 7, "host": "elsewhere", "heartbeat": time.time()})
    assert "process 7 on elsewhere" in refused(run)
    earlier_version: Any = {"pid": os.getppid(), "host": socket.gethostname(), "heartbeat": time.time()}
    run.write_status({"state": "running", **earlier_version})
    assert f"process {os.getppid()} on" in refused(run)


def test_a_file_system_without_locks_falls_back_to_the_status(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, *more: object, **named: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(filelock.FileLock, "acquire", fail)
    with writing(run), naming(run.path.parent):
        pass
    run.write_status({"state": "running", "pid": 7, "host": "elsewhere", "heartbeat": time.time()})
    refused(run)


def test_a_folder_that_is_not_there_is_said(run: RunDirectory) -> None:
    gone = RunDirectory(run.path / "none")
    with pytest.raises(EnvironmentProblem, match="none"), writing(gone):
        pass
    assert not gone.path.exists()


def test_what_a_killed_creation_left_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "runs"
    made = create_run(root)
    for name in ("abcd-mean", "young-mean", "mine"):
        (root / name).mkdir()
    for name in ("abcd-mean", "young-mean"):
        (root / name / "control").mkdir()
        (root / name / ".meta.json.1.tmp").touch()
    (root / "efgh-mean").mkdir()  # killed before it made the first folder
    (root / "ijkm-mean").mkdir()
    (root / "ijkm-mean" / "notes.txt").touch()
    for name in ("abcd-mean", "efgh-mean", "ijkm-mean", "mine"):
        os.utime(root / name, (0, 0))
    remove_incomplete(root)
    assert sorted(path.name for path in root.iterdir()) == sorted([made.id, "ijkm-mean", "mine", "young-mean"])


def test_a_name_that_another_process_is_giving(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "NAMES_TIMEOUT", 0.0)
    root = run.path.parent
    with naming(root), pytest.raises(EnvironmentProblem) as caught, naming(root):
        pass
    assert caught.value.message == f"Another process has held the lock {root / '.names.lock'} for 0 seconds."
    assert caught.value.hint == "It is perhaps suspended: continue or end it."


def test_a_lock_that_cannot_be_opened_is_an_error_for_writers_only(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, *more: object, **named: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    (run.path / LOCK).touch()
    monkeypatch.setattr(filelock.FileLock, "acquire", fail)
    assert not is_written(run)
    assert not is_trained(run)
    with pytest.raises(EnvironmentProblem, match="Permission denied"), writing(run):
        pass


def test_a_writer_that_has_only_just_begun_is_waited_for(run: RunDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    pid, host = os.getppid(), socket.gethostname()

    def write_status(seconds: float) -> None:
        run.write_status({"state": "running", "pid": pid, "host": host, "heartbeat": time.time()})

    monkeypatch.setattr(lock_module, "_WRITER_TIMEOUT", 2.0)
    monkeypatch.setattr(lock_module, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=write_status))
    with writing(run):
        assert f"by process {pid} on {host} (heartbeat " in refused(run)


@pytest.mark.parametrize("kind", ["folder", "pipe", "link"])
def test_a_lock_that_is_no_file_is_named(run: RunDirectory, tmp_path: Path, kind: str) -> None:
    lock = run.path / LOCK
    lock.unlink(missing_ok=True)
    {"folder": lock.mkdir, "pipe": lambda: os.mkfifo(lock), "link": lambda: lock.symlink_to(tmp_path / "elsewhere")}[
        kind
    ]()
    with pytest.raises(EnvironmentProblem, match=r"run\.lock is no regular file.*\. Delete it") as caught, writing(run):
        pass
    assert str(lock) in str(caught.value)
    assert not is_trained(run)
    assert not (tmp_path / "elsewhere").exists()
