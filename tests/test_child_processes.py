import os
import signal

import pytest

from tmeattn import child_processes
from tmeattn.child_processes import signal_that_ended, stop_with_signal, when_parent_ends
from tmeattn.errors import BadInput, EnvironmentProblem, Interrupted, TmeattnError, error_with


def test_a_process_ends_with_its_parent(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(child_processes.os, "kill", lambda *call: told.append(call))
    read, write = os.pipe()
    before = os.dup(0)
    try:
        os.dup2(read, 0)
        thread = when_parent_ends(stop_with_signal)
        assert told == []
        os.close(write)
        thread.join(10)
    finally:
        os.dup2(before, 0)
        for descriptor in (before, read):
            os.close(descriptor)
    assert told == [(os.getpid(), signal.SIGTERM)]


@pytest.mark.parametrize(("code", "name"), [(0, None), (3, None), (-9, "SIGKILL"), (-250, "signal 250")])
def test_the_signal_behind_an_exit_code(code: int, name: str | None) -> None:
    assert signal_that_ended(code) == name


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1, TmeattnError), (2, BadInput), (3, EnvironmentProblem), (130, Interrupted), (75, TmeattnError)],
)
def test_an_error_of_another_process_keeps_its_exit_code(code: int, kind: type[TmeattnError]) -> None:
    error = error_with(code, "It failed.", "Try again.")
    assert (type(error), error.message, error.hint) == (kind, "It failed.", "Try again.")
