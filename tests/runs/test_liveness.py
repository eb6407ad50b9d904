"""Whether a process exists, and is the same one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import types
from collections.abc import Iterator

import pytest

from tmeattn.runs import liveness
from tmeattn.runs.liveness import exists, process_mark


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def test_a_process_is_known_by_its_mark(other: subprocess.Popen[bytes]) -> None:
    mark = process_mark(other.pid)
    if mark is None:
        pytest.skip("this system does not tell when a process was started")
    assert exists(other.pid, mark)
    assert mark != process_mark(os.getpid())
    assert exists(other.pid, process_mark(os.getpid())) is False  # the number was given to another process
    other.send_signal(signal.SIGSTOP)
    assert exists(other.pid, mark)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # ended, but not collected
    assert not exists(other.pid, mark)
    other.wait()
    assert exists(other.pid, mark) is False


@pytest.mark.parametrize("pid", [0, -1, -(2**40), 2**31, 10**400, True, None, "1", 1.0, [1]])
def test_what_can_be_no_process(pid: object) -> None:
    assert exists(pid, None) is False
    assert not exists(pid, process_mark(os.getpid()))


def test_a_process_of_another_boot_or_container_is_unknown() -> None:
    mark = process_mark(os.getpid())
    if mark is None or not mark.startswith("proc "):
        pytest.skip("without /proc")
    _, boot, space, started = mark.split(" ")
    assert exists(os.getpid(), f"proc {boot[::-1]} {space} {started}") is None
    assert exists(os.getpid(), f"proc {boot} pid:[1] {started}") is None
    assert exists(os.getpid(), None) is None
    assert exists(os.getpid(), "later 17") is None


def test_without_proc_it_is_told_by_ps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "_place", lambda: None)
    monkeypatch.setattr(liveness, "_mark_of_psutil", lambda pid: None)

    def ps(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        told = {os.getpid(): "S+   Thu Nov 26 01:48:36 2026\n", os.getppid(): "Z    Thu Nov 26 01:48:36 2026\n"}
        return subprocess.CompletedProcess(command, 0, told.get(int(command[-1]), ""), "")

    monkeypatch.setattr(liveness.subprocess, "run", ps)
    mark = process_mark(os.getpid())
    assert mark == "ps Thu Nov 26 01:48:36 2026"
    assert exists(os.getpid(), mark)
    assert exists(os.getpid(), "ps Thu Nov 26 02:00:00 2026") is False
    assert process_mark(os.getppid()) is None

    def no_ps(command: list[str], **_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr(liveness.subprocess, "run", no_ps)
    assert process_mark(os.getpid()) is None
    assert exists(os.getpid(), mark) is None


def test_without_proc_psutil_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    class Process:
        def __init__(self, pid: int) -> None:
            if pid == 1:
                raise fake.Error
            self.pid = pid

        def status(self) -> str:
            return "zombie" if self.pid == os.getppid() else "running"

        def create_time(self) -> float:
            return 1795653407.034

    fake = types.SimpleNamespace(Process=Process, Error=type("Error", (Exception,), {}), STATUS_ZOMBIE="zombie")
    monkeypatch.setitem(sys.modules, "psutil", fake)
    monkeypatch.setattr(liveness, "_place", lambda: None)
    monkeypatch.setattr(liveness, "_mark_of_ps", lambda pid: None)
    mark = process_mark(os.getpid())
    assert mark == "psutil 1795653407.03"
    assert exists(os.getpid(), mark)
    assert exists(os.getpid(), "psutil 1795653999.00") is False
    assert process_mark(os.getppid()) is None  # a zombie has ended
    assert process_mark(1) is None
    assert exists(1, mark) is None
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert process_mark(os.getpid()) is None
